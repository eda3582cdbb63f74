use std::borrow::Cow;

use super::image::Image;
use super::part::Part;
use super::role::Role;

/// One message of a conversation.
///
/// It says something in [parts](Part): usually one text. Neighbouring texts are
/// one part, and empty texts are none.
///
/// As JSON it has the form of the OpenAI API. When written, `content` is a text
/// if there is nothing else, and otherwise a list of parts. When read, it may
/// also be `null`. Parts with the data URL of an image are read as
/// [images](Image); parts of other kinds are kept as [`Part::Other`], so that a
/// request with one is refused rather than sent incomplete. Other members are
/// ignored.
///
/// ```
/// use chatwire_core::{Message, Role};
///
/// let message: Message = serde_json::from_str(
///     r#"{"role": "user", "content": [{"type": "text", "text": "Hello"}]}"#,
/// )?;
/// assert_eq!(message, Message::user("Hello"));
/// assert_eq!(message.role(), &Role::User);
/// assert_eq!(message.text(), "Hello");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    role: Role,
    parts: Vec<Part>,
}

impl Message {
    /// A message of the given role that is one text.
    pub fn new(role: impl Into<Role>, text: impl Into<String>) -> Message {
        Message::from_parts(role, [Part::Text(text.into())])
    }

    /// A message of the given role, made of parts.
    pub fn from_parts(role: impl Into<Role>, parts: impl IntoIterator<Item = Part>) -> Message {
        let mut message = Message {
            role: role.into(),
            parts: Vec::new(),
        };
        message.extend(parts);
        message
    }

    /// A system message: instructions for the model.
    pub fn system(text: impl Into<String>) -> Message {
        Message::new(Role::System, text)
    }

    /// A message of the person.
    pub fn user(text: impl Into<String>) -> Message {
        Message::new(Role::User, text)
    }

    /// A message of the model.
    pub fn assistant(text: impl Into<String>) -> Message {
        Message::new(Role::Assistant, text)
    }

    /// Adds a part: a text or an [`Image`].
    #[must_use]
    pub fn with_part(mut self, part: impl Into<Part>) -> Message {
        self.push(part);
        self
    }

    /// Adds a part in place. A text that follows a text goes on with it.
    pub fn push(&mut self, part: impl Into<Part>) {
        match (part.into(), self.parts.last_mut()) {
            (Part::Text(text), _) if text.is_empty() => {}
            (Part::Text(text), Some(Part::Text(last))) => last.push_str(&text),
            (part, _) => self.parts.push(part),
        }
    }

    /// Who speaks.
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// What is said, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The texts of the message, one after the other; empty if there are none.
    pub fn text(&self) -> Cow<'_, str> {
        let mut texts = self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        });
        let first = texts.next().unwrap_or_default();
        match texts.next() {
            None => Cow::Borrowed(first),
            Some(second) => Cow::Owned([first, second].into_iter().chain(texts).collect()),
        }
    }

    /// The images of the message.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        self.parts.iter().filter_map(|part| match part {
            Part::Image(image) => Some(image),
            _ => None,
        })
    }

    /// Returns `true` if the message says nothing: no text but white space, and
    /// no other part.
    pub fn is_blank(&self) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Text(text) => is_blank(text),
            _ => false,
        })
    }
}

impl Extend<Part> for Message {
    fn extend<I: IntoIterator<Item = Part>>(&mut self, parts: I) {
        for part in parts {
            self.push(part);
        }
    }
}

/// White space as the original implementation saw it: Unicode's, and the four
/// ASCII separators, which Unicode does not count.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}'))
}
