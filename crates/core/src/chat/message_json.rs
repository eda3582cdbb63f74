//! Messages in the form of the OpenAI API.

use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeStruct as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::image::{Image, is_image_data_url};
use super::message::Message;
use super::part::Part;
use super::role::Role;

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut message = serializer.serialize_struct("Message", 2)?;
        message.serialize_field("role", self.role())?;
        match self.parts() {
            [] => message.serialize_field("content", "")?,
            [Part::Text(text)] => message.serialize_field("content", text)?,
            parts => message.serialize_field("content", parts)?,
        }
        message.end()
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
        }
        let message = Message::deserialize(deserializer)?;
        Ok(super::message::Message::from_parts(
            message.role,
            message.content.0,
        ))
    }
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
