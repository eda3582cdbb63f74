use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;

use crate::error::ApiError;

#[derive(Serialize)]
struct Envelope<'a> {
    r#type: &'static str,
    error: Members<'a>,
}

#[derive(Serialize)]
struct Members<'a> {
    r#type: &'static str,
    message: Cow<'a, str>,
    /// More than the API has: a word for programs, as in the other dialects.
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
}

/// The JSON of an error, also the data of the event `error`.
pub(super) fn error_body(error: &ApiError) -> Vec<u8> {
    // Its clients recognise this error by these words, and shorten the
    // conversation.
    let message = if error.code == "context_length_exceeded" {
        format!("prompt is too long: {}", error.message).into()
    } else {
        error.message.as_str().into()
    };
    let envelope = Envelope {
        r#type: "error",
        error: Members {
            r#type: error_type(error.status),
            message,
            code: error.code,
            param: error.param.as_deref(),
        },
    };
    // Serializing texts cannot fail.
    serde_json::to_vec(&envelope).unwrap_or_default()
}

fn error_type(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "authentication_error",
        StatusCode::FORBIDDEN => "permission_error",
        StatusCode::NOT_FOUND => "not_found_error",
        StatusCode::PAYLOAD_TOO_LARGE => "request_too_large",
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        StatusCode::SERVICE_UNAVAILABLE => "overloaded_error",
        StatusCode::GATEWAY_TIMEOUT => "timeout_error",
        status if status.is_server_error() => "api_error",
        _ => "invalid_request_error",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_status_has_its_type() {
        for (status, expected) in [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (403, "permission_error"),
            (404, "not_found_error"),
            (413, "request_too_large"),
            (415, "invalid_request_error"),
            (429, "rate_limit_error"),
            (500, "api_error"),
            (502, "api_error"),
            (503, "overloaded_error"),
            (504, "timeout_error"),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let body = error_body(&ApiError::new(status, "c", "m"));
            assert_eq!(
                serde_json::from_slice::<Value>(&body).unwrap(),
                json!({"type": "error", "error": {"type": expected, "message": "m", "code": "c"}})
            );
        }
    }

    #[test]
    fn a_long_conversation_is_called_so() {
        let error = ApiError::new(StatusCode::BAD_REQUEST, "context_length_exceeded", "m");
        let body: Value =
            serde_json::from_slice(&error_body(&error.with_param("messages"))).unwrap();
        assert_eq!(body["error"]["message"], "prompt is too long: m");
        assert_eq!(body["error"]["param"], "messages");
    }
}
