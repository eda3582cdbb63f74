use serde::{Deserialize, Serialize};

use super::message::Message;

/// A conversation: messages, oldest first.
///
/// In JSON it is an array. Build one by chaining:
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
    /// Creates an empty conversation.
    pub fn new() -> Messages {
        Messages::default()
    }

    /// Adds a system message.
    #[must_use]
    pub fn system(self, text: impl Into<String>) -> Messages {
        self.with_message(Message::system(text))
    }

    /// Adds a user message.
    #[must_use]
    pub fn user(self, text: impl Into<String>) -> Messages {
        self.with_message(Message::user(text))
    }

    /// Adds an assistant message.
    #[must_use]
    pub fn assistant(self, text: impl Into<String>) -> Messages {
        self.with_message(Message::assistant(text))
    }

    /// Adds a message.
    #[must_use]
    pub fn with_message(mut self, message: Message) -> Messages {
        self.0.push(message);
        self
    }

    /// Appends a message.
    pub fn push(&mut self, message: Message) {
        self.0.push(message);
    }

    /// Removes the last message and returns it, or `None` if there is none.
    pub fn pop(&mut self) -> Option<Message> {
        self.0.pop()
    }

    /// Returns the last message mutably, or `None` if there is none.
    pub fn last_mut(&mut self) -> Option<&mut Message> {
        self.0.last_mut()
    }

    /// Keeps the first `len` messages and drops the rest.
    pub fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Returns the messages as a vector.
    pub fn into_vec(self) -> Vec<Message> {
        self.0
    }

    /// Returns the conversation with calls and results of tools written as text, for
    /// a provider that knows no tools.
    ///
    /// ```
    /// use chatwire_core::{Message, Messages, Part, ToolCall, ToolResult};
    ///
    /// let messages = Messages::new()
    ///     .user("The weather?")
    ///     .with_message(Message::from_parts(
    ///         "assistant",
    ///         [Part::ToolCall(ToolCall::new("1", "weather", "{}"))],
    ///     ))
    ///     .with_message(Message::tool_result(
    ///         ToolResult::new("1", "fine").with_name("weather"),
    ///     ))
    ///     .without_tool_parts();
    /// assert_eq!(messages[1], Message::assistant("[Tool call: weather {}]"));
    /// assert_eq!(messages[2], Message::user("[Tool result: weather]\nfine"));
    /// ```
    #[must_use]
    pub fn without_tool_parts(self) -> Messages {
        self.into_iter().map(Message::without_tool_parts).collect()
    }

    /// Returns the texts of the system messages, joined by newlines; it is empty
    /// if there are none.
    pub fn system_prompt(&self) -> String {
        let mut prompt = String::new();
        for message in self.iter().filter(|message| message.role().is_system()) {
            if !prompt.is_empty() {
                prompt.push('\n');
            }
            prompt.push_str(&message.text());
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

/// A string is one user message.
impl From<&str> for Messages {
    fn from(prompt: &str) -> Messages {
        Messages::new().user(prompt)
    }
}

/// A string is one user message.
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
