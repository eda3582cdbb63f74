use super::message::is_blank;
use super::messages::Messages;
use super::role::Role;
use crate::error::{Error, ErrorKind};

/// How a conversation is written as one text, for backends that take only one.
///
/// One message stands alone. More are one line a message, `Role: content`, and
/// a last line `Assistant:` that invites the model to go on. Messages of
/// nothing but white space are left out.
///
/// Content is not escaped: a message that contains `"\nAssistant: …"` reads to
/// the model like a turn of its own. Do not put untrusted text into a
/// formatted prompt where that would matter.
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
    /// The usual format: system messages in, one message unlabelled, the last
    /// line `Assistant:`.
    pub fn new() -> PromptFormat {
        PromptFormat::default()
    }

    /// Whether a single message is labelled like one of many (default: no).
    #[must_use]
    pub fn with_label_single(mut self, yes: bool) -> PromptFormat {
        self.label_single = yes;
        self
    }

    /// Whether system and developer messages are written (default: yes).
    #[must_use]
    pub fn with_system(mut self, yes: bool) -> PromptFormat {
        self.system = yes;
        self
    }

    /// Whether to end without the line `Assistant:`, so that the model goes on
    /// with the last message (default: no).
    #[must_use]
    pub fn with_continue_last(mut self, yes: bool) -> PromptFormat {
        self.invite = !yes;
        self
    }

    /// Writes the conversation as one text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] when the conversation is empty. (With
    /// [`with_label_single`](PromptFormat::with_label_single), which the original
    /// treated differently, an empty conversation is the bare invitation.)
    pub fn format(&self, messages: &Messages) -> Result<String, Error> {
        if !self.label_single && messages.len() <= 1 {
            let message = messages.first().ok_or_else(|| {
                Error::new(ErrorKind::InvalidRequest, "the conversation is empty")
            })?;
            return Ok(message.text().into_owned());
        }
        let size = messages.iter().map(|m| m.text().len() + 16).sum();
        let mut prompt = String::with_capacity(size);
        for message in messages {
            let left_out = !self.system && message.role().is_system();
            let text = message.text();
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

/// The role with a capital first letter and the rest in lower case.
fn label(role: &Role) -> String {
    let name = role.as_str();
    let mut chars = name.chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    // A letter whose capital is several letters ("ß" → "SS") keeps only the
    // first of them big, as a title does.
    let mut upper = first.to_uppercase();
    let mut label: String = upper.next().into_iter().collect();
    label.extend(upper.flat_map(char::to_lowercase));
    label.push_str(&chars.as_str().to_lowercase());
    label
}
