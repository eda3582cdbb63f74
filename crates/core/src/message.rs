use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::Role;

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

/// A conversation: messages, oldest first.
///
/// It is a JSON array on the wire and in files. Build it by chaining:
///
/// ```
/// use chatwire_core::Messages;
///
/// let messages = Messages::new()
///     .system("You are a pirate.")
///     .user("Hello")
///     .assistant("Arr!")
///     .user("Where is the treasure?");
/// assert_eq!(messages.len(), 4);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Messages(Vec<Message>);

impl Messages {
    /// An empty conversation.
    pub fn new() -> Messages {
        Messages::default()
    }

    /// Adds a system message.
    #[must_use]
    pub fn system(self, content: impl Into<String>) -> Messages {
        self.with(Message::system(content))
    }

    /// Adds a message of the person.
    #[must_use]
    pub fn user(self, content: impl Into<String>) -> Messages {
        self.with(Message::user(content))
    }

    /// Adds a message of the model.
    #[must_use]
    pub fn assistant(self, content: impl Into<String>) -> Messages {
        self.with(Message::assistant(content))
    }

    /// Adds any message.
    #[must_use]
    pub fn with(mut self, message: Message) -> Messages {
        self.0.push(message);
        self
    }

    /// Adds any message in place.
    pub fn push(&mut self, message: Message) {
        self.0.push(message);
    }

    /// Takes the messages out.
    pub fn into_vec(self) -> Vec<Message> {
        self.0
    }

    /// The system messages joined by a newline; empty when there are none.
    pub fn system_prompt(&self) -> String {
        let mut prompt = String::new();
        for message in self.iter().filter(|message| message.role.is_system()) {
            if !prompt.is_empty() {
                prompt.push('\n');
            }
            prompt.push_str(&message.content);
        }
        prompt
    }
}

impl std::ops::Deref for Messages {
    type Target = [Message];

    fn deref(&self) -> &[Message] {
        &self.0
    }
}

impl From<Vec<Message>> for Messages {
    fn from(messages: Vec<Message>) -> Messages {
        Messages(messages)
    }
}

impl From<Message> for Messages {
    fn from(message: Message) -> Messages {
        Messages(vec![message])
    }
}

/// A text alone is one message of the person.
impl From<&str> for Messages {
    fn from(prompt: &str) -> Messages {
        Messages::new().user(prompt)
    }
}

/// A text alone is one message of the person.
impl From<String> for Messages {
    fn from(prompt: String) -> Messages {
        Messages::new().user(prompt)
    }
}

impl FromIterator<Message> for Messages {
    fn from_iter<I: IntoIterator<Item = Message>>(messages: I) -> Messages {
        Messages(messages.into_iter().collect())
    }
}

impl Extend<Message> for Messages {
    fn extend<I: IntoIterator<Item = Message>>(&mut self, messages: I) {
        self.0.extend(messages);
    }
}

impl IntoIterator for Messages {
    type Item = Message;
    type IntoIter = std::vec::IntoIter<Message>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Messages {
    type Item = &'a Message;
    type IntoIter = std::slice::Iter<'a, Message>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
