//! Which messages a server takes, as measured with the package itself.

use serde_json::Value;

use super::version::{AiSdkRoute, AiSdkVersion};
use crate::received_message::ReceivedMessage;

/// What a server makes of the messages of a body.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// These reach the model.
    Takes(Vec<ReceivedMessage>),
    /// The handler throws.
    Throws,
    /// The stream begins, with an error.
    Fails,
}

/// What a server of that version and route makes of a body.
pub(super) fn judge(version: AiSdkVersion, route: AiSdkRoute, body: &Value) -> Verdict {
    let Some(messages) = body.get("messages").and_then(Value::as_array) else {
        return match route {
            AiSdkRoute::Straight if version >= AiSdkVersion::V5 => Verdict::Fails,
            _ => Verdict::Throws,
        };
    };
    let refuses_system = version == AiSdkVersion::V7 && messages.iter().any(is_system);
    match version {
        AiSdkVersion::V3 => each(messages, by_content),
        AiSdkVersion::V4 if messages.is_empty() => Verdict::Throws,
        AiSdkVersion::V4 => {
            // One message with parts makes all of them messages of the UI.
            let of_ui = messages
                .iter()
                .any(|message| message.get("parts").is_some());
            each(
                messages,
                if of_ui {
                    by_parts_or_content
                } else {
                    by_content
                },
            )
        }
        _ if route == AiSdkRoute::Validate && !messages.iter().all(is_valid) => Verdict::Throws,
        _ if route == AiSdkRoute::Validate && messages.is_empty() => Verdict::Throws,
        _ if messages.is_empty() => Verdict::Fails,
        _ if route == AiSdkRoute::Straight && refuses_system => Verdict::Fails,
        _ if route == AiSdkRoute::Straight => match each(messages, by_content) {
            Verdict::Throws => Verdict::Fails,
            verdict => verdict,
        },
        _ => match each(messages, by_parts) {
            Verdict::Takes(_) if refuses_system => Verdict::Fails,
            Verdict::Takes(mut messages) => {
                // An assistant message without parts is left out.
                messages
                    .retain(|message| message.role != "assistant" || message.content != NO_PARTS);
                for message in &mut messages {
                    if message.content == NO_PARTS {
                        message.content.clear();
                    }
                }
                Verdict::Takes(messages)
            }
            verdict => verdict,
        },
    }
}

/// Stands for the content of a message whose list of parts is empty.
const NO_PARTS: &str = "\0no parts";

fn each(messages: &[Value], content: impl Fn(&Value) -> Option<String>) -> Verdict {
    let taken = messages.iter().map(|message| {
        let role = message.get("role").and_then(Value::as_str)?;
        matches!(role, "user" | "assistant" | "system").then_some(())?;
        Some(ReceivedMessage {
            role: role.to_owned(),
            content: content(message)?,
        })
    });
    match taken.collect() {
        Some(messages) => Verdict::Takes(messages),
        None => Verdict::Throws,
    }
}

/// A text, or the texts of a list of parts.
fn by_content(message: &Value) -> Option<String> {
    match message.get("content")? {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(texts(parts)),
        _ => None,
    }
}

fn by_parts(message: &Value) -> Option<String> {
    let parts = message.get("parts")?.as_array()?;
    Some(match parts.is_empty() {
        true => NO_PARTS.to_owned(),
        false => texts(parts),
    })
}

fn by_parts_or_content(message: &Value) -> Option<String> {
    match message.get("parts").and_then(Value::as_array) {
        Some(parts) => Some(texts(parts)),
        None => by_content(message),
    }
}

fn texts(parts: &[Value]) -> String {
    let texts = parts
        .iter()
        .filter(|part| part.get("type").and_then(Value::as_str) == Some("text"));
    texts
        .filter_map(|part| part.get("text")?.as_str())
        .collect()
}

fn is_system(message: &Value) -> bool {
    message.get("role").and_then(Value::as_str) == Some("system")
}

/// What `validateUIMessages` lets pass.
fn is_valid(message: &Value) -> bool {
    let has_id = message.get("id").is_some_and(Value::is_string);
    let role = message
        .get("role")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let Some(parts) = message.get("parts").and_then(Value::as_array) else {
        return false;
    };
    has_id
        && matches!(role, "user" | "assistant" | "system")
        && (role == "assistant" || !parts.is_empty())
        && parts.iter().all(is_known_part)
}

fn is_known_part(part: &Value) -> bool {
    let text = |name: &str| part.get(name).is_some_and(Value::is_string);
    match part.get("type").and_then(Value::as_str).unwrap_or_default() {
        "text" | "reasoning" => text("text"),
        "file" => text("mediaType") && text("url"),
        "step-start" => true,
        "source-url" => text("url"),
        "source-document" => text("title"),
        kind => ["data-", "tool-", "dynamic-tool"]
            .iter()
            .any(|begin| kind.starts_with(begin)),
    }
}
