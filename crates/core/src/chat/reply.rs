use std::fmt;

use super::extra::Extra;
use super::finish::FinishReason;
use super::tool::ToolCall;
use super::usage::Usage;
use crate::error::Error;

/// A complete answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reply {
    /// The text; the authoritative one if the backend sent one.
    pub text: String,
    /// The tools that the model calls, in their order.
    pub tool_calls: Vec<ToolCall>,
    /// Why it ended.
    pub reason: FinishReason,
    /// The tokens counted by the backend, if it sent them.
    pub usage: Option<Usage>,
    /// The URLs of images that came with it; they can be data URLs.
    pub images: Vec<String>,
    /// What the backend sent besides the answer.
    pub extras: Vec<Extra>,
    /// The provider that answered.
    pub provider: String,
    /// The model that answered, as far as it is known.
    pub model: String,
}

impl Reply {
    /// Creates an answer with nothing but its text.
    pub fn new(text: impl Into<String>) -> Reply {
        Reply {
            text: text.into(),
            tool_calls: Vec::new(),
            reason: FinishReason::Eof,
            usage: None,
            images: Vec::new(),
            extras: Vec::new(),
            provider: String::new(),
            model: String::new(),
        }
    }
}

/// An answer that failed, with the text received before the failure.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}{}", After(.text))]
#[non_exhaustive]
pub struct IncompleteReply {
    /// The text received so far; it is empty if the answer had not begun.
    pub text: String,
    /// The failure.
    #[source]
    pub error: Error,
}

impl From<Error> for IncompleteReply {
    fn from(error: Error) -> IncompleteReply {
        IncompleteReply {
            text: String::new(),
            error,
        }
    }
}

impl From<IncompleteReply> for Error {
    fn from(reply: IncompleteReply) -> Error {
        reply.error
    }
}

/// Shows how much of the answer was received, if any.
struct After<'a>(&'a str);

impl fmt::Display for After<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            0 => Ok(()),
            bytes => write!(f, " (after {bytes} bytes of the answer)"),
        }
    }
}
