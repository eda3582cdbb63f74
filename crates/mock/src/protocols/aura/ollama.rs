//! What chatbot-ollama reads and answers otherwise than Chatbot-UI.

use serde_json::{Value, json};

use super::received::{AuraReceived, DEFAULT_PROMPT};
use crate::answers::Answer;
use crate::received_message::ReceivedMessage;

/// The temperature where a request has none.
const DEFAULT_TEMPERATURE: f64 = 1.0;

/// What of a body reaches the model.
pub(crate) fn received(body: &Value) -> AuraReceived {
    let text = |key| body.get(key).and_then(Value::as_str).unwrap_or_default();
    let images = body.get("images").and_then(Value::as_array);
    let images = images.into_iter().flatten().filter_map(Value::as_str);
    let temperature = body.pointer("/options/temperature").cloned();
    AuraReceived {
        prompt: match text("system") {
            "" => DEFAULT_PROMPT.to_owned(),
            system => system.to_owned(),
        },
        messages: vec![ReceivedMessage {
            role: "user".to_owned(),
            content: text("prompt").to_owned(),
        }],
        images: images.map(str::to_owned).collect(),
        dropped: 0,
        model: match text("model") {
            "" => "mistral:instruct".to_owned(),
            model => model.to_owned(),
        },
        temperature: temperature.unwrap_or(json!(DEFAULT_TEMPERATURE)),
        key: String::new(),
    }
}

/// The answer to a failure.
pub(crate) fn failure(error: &str, message: &str, suggestion: Option<&str>) -> Answer {
    let body = match suggestion {
        Some(suggestion) => {
            json!({"error": error, "message": message, "suggestion": suggestion})
        }
        None => json!({"error": error, "message": message}),
    };
    Answer::status(500)
        .header("content-type", "application/json")
        .piece(body.to_string())
}
