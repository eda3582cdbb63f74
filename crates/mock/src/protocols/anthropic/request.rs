//! What the server takes of a request, and what it says to the rest.

use serde_json::{Map, Value, json};

use crate::answers::Answer;
use crate::protocols::model_api::{ApiReceived, ApiServer, has_empty_text, text_of};
use crate::received_message::ReceivedMessage;
use crate::server::RecordedRequest;

/// The members that a request may have.
const MEMBERS: &[&str] = &[
    "container",
    "context_management",
    "max_tokens",
    "mcp_servers",
    "messages",
    "metadata",
    "model",
    "output_config",
    "output_format",
    "service_tier",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
];

/// An error in Anthropic's form.
#[derive(Debug)]
pub(super) struct ApiError {
    status: u16,
    kind: &'static str,
    message: String,
}

impl ApiError {
    pub(super) fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
        }
    }

    fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    pub(super) fn answer(&self) -> Answer {
        let body = json!({
            "type": "error",
            "error": {"type": self.kind, "message": self.message},
            "request_id": "req_mock",
        });
        Answer::json(body)
            .with_status(self.status)
            .header("request-id", "req_mock")
    }
}

/// Checks what every request must have.
pub(super) fn admit(request: &RecordedRequest, server: &ApiServer) -> Result<(), ApiError> {
    let wrong_key = |message| Err(ApiError::new(401, "authentication_error", message));
    match server.admits(request) {
        Some(true) => {}
        Some(false) => return wrong_key("invalid x-api-key"),
        None => return wrong_key("x-api-key header is required"),
    }
    match request.header("anthropic-version") {
        Some(version) if is_version(version) => Ok(()),
        Some(version) => Err(ApiError::invalid(format!(
            "anthropic-version: \"{version}\" is not a valid version"
        ))),
        None => Err(ApiError::invalid("anthropic-version: header is required")),
    }
}

/// Returns whether this is a date from the first version on. Which dates are versions
/// changes with every year, and clients are to be tested whatever they send.
fn is_version(text: &str) -> bool {
    let digits =
        |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    digits(year, 4)
        && *year >= "2023"
        && digits(month, 2)
        && ("01"..="12").contains(month)
        && digits(day, 2)
        && ("01"..="31").contains(day)
}

/// Reads a question; the error is the server's.
pub(super) fn read(request: &RecordedRequest, server: &ApiServer) -> Result<ApiReceived, ApiError> {
    let body = match request.json() {
        Ok(Value::Object(body)) => body,
        Ok(_) => return Err(ApiError::invalid("Input should be a valid dictionary")),
        Err(_) => {
            let words = "The request body is not valid JSON";
            return Err(ApiError::invalid(words));
        }
    };
    let model = match body.get("model") {
        Some(Value::String(model)) if !model.is_empty() => model.clone(),
        None => return Err(ApiError::invalid("model: Field required")),
        Some(_) => return Err(ApiError::invalid("model: Input should be a valid string")),
    };
    match body.get("max_tokens") {
        Some(count) if count.as_u64().is_some_and(|count| count > 0) => {}
        None => return Err(ApiError::invalid("max_tokens: Field required")),
        Some(Value::Number(_)) => {
            let words = "max_tokens: Input should be greater than or equal to 1";
            return Err(ApiError::invalid(words));
        }
        Some(_) => {
            let words = "max_tokens: Input should be a valid integer";
            return Err(ApiError::invalid(words));
        }
    }
    if let Some(unknown) = body.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        let words = format!("{unknown}: Extra inputs are not permitted");
        return Err(ApiError::invalid(words));
    }
    if !server.has_model(&model) {
        return Err(ApiError::new(
            404,
            "not_found_error",
            format!("model: {model}"),
        ));
    }
    check_values(&body)?;
    let messages = messages(&body)?;
    Ok(ApiReceived::new(&model, messages, Value::Object(body)))
}

fn check_values(body: &Map<String, Value>) -> Result<(), ApiError> {
    if body
        .get("stream")
        .is_some_and(|stream| !stream.is_boolean())
    {
        return Err(ApiError::invalid("stream: Input should be a valid boolean"));
    }
    for name in ["temperature", "top_p"] {
        match body.get(name).map(Value::as_f64) {
            None => {}
            Some(Some(number)) if (0.0..=1.0).contains(&number) => {}
            Some(_) => {
                let words = format!("{name}: range: 0..1");
                return Err(ApiError::invalid(words));
            }
        }
    }
    Ok(())
}

fn messages(body: &Map<String, Value>) -> Result<Vec<ReceivedMessage>, ApiError> {
    let mut received = Vec::new();
    if let Some(system) = body.get("system") {
        let content = text_of(system)
            .ok_or_else(|| ApiError::invalid("system: Input should be a valid string"))?;
        received.push(ReceivedMessage {
            role: "system".to_owned(),
            content,
        });
    }
    let messages = match body.get("messages") {
        Some(Value::Array(messages)) => messages,
        None => return Err(ApiError::invalid("messages: Field required")),
        Some(_) => return Err(ApiError::invalid("messages: Input should be a valid array")),
    };
    if messages.is_empty() {
        let words = "messages: at least one message is required";
        return Err(ApiError::invalid(words));
    }
    for (index, message) in messages.iter().enumerate() {
        let role = match message.get("role").and_then(Value::as_str) {
            Some(role @ ("user" | "assistant")) => role,
            Some("system") => {
                return Err(ApiError::invalid(
                    "messages: Unexpected role \"system\". The Messages API accepts a top-level \
                     `system` parameter, not \"system\" as an input message role.",
                ));
            }
            Some(_) => {
                let words = format!("messages.{index}.role: Input should be 'user' or 'assistant'");
                return Err(ApiError::invalid(words));
            }
            None => {
                let words = format!("messages.{index}.role: Field required");
                return Err(ApiError::invalid(words));
            }
        };
        let Some(content) = message.get("content") else {
            let words = format!("messages.{index}.content: Field required");
            return Err(ApiError::invalid(words));
        };
        let Some(text) = text_of(content) else {
            let words = format!("messages.{index}.content: Input should be a valid string");
            return Err(ApiError::invalid(words));
        };
        if has_empty_text(content) {
            let words = match content {
                Value::String(_) => {
                    format!("messages.{index}: user messages must have non-empty content")
                }
                _ => "messages: text content blocks must be non-empty".to_owned(),
            };
            return Err(ApiError::invalid(words));
        }
        received.push(ReceivedMessage {
            role: role.to_owned(),
            content: text,
        });
    }
    Ok(received)
}
