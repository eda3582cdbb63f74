//! Saved conversations, in the formats that programs use.

use std::path::Path;

use chatwire::Messages;
use serde_json::{Map, Value, json};

use super::chatgpt::messages_of_export;
use super::text::read_text;
use crate::failure::Failure;

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
             OpenAI request, ShareGPT, or a conversation exported from ChatGPT"
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
    let messages = messages.into_iter().map(message).collect();
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
            let system = ["system", "instructions"]
                .into_iter()
                .find_map(|name| members.remove(name))
                .filter(|text| text.as_str().is_some_and(|text| !text.is_empty()));
            let system = system.map(|text| json!({"role": "system", "content": text}));
            let messages = ["messages", "conversations", "conversation", "input"]
                .into_iter()
                .find_map(|name| members.remove(name));
            let messages = match messages {
                Some(Value::Array(messages)) => messages,
                Some(Value::String(text)) => vec![json!({"role": "user", "content": text})],
                // A single message.
                None if members.contains_key("role") && members.contains_key("content") => {
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
    ["messages", "conversations", "mapping", "input"]
        .iter()
        .any(|name| value.get(name).is_some())
}

/// A message with the names and roles of the OpenAI API.
fn message(value: Value) -> Value {
    let Value::Object(mut members) = value else {
        return value;
    };
    let mut take = |names: [&str; 2]| names.iter().find_map(|name| members.remove(*name));
    let (role, content) = (take(["role", "from"]), take(["content", "value"]));
    let mut message = Map::new();
    if let Some(role) = role {
        message.insert("role".to_owned(), self::role(role));
    }
    if let Some(content) = content {
        message.insert("content".to_owned(), self::content(content));
    }
    Value::Object(message)
}

fn role(role: Value) -> Value {
    let Some(name) = role.as_str() else {
        return role;
    };
    let name = name.trim().to_lowercase();
    Value::from(match name.as_str() {
        "human" => "user",
        "gpt" | "chatgpt" | "bot" | "ai" | "model" => "assistant",
        name => name,
    })
}

fn content(content: Value) -> Value {
    let Value::Array(mut parts) = content else {
        return content;
    };
    for part in &mut parts {
        match part {
            Value::String(text) => *part = json!({"type": "text", "text": text}),
            Value::Object(members)
                if matches!(
                    members.get("type").and_then(Value::as_str),
                    Some("input_text" | "output_text")
                ) =>
            {
                members.insert("type".to_owned(), Value::from("text"));
            }
            _ => {}
        }
    }
    Value::Array(parts)
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
