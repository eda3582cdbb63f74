//! Messages in the form of the OpenAI API.

use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap as _, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::image::{Image, is_image_data_url};
use super::message::Message;
use super::part::Part;
use super::role::Role;
use super::tool::{ToolCall, ToolResult};

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut message = serializer.serialize_struct("Message", 2)?;
        message.serialize_field("role", self.role())?;
        if self.has_tool_parts() {
            write_with_tools(self, &mut message)?;
            return message.end();
        }
        match self.parts() {
            [] => message.serialize_field("content", "")?,
            [Part::Text(text)] => message.serialize_field("content", text)?,
            parts => message.serialize_field("content", parts)?,
        }
        message.end()
    }
}

/// Writes the content, the calls, and the result of a message that has to do with tools.
fn write_with_tools<S: SerializeStruct>(message: &Message, to: &mut S) -> Result<(), S::Error> {
    let parts = message.parts().iter();
    let rest: Vec<&Part> = parts.filter(|part| !part.is_tool()).collect();
    let mut results = message.tool_results();
    match (results.next(), rest.as_slice()) {
        (Some(result), []) => {
            to.serialize_field("content", result.content())?;
            to.serialize_field("tool_call_id", result.call_id())?;
            if let Some(name) = result.name() {
                to.serialize_field("name", name)?;
            }
        }
        (Some(_), _) => {
            let why = "a message with the result of a tool has no other parts";
            return Err(S::Error::custom(why));
        }
        (None, []) => to.serialize_field("content", &())?,
        (None, [Part::Text(text)]) => to.serialize_field("content", text)?,
        (None, parts) => to.serialize_field("content", parts)?,
    }
    if results.next().is_some() {
        let why = "a message has the results of several tools: each needs its own";
        return Err(S::Error::custom(why));
    }
    let calls: Vec<CallJson<'_>> = message.tool_calls().map(CallJson::new).collect();
    if !calls.is_empty() {
        to.serialize_field("tool_calls", &calls)?;
    }
    Ok(())
}

/// A call of a tool, as it stands in `tool_calls`.
#[derive(Serialize)]
struct CallJson<'a> {
    id: &'a str,
    r#type: &'static str,
    function: FunctionJson<'a>,
}

#[derive(Serialize)]
struct FunctionJson<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl<'a> CallJson<'a> {
    fn new(call: &'a ToolCall) -> CallJson<'a> {
        CallJson {
            id: call.id(),
            r#type: "function",
            function: FunctionJson {
                name: call.name(),
                arguments: call.arguments(),
            },
        }
    }
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut part = serializer.serialize_map(None)?;
        match self {
            Part::Text(text) => {
                part.serialize_entry("type", "text")?;
                part.serialize_entry("text", text)?;
            }
            Part::Image(image) => {
                part.serialize_entry("type", "image_url")?;
                part.serialize_entry("image_url", &ImageUrl(image))?;
            }
            // They stand beside the content, not in it.
            Part::ToolCall(_) => part.serialize_entry("type", "tool_call")?,
            Part::ToolResult(_) => part.serialize_entry("type", "tool_result")?,
            Part::Other(kind) => part.serialize_entry("type", kind)?,
        }
        part.end()
    }
}

struct ImageUrl<'a>(&'a Image);

impl Serialize for ImageUrl<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut url = serializer.serialize_map(Some(1))?;
        url.serialize_entry("url", &self.0.to_data_url())?;
        url.end()
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Message, D::Error> {
        #[derive(Deserialize)]
        struct Message {
            role: Role,
            #[serde(default)]
            content: Content,
            #[serde(default)]
            tool_calls: Option<Value>,
            #[serde(default)]
            tool_call_id: Option<Value>,
            #[serde(default)]
            name: Option<Value>,
        }
        let read = Message::deserialize(deserializer)?;
        let mut message = super::message::Message::from_parts(read.role, read.content.0);
        if let (Role::Tool, Some(Value::String(id))) = (message.role(), read.tool_call_id) {
            let result = ToolResult::new(id, message.text());
            let result = match read.name {
                Some(Value::String(name)) => result.with_name(name),
                _ => result,
            };
            let is_text = |part: &&Part| matches!(part, Part::Text(_));
            let rest: Vec<Part> = message
                .parts()
                .iter()
                .filter(|part| !is_text(part))
                .cloned()
                .collect();
            message = super::message::Message::tool_result(result);
            message.extend(rest);
        }
        if let Some(Value::Array(calls)) = read.tool_calls {
            message.extend(calls.iter().filter_map(read_call));
        }
        Ok(message)
    }
}

/// Reads an element of `tool_calls`. One without a name is no call, and another
/// kind than a function cannot be sent on.
fn read_call(call: &Value) -> Option<Part> {
    let kind = call
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("function");
    if kind != "function" {
        return Some(Part::Other(kind.to_owned()));
    }
    let function = call.get("function")?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = function.get("name")?.as_str()?;
    let arguments = text(function.get("arguments"));
    Some(Part::ToolCall(ToolCall::new(
        text(call.get("id")),
        name,
        arguments,
    )))
}

/// Text, a list of parts, or null.
#[derive(Default)]
struct Content(Vec<Part>);

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the content of a message: text, a list of parts, or null")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Content, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E>(self, text: String) -> Result<Content, E> {
        Ok(Content(vec![Part::Text(text)]))
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content, A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = list.next_element()? {
            parts.push(part);
        }
        Ok(Content(parts))
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Part, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a content part: an object such as {\"type\":\"text\",\"text\":\"…\"}, or text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Part, E> {
        Ok(Part::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Part, A::Error> {
        let mut kind: Option<String> = None;
        let mut text: Option<String> = None;
        let mut image: Option<Value> = None;
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "type" => kind = Some(members.next_value()?),
                "text" => text = members.next_value()?,
                "image_url" => image = Some(members.next_value()?),
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        // An address alone, as some clients write it, or one with details.
        let url = image
            .as_ref()
            .and_then(|image| image.as_str().or_else(|| image.get("url")?.as_str()));
        match (kind, text, url) {
            // Nothing is lost with a text part that has no text.
            (Some(kind), text, _) if kind == "text" => Ok(Part::Text(text.unwrap_or_default())),
            // A part without a type is a text part, as the original read it.
            (None, Some(text), _) => Ok(Part::Text(text)),
            (Some(kind), _, Some(url)) if kind == "image_url" && is_image_data_url(url) => {
                match Image::from_data_url(url) {
                    Ok(image) => Ok(Part::Image(image)),
                    Err(error) => Err(de::Error::custom(error.message())),
                }
            }
            (kind, ..) => Ok(Part::Other(kind.unwrap_or_default())),
        }
    }
}
