//! What the server takes of a body, and what it says to the rest.

use serde_json::{Map, Value};

use crate::protocols::model_api::{
    ApiReceived, ApiServer, OpenAiError, check_decimal, openai_body, text_of,
};
use crate::received_message::ReceivedMessage;
use crate::server::RecordedRequest;

/// The members that a request may have.
const MEMBERS: &[&str] = &[
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

const ROLES: [&str; 6] = [
    "system",
    "developer",
    "user",
    "assistant",
    "tool",
    "function",
];

/// Reads a request; the error is the server's.
pub(super) fn read(
    request: &RecordedRequest,
    server: &ApiServer,
) -> Result<ApiReceived, OpenAiError> {
    let body = openai_body(request)?;
    let model = match body.get("model") {
        Some(Value::String(model)) if !model.is_empty() => model.clone(),
        None | Some(Value::Null | Value::String(_)) => {
            return Err(OpenAiError {
                status: 400,
                message: "you must provide a model parameter".to_owned(),
                param: None,
                code: None,
            });
        }
        Some(_) => return Err(OpenAiError::mistyped("model", "a string")),
    };
    if !server.has_model(&model) {
        return Err(OpenAiError::no_model(&model));
    }
    if let Some(unknown) = body.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        return Err(OpenAiError {
            status: 400,
            message: format!("Unrecognized request argument supplied: {unknown}"),
            param: None,
            code: None,
        });
    }
    check_values(&body)?;
    let messages = messages(&body)?;
    Ok(ApiReceived::new(&model, messages, Value::Object(body)))
}

fn check_values(body: &Map<String, Value>) -> Result<(), OpenAiError> {
    let is_streamed = match body.get("stream") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(yes)) => *yes,
        Some(_) => return Err(OpenAiError::mistyped("stream", "a boolean")),
    };
    if body
        .get("stream_options")
        .is_some_and(|options| !options.is_null())
        && !is_streamed
    {
        let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(OpenAiError::of("stream_options", "invalid_value", message));
    }
    for (name, from, to) in [
        ("temperature", 0.0, 2.0),
        ("top_p", 0.0, 1.0),
        ("frequency_penalty", -2.0, 2.0),
        ("presence_penalty", -2.0, 2.0),
    ] {
        check_decimal(body, name, from, to)?;
    }
    for name in ["max_tokens", "max_completion_tokens", "n"] {
        match body.get(name) {
            None | Some(Value::Null) => {}
            Some(value) if value.as_u64().is_some_and(|count| count > 0) => {}
            Some(_) => {
                let message = format!("Invalid '{name}': expected an integer of at least 1.");
                return Err(OpenAiError::of(name, "integer_below_min_value", message));
            }
        }
    }
    Ok(())
}

fn messages(body: &Map<String, Value>) -> Result<Vec<ReceivedMessage>, OpenAiError> {
    let messages = match body.get("messages") {
        Some(Value::Array(messages)) => messages,
        None | Some(Value::Null) => return Err(OpenAiError::missing("messages")),
        Some(_) => return Err(OpenAiError::mistyped("messages", "an array of objects")),
    };
    if messages.is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1, \
                       but got an empty array instead.";
        return Err(OpenAiError::of("messages", "empty_array", message));
    }
    let mut open_calls: Vec<&str> = Vec::new();
    let mut received = Vec::with_capacity(messages.len());
    for (index, message) in messages.iter().enumerate() {
        let role = message.get("role").and_then(Value::as_str);
        let Some(role) = role else {
            return Err(OpenAiError::missing(&format!("messages[{index}].role")));
        };
        if !ROLES.contains(&role) {
            let message = format!(
                "Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', \
                 'function', 'tool', and 'developer'."
            );
            let param = format!("messages[{index}].role");
            return Err(OpenAiError::of(&param, "invalid_value", message));
        }
        if role == "tool" {
            let id = message.get("tool_call_id").and_then(Value::as_str);
            let Some(at) = open_calls.iter().position(|open| Some(*open) == id) else {
                let words = "Invalid parameter: messages with role 'tool' must be a response to \
                             a preceeding message with 'tool_calls'.";
                return Err(OpenAiError::of(
                    &format!("messages.[{index}].role"),
                    "invalid_value",
                    words,
                ));
            };
            open_calls.swap_remove(at);
        } else if !open_calls.is_empty() {
            let words = format!(
                "An assistant message with 'tool_calls' must be followed by tool messages \
                 responding to each 'tool_call_id'. The following tool_call_ids did not have \
                 response messages: {}",
                open_calls.join(", ")
            );
            return Err(OpenAiError::of(
                &format!("messages.[{index}].role"),
                "invalid_value",
                words,
            ));
        }
        let calls = message.get("tool_calls").and_then(Value::as_array);
        if let Some(calls) = calls.filter(|_| role == "assistant") {
            let id = |call| Value::get(call, "id").and_then(Value::as_str);
            open_calls = calls.iter().filter_map(id).collect();
        }
        let content = match message.get("content") {
            None | Some(Value::Null) if role == "assistant" => String::new(),
            None | Some(Value::Null) => {
                let param = format!("messages.[{index}].content");
                let message =
                    format!("Invalid value for 'content': expected a string, got null. ({param})");
                return Err(OpenAiError::of(&param, "invalid_type", message));
            }
            Some(content) => text_of(content).ok_or_else(|| {
                let param = format!("messages[{index}].content");
                OpenAiError::mistyped(&param, "one of a string or array of objects")
            })?,
        };
        received.push(ReceivedMessage {
            role: role.to_owned(),
            content,
        });
    }
    Ok(received)
}
