use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::role::Role;

/// One message of a conversation.
///
/// As JSON it is `{"role": "user", "content": "…"}`. When read, `content` may
/// also be a list of parts as in the OpenAI API, or `null`: the texts of text
/// parts are joined, and parts of other kinds are counted in
/// [`other_parts`](Message::other_parts), because no protocol here can send
/// them. Other members are ignored.
///
/// ```
/// use chatwire_core::{Message, Role};
///
/// let message: Message = serde_json::from_str(
///     r#"{"role": "user", "content": [{"type": "text", "text": "Hello"}]}"#,
/// )?;
/// assert_eq!(message, Message::user("Hello"));
/// assert_eq!(message.role, Role::User);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WireMessage")]
#[non_exhaustive]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
    /// How many content parts (images, audio, files) were not text and are
    /// therefore missing from `content`. A [`ChatRequest`](crate::ChatRequest)
    /// with such a message is refused rather than sent incomplete.
    #[serde(skip)]
    pub other_parts: usize,
}

impl Message {
    /// A message of the given role.
    pub fn new(role: Role, content: impl Into<String>) -> Message {
        Message {
            role,
            content: content.into(),
            other_parts: 0,
        }
    }

    /// A system message: instructions for the model.
    pub fn system(content: impl Into<String>) -> Message {
        Message::new(Role::System, content)
    }

    /// A message of the person.
    pub fn user(content: impl Into<String>) -> Message {
        Message::new(Role::User, content)
    }

    /// A message of the model.
    pub fn assistant(content: impl Into<String>) -> Message {
        Message::new(Role::Assistant, content)
    }

    /// True when the content is nothing but white space.
    pub fn is_blank(&self) -> bool {
        is_blank(&self.content)
    }
}

/// White space as the original implementation saw it: Unicode's, and the four
/// ASCII separators, which Unicode does not count.
fn is_blank(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}'))
}

/// A message as it stands in JSON.
#[derive(Deserialize)]
struct WireMessage {
    role: Role,
    #[serde(default)]
    content: Content,
}

impl From<WireMessage> for Message {
    fn from(wire: WireMessage) -> Message {
        Message {
            role: wire.role,
            content: wire.content.text,
            other_parts: wire.content.other_parts,
        }
    }
}

/// Text, a list of parts, or null.
#[derive(Default)]
struct Content {
    text: String,
    other_parts: usize,
}

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
        Ok(Content {
            text,
            other_parts: 0,
        })
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Content, A::Error> {
        let mut content = Content::default();
        while let Some(Part(text)) = parts.next_element()? {
            match text {
                Some(text) => content.text.push_str(&text),
                None => content.other_parts += 1,
            }
        }
        Ok(content)
    }
}

/// The text of one content part; none when it is not a text part.
struct Part(Option<String>);

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
        Ok(Part(Some(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Part, A::Error> {
        let mut kind: Option<String> = None;
        let mut text: Option<String> = None;
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "type" => kind = Some(members.next_value()?),
                "text" => text = members.next_value()?,
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Part(match kind.as_deref() {
            // Nothing is lost with a text part that has no text.
            Some("text") => Some(text.unwrap_or_default()),
            // A part without a type is a text part, as the original read it.
            None => text,
            Some(_) => None,
        }))
    }
}
