use std::borrow::Cow;

use super::message::{Message, is_blank};
use super::messages::Messages;
use super::part::Part;
use super::role::Role;
use crate::error::{Error, ErrorKind};

/// Writes a conversation as one text, for backends that take nothing else.
///
/// A single message is its text alone. Several messages are one line each,
/// `Role: content`, followed by a last line `Assistant:` that invites the model
/// to continue. Messages that consist of white space are left out.
///
/// Content is not escaped: to the model, a message that contains
/// `"\nAssistant: …"` looks like two turns. Do not format untrusted text where
/// that matters.
///
/// ```
/// use chatwire_core::{Messages, PromptFormat};
///
/// let messages = Messages::new().system("Be brief.").user("Hi");
/// let prompt = PromptFormat::new().format(&messages)?;
/// assert_eq!(prompt, "System: Be brief.\nUser: Hi\nAssistant:");
/// # Ok::<(), chatwire_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptFormat {
    label_single: bool,
    system: bool,
    invite: bool,
}

impl Default for PromptFormat {
    fn default() -> PromptFormat {
        PromptFormat {
            label_single: false,
            system: true,
            invite: true,
        }
    }
}

impl PromptFormat {
    /// Creates the usual format: with system messages, a single message without
    /// a label, and the last line `Assistant:`.
    pub fn new() -> PromptFormat {
        PromptFormat::default()
    }

    /// Sets whether a single message is labelled, too (default: no).
    #[must_use]
    pub fn with_label_single(mut self, yes: bool) -> PromptFormat {
        self.label_single = yes;
        self
    }

    /// Sets whether system and developer messages are written (default: yes).
    #[must_use]
    pub fn with_system(mut self, yes: bool) -> PromptFormat {
        self.system = yes;
        self
    }

    /// Sets whether the text ends without the line `Assistant:`, so that the
    /// model continues the last message (default: no).
    #[must_use]
    pub fn with_continue_last(mut self, yes: bool) -> PromptFormat {
        self.invite = !yes;
        self
    }

    /// Writes the conversation as one text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the conversation is empty. With
    /// [`with_label_single`](PromptFormat::with_label_single) an empty
    /// conversation is the line `Assistant:` alone, as in the original program.
    pub fn format(&self, messages: &Messages) -> Result<String, Error> {
        if !self.label_single && messages.len() <= 1 {
            let message = messages.first().ok_or_else(|| {
                Error::new(ErrorKind::InvalidRequest, "the conversation is empty")
            })?;
            return Ok(text(message).into_owned());
        }
        let size = messages.iter().map(|m| text(m).len() + 16).sum();
        let mut prompt = String::with_capacity(size);
        for message in messages {
            let left_out = !self.system && message.role().is_system();
            let text = text(message);
            if left_out || is_blank(&text) {
                continue;
            }
            if !prompt.is_empty() {
                prompt.push('\n');
            }
            prompt.push_str(&label(message.role()));
            prompt.push_str(": ");
            prompt.push_str(&text);
        }
        if self.invite {
            prompt.push_str("\nAssistant:");
        }
        Ok(prompt)
    }
}

/// The text of a message, that of a tool's result too.
fn text(message: &Message) -> Cow<'_, str> {
    match message.parts() {
        [Part::ToolResult(result)] => Cow::Borrowed(result.content()),
        _ => message.text(),
    }
}

/// Returns the role with its first letter in upper case and the rest in lower
/// case.
fn label(role: &Role) -> String {
    let name = role.as_str();
    let mut chars = name.chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    // If the upper case has several letters ("ß" → "SS"), only the first stays
    // upper case, as in title case.
    let mut upper = first.to_uppercase();
    let mut label: String = upper.next().into_iter().collect();
    label.extend(upper.flat_map(char::to_lowercase));
    label.push_str(&chars.as_str().to_lowercase());
    label
}
