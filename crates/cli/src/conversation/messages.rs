//! Saved conversations, in the formats that programs use.

use std::path::Path;

use chatwire::Messages;
use serde_json::{Map, Value, json};

use super::chatgpt::messages_of_export;
use super::text::read_text;
use crate::failure::Failure;

/// What programs call the members in which the messages are.
const MESSAGES: [&str; 8] = [
    "messages",
    "conversations",
    "conversation",
    "input",
    "contents",
    "chat_messages",
    "chat",
    "history",
];

/// The instructions beside them.
const SYSTEM: [&str; 4] = [
    "system",
    "instructions",
    "systemInstruction",
    "system_instruction",
];

/// Who says a message.
const ROLE: [&str; 5] = ["role", "from", "sender", "author", "type"];

/// What it says.
const CONTENT: [&str; 4] = ["content", "value", "parts", "text"];

/// Reads a file of messages.
pub(crate) fn read_messages(file: &Path) -> Result<Messages, Failure> {
    let (name, text) = read_text("messages file", file)?;
    parse_messages(&name, &text)
}

/// Reads the text of such a file, which `name` names.
pub(super) fn parse_messages(name: &str, text: &str) -> Result<Messages, Failure> {
    parse(text).map_err(|why| {
        Failure::Usage(format!(
            "{name} is not a conversation: {why}; expected a JSON array of messages such as \
             [{{\"role\":\"user\",\"content\":\"Hi\"}}], one such message per line, the body of an \
             OpenAI request, ShareGPT, or a conversation exported from ChatGPT or another program"
        ))
    })
}

fn parse(text: &str) -> Result<Messages, String> {
    let values: Vec<Value> = serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    if values.is_empty() {
        return Err("it is empty".to_owned());
    }
    let value = match <[Value; 1]>::try_from(values) {
        Ok([only]) => only,
        // JSON Lines.
        Err(lines) => Value::Array(lines),
    };
    let messages = conversation(value)?;
    let numbered = messages.into_iter().enumerate();
    let messages = numbered.map(|(index, value)| match message(value) {
        Some(message) => Ok(message),
        None => Err(format!("message number {} has no content", index + 1)),
    });
    let messages = messages.collect::<Result<_, _>>()?;
    serde_json::from_value(Value::Array(messages)).map_err(|error| error.to_string())
}

/// The messages of a conversation, in whichever form it has.
fn conversation(value: Value) -> Result<Vec<Value>, String> {
    match value {
        Value::Array(items) if items.iter().any(is_conversation) => {
            match <[Value; 1]>::try_from(items) {
                Ok([only]) => conversation(only),
                Err(items) => Err(format!("it has {} conversations", items.len())),
            }
        }
        Value::Array(items) => Ok(items),
        Value::Object(mut members) => {
            if let Some(mapping) = members.get("mapping") {
                return messages_of_export(mapping, members.get("current_node"));
            }
            let system = SYSTEM.iter().find_map(|name| members.remove(*name));
            let system = system.filter(|text| !is_empty(text));
            let system = system.map(|text| match text {
                // As Gemini has it.
                Value::Object(_) => with_role(text, "system"),
                text => json!({"role": "system", "content": text}),
            });
            let messages = MESSAGES.iter().find_map(|name| members.remove(*name));
            let messages = match messages {
                Some(inner @ (Value::Array(_) | Value::Object(_))) => conversation(inner)?,
                Some(Value::String(text)) => vec![json!({"role": "user", "content": text})],
                // A single message.
                None if members.contains_key("role")
                    && CONTENT.iter().any(|name| members.contains_key(*name)) =>
                {
                    vec![Value::Object(members)]
                }
                _ => return Err("it is an object without messages".to_owned()),
            };
            Ok(system.into_iter().chain(messages).collect())
        }
        _ => Err("it is neither a list nor an object".to_owned()),
    }
}

fn is_conversation(value: &Value) -> bool {
    value.get("mapping").is_some() || MESSAGES.iter().any(|name| value.get(name).is_some())
}

/// Whether there is nothing to be read in it.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn with_role(mut message: Value, role: &str) -> Value {
    if let Some(members) = message.as_object_mut() {
        members.insert("role".to_owned(), Value::from(role));
    }
    message
}

/// A message with the names and roles of the OpenAI API; `None` if it has no
/// content.
fn message(value: Value) -> Option<Value> {
    let Value::Object(mut members) = value else {
        return Some(value);
    };
    // LangChain has the content one level deeper.
    if let Some(Value::Object(data)) = members.remove("data") {
        members.extend(data.into_iter().filter(|(name, _)| name != "type"));
    }
    let role = ROLE.iter().find_map(|name| members.remove(*name));
    let is_said = |name: &&&str| members.get(**name).is_some_and(|it| !is_empty(it));
    let name = CONTENT.iter().find(is_said);
    let name = name.or_else(|| CONTENT.iter().find(|name| members.contains_key(**name)));
    let content = name.and_then(|name| members.remove(*name));
    if content.is_none() && !members.contains_key("tool_calls") {
        return None;
    }
    let mut message = Map::new();
    if let Some(role) = role {
        message.insert("role".to_owned(), self::role(role));
    }
    if let Some(content) = content {
        message.insert("content".to_owned(), self::content(content));
    }
    Some(Value::Object(message))
}

fn role(role: Value) -> Value {
    let role = match role {
        Value::Object(mut author) => author.remove("role").unwrap_or_default(),
        role => role,
    };
    let Some(name) = role.as_str() else {
        return role;
    };
    let name = name.trim().to_lowercase();
    Value::from(match name.as_str() {
        "human" => "user",
        "gpt" | "chatgpt" | "bot" | "ai" | "model" | "bard" | "bing" | "claude" | "gemini" => {
            "assistant"
        }
        name => name,
    })
}

fn content(content: Value) -> Value {
    let Value::Array(mut parts) = content else {
        return content;
    };
    parts.retain(|part| !is_aside(part));
    for part in &mut parts {
        match part {
            Value::String(text) => *part = json!({"type": "text", "text": text}),
            Value::Object(members) => match members.get("type").and_then(Value::as_str) {
                Some("input_text" | "output_text") => {
                    members.insert("type".to_owned(), Value::from("text"));
                }
                Some("file") => picture(members),
                // As Gemini has it.
                None if members.get("text").is_some_and(Value::is_string) => {
                    members.insert("type".to_owned(), Value::from("text"));
                }
                _ => {}
            },
            _ => {}
        }
    }
    Value::Array(parts)
}

/// Whether a part of an answer is not what was said: thoughts, and what the AI
/// SDK notes beside the text.
fn is_aside(part: &Value) -> bool {
    let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
    matches!(
        kind,
        "thinking" | "redacted_thinking" | "reasoning" | "step-start" | "dynamic-tool"
    ) || ["source", "data-", "tool-"]
        .iter()
        .any(|start| kind.starts_with(start))
}

/// A picture of the AI SDK, as the OpenAI API has it.
fn picture(members: &mut Map<String, Value>) {
    let media = ["mediaType", "mimeType"]
        .iter()
        .find_map(|name| members.get(*name));
    let is_image = media.and_then(Value::as_str).unwrap_or_default();
    if let Some(url) = members.get("url").cloned()
        && is_image.starts_with("image/")
    {
        members.insert("type".to_owned(), Value::from("image_url"));
        members.insert("image_url".to_owned(), json!({ "url": url }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages as `role: text`.
    fn read(text: &str) -> Result<Vec<String>, String> {
        let messages = parse(text)?.into_vec();
        let line =
            |message: &chatwire::Message| format!("{:?}: {}", message.role(), message.text());
        Ok(messages.iter().map(line).collect())
    }

    #[test]
    fn forms() {
        let talk = ["System: Rhyme.", "User: Hi", "Assistant: Ho"];
        for text in [
            r#"[{"role":"system","content":"Rhyme."},{"role":"user","content":"Hi"},{"role":"assistant","content":"Ho"}]"#,
            r#"[{"role":"SYSTEM","content":"Rhyme."},{"role":"USER","content":"Hi"},{"role":"Assistant","content":"Ho"}]"#,
            // The body of a request.
            r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"system","content":"Rhyme."},
                {"role":"user","content":[{"type":"text","text":"Hi"}]},{"role":"assistant","content":"Ho"}]}"#,
            r#"{"model":"claude","system":"Rhyme.","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Ho"}]}"#,
            r#"{"instructions":"Rhyme.","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]},
                {"role":"assistant","content":[{"type":"output_text","text":"Ho"}]}]}"#,
            // JSON Lines.
            "{\"role\":\"system\",\"content\":\"Rhyme.\"}\n{\"role\":\"user\",\"content\":\"Hi\"}\r\n\n{\"role\":\"assistant\",\"content\":\"Ho\"}\n",
            "{\"messages\":[{\"role\":\"system\",\"content\":\"Rhyme.\"},{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":\"Ho\"}]}\n",
            // ShareGPT.
            r#"{"id":"1","conversations":[{"from":"system","value":"Rhyme."},{"from":"human","value":"Hi"},{"from":"gpt","value":"Ho"}]}"#,
            r#"[{"conversations":[{"from":"system","value":"Rhyme."},{"from":"human","value":"Hi"},{"from":"gpt","value":"Ho"}]}]"#,
            r#"[{"from":"system","value":"Rhyme."},{"from":"human","value":"Hi"},{"from":"gpt","value":"Ho"}]"#,
            // The Messages API of Anthropic, and Gemini.
            r#"{"system":[{"type":"text","text":"Rhyme."}],"messages":[{"role":"user","content":"Hi"},
                {"role":"assistant","content":[{"type":"thinking","thinking":"Hm"},{"type":"text","text":"Ho"}]}]}"#,
            r#"{"systemInstruction":{"parts":[{"text":"Rhyme."}]},"contents":[{"role":"user","parts":[{"text":"Hi"}]},
                {"role":"model","parts":[{"text":"Ho"}]}]}"#,
            // The AI SDK, from version 5 on and before.
            r#"{"id":"1","messages":[{"id":"a","role":"system","parts":[{"type":"text","text":"Rhyme."}]},
                {"id":"b","role":"user","parts":[{"type":"text","text":"Hi"}]},
                {"id":"c","role":"assistant","parts":[{"type":"step-start"},{"type":"reasoning","text":"Hm"},
                    {"type":"tool-time","state":"output-available"},{"type":"text","text":"Ho"}]}]}"#,
            r#"[{"role":"system","content":"Rhyme."},{"role":"user","content":"Hi","parts":[{"type":"text","text":"Hi"}]},
                {"role":"assistant","content":"","parts":[{"type":"text","text":"Ho"}]}]"#,
            // Claude.
            r#"[{"uuid":"1","name":"T","chat_messages":[{"sender":"system","text":"Rhyme."},
                {"sender":"human","text":"Hi","content":[{"type":"text","text":"Hi"}]},
                {"sender":"assistant","text":"Ho","content":[]}]}]"#,
            // Chatbot-UI, and Open WebUI.
            r#"{"version":4,"history":[{"id":1,"name":"T","messages":[{"role":"system","content":"Rhyme."},
                {"role":"user","content":"Hi"},{"role":"assistant","content":"Ho"}],"folderId":null}],"folders":[],"prompts":[]}"#,
            r#"[{"id":"1","title":"T","chat":{"title":"T","messages":[{"id":"a","role":"system","content":"Rhyme."},
                {"id":"b","role":"user","content":"Hi"},{"id":"c","role":"assistant","content":"Ho"}],"history":{"messages":{}}}}]"#,
            // LangChain.
            r#"[{"type":"system","data":{"content":"Rhyme.","type":"system"}},{"type":"human","data":{"content":"Hi"}},{"type":"ai","data":{"content":"Ho"}}]"#,
            r#"[{"type":"system","content":"Rhyme."},{"type":"human","content":"Hi"},{"type":"ai","content":"Ho"}]"#,
            r#"[{"author":"system","text":"Rhyme."},{"author":"user","text":"Hi"},{"author":{"role":"assistant"},"text":"Ho"}]"#,
            // An export of ChatGPT.
            r#"[{"title":"T","current_node":"d","mapping":{
                "a":{"message":null,"parent":null},
                "s":{"message":{"author":{"role":"system"},"content":{"content_type":"text","parts":["Rhyme."]}},"parent":"a"},
                "h":{"message":{"author":{"role":"user"},"metadata":{"is_visually_hidden_from_conversation":true},"content":{"content_type":"text","parts":["no"]}},"parent":"s"},
                "b":{"message":{"author":{"role":"user"},"content":{"content_type":"text","parts":["Hi"]}},"parent":"h"},
                "x":{"message":{"author":{"role":"assistant"},"content":{"content_type":"text","parts":["another branch"]}},"parent":"b"},
                "t":{"message":{"author":{"role":"tool"},"content":{"content_type":"text","parts":["found"]}},"parent":"b"},
                "y":{"message":{"author":{"role":"assistant"},"content":{"content_type":"thoughts","thoughts":[]}},"parent":"t"},
                "d":{"message":{"author":{"role":"assistant"},"content":{"content_type":"multimodal_text","parts":[{"asset":1},"Ho"]}},"parent":"y"}
            }}]"#,
        ] {
            assert_eq!(read(text).unwrap(), talk, "{text}");
        }
        assert_eq!(read(r#"{"input":"Hi"}"#).unwrap(), ["User: Hi"]);
        assert_eq!(
            read(r#"{"role":"user","content":"Hi"}"#).unwrap(),
            ["User: Hi"]
        );
        assert_eq!(read("[]").unwrap(), [""; 0]);
    }

    #[test]
    fn what_is_no_conversation() {
        for (text, words) in [
            ("", "empty"),
            ("hello", "line 1 column 1"),
            ("5", "neither"),
            ("{}", "without messages"),
            (r#"{"role":"user"}"#, "without messages"),
            (r#"[{"content":"Hi"}]"#, "role"),
            // It would be asked with nothing.
            (
                r#"[{"role":"user","content":"Hi"},{"role":"user","words":"Hi"}]"#,
                "message number 2 has no content",
            ),
            (
                r#"{"history":[{"messages":[]},{"messages":[]}]}"#,
                "2 conversations",
            ),
            (r#"[{"mapping":{}},{"mapping":{}}]"#, "2 conversations"),
            (r#"{"mapping":{}}"#, "no messages"),
            (
                r#"{"current_node":"a","mapping":{"a":{"parent":"b"},"b":{"parent":"a"}}}"#,
                "no messages",
            ),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.contains(words), "{text}: {why}");
        }
    }
}
