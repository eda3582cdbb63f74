use std::fmt;

use super::usage::Usage;

/// How a whole answer ended, and what came with it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Finish {
    /// Why the answer ended.
    pub reason: FinishReason,
    /// The tokens counted by the backend, where it says so.
    pub usage: Option<Usage>,
    /// Addresses of images that came with the answer.
    pub images: Vec<String>,
    /// The whole answer as the backend wants it read, where it sent one. It can
    /// differ from the texts that were streamed (trimmed, filtered); it is
    /// then the one that counts. An empty one does not count.
    pub text: Option<String>,
}

impl Finish {
    /// An end with nothing but its reason.
    pub fn new(reason: FinishReason) -> Finish {
        Finish {
            reason,
            usage: None,
            images: Vec::new(),
            text: None,
        }
    }

    /// Adds the counted tokens.
    #[must_use]
    pub fn with_usage(mut self, usage: Option<Usage>) -> Finish {
        self.usage = usage;
        self
    }

    /// Adds image addresses.
    #[must_use]
    pub fn with_images(mut self, images: Vec<String>) -> Finish {
        self.images = images;
        self
    }

    /// Adds the whole answer as the backend wants it read.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Finish {
        self.text = Some(text.into());
        self
    }
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FinishReason {
    /// The backend said that the answer is complete.
    Stop,
    /// The protocol has no end mark; the body ended as HTTP says it should.
    Eof,
}

impl FinishReason {
    /// The reason as one word: `stop` or `eof`.
    pub fn as_str(self) -> &'static str {
        match self {
            FinishReason::Stop => "stop",
            FinishReason::Eof => "eof",
        }
    }
}

impl fmt::Display for FinishReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
