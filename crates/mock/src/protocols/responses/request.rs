//! What the server takes of a body, and what it says to the rest.

use serde_json::{Map, Value};

use super::write::ID_PREFIX;
use crate::protocols::model_api::{
    ApiReceived, ApiServer, OpenAiError, check_decimal, openai_body, text_of,
};
use crate::received_message::ReceivedMessage;
use crate::server::RecordedRequest;

/// The members that a request may have.
const MEMBERS: &[&str] = &[
    "background",
    "conversation",
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];

const ROLES: [&str; 4] = ["system", "developer", "user", "assistant"];

/// Reads a request; the error is the server's.
pub(super) fn read(
    request: &RecordedRequest,
    server: &ApiServer,
) -> Result<ApiReceived, OpenAiError> {
    let body = openai_body(request)?;
    let model = match body.get("model") {
        Some(Value::String(model)) if !model.is_empty() => model.clone(),
        None | Some(Value::Null | Value::String(_)) => return Err(OpenAiError::missing("model")),
        Some(_) => return Err(OpenAiError::mistyped("model", "a string")),
    };
    if !server.has_model(&model) {
        return Err(OpenAiError::no_model(&model));
    }
    if let Some(unknown) = body.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        let message = format!("Unknown parameter: '{unknown}'.");
        return Err(OpenAiError::of(unknown, "unknown_parameter", message));
    }
    check_values(&body)?;
    check_previous(&body, server)?;
    let messages = messages(&body)?;
    Ok(ApiReceived::new(&model, messages, Value::Object(body)))
}

fn check_values(body: &Map<String, Value>) -> Result<(), OpenAiError> {
    if body
        .get("stream")
        .is_some_and(|stream| !stream.is_boolean() && !stream.is_null())
    {
        return Err(OpenAiError::mistyped("stream", "a boolean"));
    }
    for (name, to) in [("temperature", 2.0), ("top_p", 1.0)] {
        check_decimal(body, name, 0.0, to)?;
    }
    match body.get("max_output_tokens") {
        None | Some(Value::Null) => Ok(()),
        // OpenAI's own minimum.
        Some(value) if value.as_u64().is_some_and(|count| count >= 16) => Ok(()),
        Some(_) => {
            let message = "Invalid 'max_output_tokens': integer below minimum value. Expected a \
                           value >= 16.";
            Err(OpenAiError::of(
                "max_output_tokens",
                "integer_below_min_value",
                message,
            ))
        }
    }
}

/// Refuses references to responses that this server has not given.
fn check_previous(body: &Map<String, Value>, server: &ApiServer) -> Result<(), OpenAiError> {
    let Some(Value::String(id)) = body.get("previous_response_id") else {
        return Ok(());
    };
    let number = id.strip_prefix(ID_PREFIX).and_then(|id| id.parse().ok());
    if number.is_some_and(|number| server.has_replied(number)) {
        return Ok(());
    }
    let message = format!("Previous response with id '{id}' not found.");
    let param = "previous_response_id";
    Err(OpenAiError::of(
        param,
        "previous_response_not_found",
        message,
    ))
}

fn messages(body: &Map<String, Value>) -> Result<Vec<ReceivedMessage>, OpenAiError> {
    let mut received = Vec::new();
    match body.get("instructions") {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) => received.push(ReceivedMessage {
            role: "system".to_owned(),
            content: text.clone(),
        }),
        Some(_) => return Err(OpenAiError::mistyped("instructions", "a string")),
    }
    match body.get("input") {
        Some(Value::String(text)) => received.push(ReceivedMessage {
            role: "user".to_owned(),
            content: text.clone(),
        }),
        Some(Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                received.extend(message(item, index)?);
            }
        }
        None | Some(Value::Null) => return Err(OpenAiError::missing("input")),
        Some(_) => {
            let wanted = "one of a string or array of objects";
            return Err(OpenAiError::mistyped("input", wanted));
        }
    }
    Ok(received)
}

/// The message of an item of the input, if it is one.
fn message(item: &Value, index: usize) -> Result<Option<ReceivedMessage>, OpenAiError> {
    match item.get("type").and_then(Value::as_str) {
        None | Some("message") => {}
        Some("function_call_output" | "function_call") => {
            let id = item.get("call_id").is_some_and(Value::is_string);
            return match id {
                true => Ok(None),
                false => Err(OpenAiError::missing(&format!("input[{index}].call_id"))),
            };
        }
        Some("reasoning" | "item_reference" | "web_search_call" | "file_search_call") => {
            return Ok(None);
        }
        Some(kind) => {
            let message = format!("Invalid value: '{kind}'.");
            let param = format!("input[{index}].type");
            return Err(OpenAiError::of(&param, "invalid_value", message));
        }
    }
    let role = item.get("role").and_then(Value::as_str);
    let Some(role) = role else {
        return Err(OpenAiError::missing(&format!("input[{index}].role")));
    };
    if !ROLES.contains(&role) {
        let message = format!(
            "Invalid value: '{role}'. Supported values are: 'assistant', 'system', 'developer', \
             and 'user'."
        );
        let param = format!("input[{index}].role");
        return Err(OpenAiError::of(&param, "invalid_value", message));
    }
    let content = item.get("content").and_then(text_of);
    let Some(content) = content else {
        return Err(OpenAiError::missing(&format!("input[{index}].content")));
    };
    Ok(Some(ReceivedMessage {
        role: role.to_owned(),
        content,
    }))
}
