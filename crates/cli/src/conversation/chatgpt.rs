//! A conversation exported from ChatGPT: a tree of messages, of which the last
//! branch is the conversation.

use serde_json::{Value, json};

/// The messages from the root of the tree to the current node.
pub(super) fn messages_of_export(
    mapping: &Value,
    current: Option<&Value>,
) -> Result<Vec<Value>, String> {
    let mut messages = Vec::new();
    let mut id = current.and_then(Value::as_str);
    // A damaged file can have a cycle, so the walk is limited to the number of nodes.
    let nodes = mapping.as_object().map_or(0, serde_json::Map::len);
    for _ in 0..nodes {
        let Some(node) = id.and_then(|id| mapping.get(id)) else {
            break;
        };
        messages.extend(node.get("message").and_then(message));
        id = node.get("parent").and_then(Value::as_str);
    }
    if messages.is_empty() {
        return Err("its current branch has no messages".to_owned());
    }
    messages.reverse();
    Ok(messages)
}

/// A message of the user or the model; those of tools and thoughts are left out.
fn message(message: &Value) -> Option<Value> {
    let role = message.pointer("/author/role")?.as_str()?;
    let content = message.get("content")?;
    let kind = content.get("content_type")?.as_str()?;
    let hidden = message.pointer("/metadata/is_visually_hidden_from_conversation");
    if role == "tool"
        || !matches!(kind, "text" | "multimodal_text")
        || hidden.and_then(Value::as_bool) == Some(true)
    {
        return None;
    }
    let parts = content.get("parts")?.as_array()?;
    let text: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
    let text = text.concat();
    (!text.is_empty()).then(|| json!({"role": role, "content": text}))
}
