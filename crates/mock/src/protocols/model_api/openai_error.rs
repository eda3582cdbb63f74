//! Errors in the form of OpenAI's APIs.

use serde_json::{Value, json};

use crate::answers::Answer;

/// What is wrong with a request.
#[derive(Debug)]
pub(crate) struct OpenAiError {
    pub(crate) status: u16,
    pub(crate) message: String,
    pub(crate) param: Option<String>,
    pub(crate) code: Option<&'static str>,
}

impl OpenAiError {
    /// A body that is wrong in this member.
    pub(crate) fn of(param: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            message: message.into(),
            param: Some(param.to_owned()),
            code: Some(code),
        }
    }

    /// A member that is missing.
    pub(crate) fn missing(param: &str) -> Self {
        let message = format!("Missing required parameter: '{param}'.");
        Self::of(param, "missing_required_parameter", message)
    }

    /// A member of a wrong type.
    pub(crate) fn mistyped(param: &str, wanted: &str) -> Self {
        let message = format!("Invalid type for '{param}': expected {wanted}.");
        Self::of(param, "invalid_type", message)
    }

    /// A model that the server does not have.
    pub(crate) fn no_model(model: &str) -> Self {
        Self {
            status: 404,
            message: format!("The model `{model}` does not exist or you do not have access to it."),
            param: None,
            code: Some("model_not_found"),
        }
    }

    /// An address that the server does not have.
    pub(crate) fn no_route(method: &str, path: &str) -> Self {
        Self {
            status: 404,
            message: format!("Invalid URL ({method} {path})"),
            param: None,
            code: None,
        }
    }

    /// A body that is not a JSON object.
    pub(crate) fn unreadable() -> Self {
        Self {
            status: 400,
            message: "We could not parse the JSON body of your request. (HINT: This likely means \
                      you aren't using your HTTP library correctly. The OpenAI API expects a JSON \
                      payload, but what was sent was not valid JSON.)"
                .to_owned(),
            param: None,
            code: None,
        }
    }

    pub(crate) fn answer(&self) -> Answer {
        let body = json!({"error": {
            "message": self.message,
            "type": "invalid_request_error",
            "param": self.param,
            "code": self.code,
        }});
        Answer::json(body).with_status(self.status)
    }
}

/// The answer to a request without the key (`None`), or with a wrong one.
pub(crate) fn unauthorized(given: Option<bool>) -> Option<Answer> {
    let (message, code) = match given {
        Some(true) => return None,
        Some(false) => ("Incorrect API key provided.", json!("invalid_api_key")),
        None => (
            "You didn't provide an API key. You need to provide your API key in an Authorization \
             header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            Value::Null,
        ),
    };
    let body = json!({"error": {
        "message": message, "type": "invalid_request_error", "param": null, "code": code,
    }});
    Some(Answer::json(body).with_status(401))
}

/// The answer to an error of the model.
pub(crate) fn failure(message: &str) -> Answer {
    Answer::json(server_error(message)).with_status(500)
}

/// An error of the model, as a body and as an event.
pub(crate) fn server_error(message: &str) -> Value {
    json!({"error": {
        "message": message, "type": "server_error", "param": null, "code": null,
    }})
}
