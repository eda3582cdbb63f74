//! The content of a message: a text, or a list of parts.

use serde_json::Value;

/// The text of a content; `None` if it is neither a text nor a list of parts that have a type.
pub(crate) fn text_of(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let text = |part: &Value| {
                part.get("type").and_then(Value::as_str)?;
                let text = part.get("text").and_then(Value::as_str);
                Some(text.unwrap_or_default().to_owned())
            };
            parts.iter().map(text).collect()
        }
        _ => None,
    }
}

/// Whether a content is an empty text or has a part that is one.
pub(crate) fn has_empty_text(content: &Value) -> bool {
    match content {
        Value::String(text) => text.is_empty(),
        Value::Array(parts) => parts
            .iter()
            .any(|part| part.get("text").and_then(Value::as_str) == Some("")),
        _ => false,
    }
}
