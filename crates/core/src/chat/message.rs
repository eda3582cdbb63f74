use std::borrow::Cow;

use super::image::Image;
use super::part::Part;
use super::role::Role;
use super::tool::{ToolCall, ToolResult};

/// One message of a conversation.
///
/// A message consists of [parts](Part), usually a single text. Adjacent texts
/// are merged, and empty texts are dropped.
///
/// In JSON it has the form of the OpenAI API. `content` is written as a string
/// if the message is only text, and as a list of parts otherwise; it may also be
/// read as `null`. An `image_url` part with a data URL is read as an
/// [image](Image). Parts of other types become [`Part::Other`], so that a request
/// with one is refused instead of sent incomplete. Calls of tools are in
/// `tool_calls`; a message of the role `tool` has one result, whose call is named
/// by `tool_call_id`. Unknown members are ignored.
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
    /// Creates a message of that role with one text.
    pub fn new(role: impl Into<Role>, text: impl Into<String>) -> Message {
        Message::from_parts(role, [Part::Text(text.into())])
    }

    /// Creates a message of that role from parts.
    pub fn from_parts(role: impl Into<Role>, parts: impl IntoIterator<Item = Part>) -> Message {
        let mut message = Message {
            role: role.into(),
            parts: Vec::new(),
        };
        message.extend(parts);
        message
    }

    /// Creates a system message: instructions for the model.
    pub fn system(text: impl Into<String>) -> Message {
        Message::new(Role::System, text)
    }

    /// Creates a user message.
    pub fn user(text: impl Into<String>) -> Message {
        Message::new(Role::User, text)
    }

    /// Creates an assistant message.
    pub fn assistant(text: impl Into<String>) -> Message {
        Message::new(Role::Assistant, text)
    }

    /// Creates a message with the result of a tool.
    pub fn tool_result(result: ToolResult) -> Message {
        Message::from_parts(Role::Tool, [Part::ToolResult(result)])
    }

    /// Adds a part: a text, an [`Image`], a [`ToolCall`] or a [`ToolResult`].
    #[must_use]
    pub fn with_part(mut self, part: impl Into<Part>) -> Message {
        self.push(part);
        self
    }

    /// Appends a part. A text after a text is merged with it.
    pub fn push(&mut self, part: impl Into<Part>) {
        match (part.into(), self.parts.last_mut()) {
            (Part::Text(text), _) if text.is_empty() => {}
            (Part::Text(text), Some(Part::Text(last))) => last.push_str(&text),
            (part, _) => self.parts.push(part),
        }
    }

    /// Returns the role: who the message is from.
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// Returns the parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Returns the text of the message: its text parts joined, without a
    /// separator. It is empty if there are none.
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

    /// Returns the images of the message.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        self.parts.iter().filter_map(|part| match part {
            Part::Image(image) => Some(image),
            _ => None,
        })
    }

    /// Returns the calls of tools in the message.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.parts.iter().filter_map(|part| match part {
            Part::ToolCall(call) => Some(call),
            _ => None,
        })
    }

    /// Returns the results of tools in the message.
    pub fn tool_results(&self) -> impl Iterator<Item = &ToolResult> {
        self.parts.iter().filter_map(|part| match part {
            Part::ToolResult(result) => Some(result),
            _ => None,
        })
    }

    /// Returns whether the message has the call or the result of a tool.
    pub fn has_tool_parts(&self) -> bool {
        self.parts.iter().any(Part::is_tool)
    }

    /// Returns the message with calls and results of tools written as text: a call
    /// as `[Tool call: name arguments]`, and results as a message of the user that
    /// begins with `[Tool result: name]`.
    pub(super) fn without_tool_parts(self) -> Message {
        if !self.has_tool_parts() {
            return self;
        }
        let role = match self.role {
            Role::Tool => Role::User,
            role => role,
        };
        let mut message = Message {
            role,
            parts: Vec::new(),
        };
        for part in self.parts {
            let gap = if message.is_blank() { "" } else { "\n\n" };
            match part {
                Part::ToolCall(call) => message.push(format!(
                    "{gap}[Tool call: {} {}]",
                    call.name(),
                    call.arguments().trim()
                )),
                Part::ToolResult(result) => message.push(format!(
                    "{gap}[Tool result: {}]\n{}",
                    result.name().unwrap_or(result.call_id()),
                    result.content()
                )),
                other => message.push(other),
            }
        }
        message
    }

    /// Returns `true` if the message has no text other than white space and no
    /// other part.
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

/// White space as in the original program: that of Unicode, and the four ASCII
/// separators, which Unicode does not count.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}'))
}
