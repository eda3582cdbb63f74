use std::fmt;

use super::extra::Extra;
use super::finish::FinishReason;
use super::usage::Usage;
use crate::error::Error;

/// A whole answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reply {
    /// The answer. Where the backend sent an authoritative text, that one.
    pub text: String,
    /// Why it ended.
    pub reason: FinishReason,
    /// The tokens counted by the backend, where it says so.
    pub usage: Option<Usage>,
    /// Addresses of images that came with it.
    pub images: Vec<String>,
    /// What the backend sent besides.
    pub extras: Vec<Extra>,
    /// The provider that answered.
    pub provider: String,
    /// The model that answered, as far as the request knows.
    pub model: String,
}

impl Reply {
    /// An answer with nothing but its text.
    pub fn new(text: impl Into<String>) -> Reply {
        Reply {
            text: text.into(),
            reason: FinishReason::Eof,
            usage: None,
            images: Vec::new(),
            extras: Vec::new(),
            provider: String::new(),
            model: String::new(),
        }
    }
}

/// An answer that failed, with as much of its text as had come.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}{}", After(.text))]
#[non_exhaustive]
pub struct IncompleteReply {
    /// The text so far; empty when the answer had not begun.
    pub text: String,
    /// Why there is no more.
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

/// How much of the answer had come, if any.
struct After<'a>(&'a str);

impl fmt::Display for After<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            0 => Ok(()),
            bytes => write!(f, " (after {bytes} bytes of the answer)"),
        }
    }
}
