use std::fmt;

/// One piece of a reply, in the order the backend sent it.
///
/// A [`ReplyStream`](crate::ReplyStream) yields any number of `Text` and
/// `Progress`, then `Finish` exactly once, or an error.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ReplyEvent {
    /// More of the answer: append it. Never empty.
    Text(String),
    /// A note about the work, for example "Generating response...": worth
    /// showing beside the answer, never part of it.
    Progress {
        /// What kind of note it is.
        kind: ProgressKind,
        /// The note itself.
        text: String,
    },
    /// The answer is whole. Always the last event, only on success.
    Finish(Finish),
}

/// The kind of a progress note.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProgressKind {
    /// What the backend is doing.
    Status,
    /// What the model thinks before it answers.
    Thinking,
    /// The model calls a tool, or the tool has answered.
    Tool,
    /// A kind this version has no name for, as the backend called it.
    Other(String),
}

impl ProgressKind {
    /// The kind as one word, for example `status`.
    pub fn as_str(&self) -> &str {
        match self {
            ProgressKind::Status => "status",
            ProgressKind::Thinking => "thinking",
            ProgressKind::Tool => "tool",
            ProgressKind::Other(other) => other,
        }
    }
}

impl fmt::Display for ProgressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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
    pub fn usage(mut self, usage: Option<Usage>) -> Finish {
        self.usage = usage;
        self
    }

    /// Adds image addresses.
    #[must_use]
    pub fn images(mut self, images: Vec<String>) -> Finish {
        self.images = images;
        self
    }

    /// Adds the whole answer as the backend wants it read.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Finish {
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

/// Tokens as counted by the backend, each where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the question.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    pub completion_tokens: Option<u64>,
    /// Both together.
    pub total_tokens: Option<u64>,
}

impl Usage {
    /// Nothing known.
    pub fn new() -> Usage {
        Usage::default()
    }

    /// Sets the tokens of the question.
    #[must_use]
    pub fn prompt_tokens(mut self, tokens: Option<u64>) -> Usage {
        self.prompt_tokens = tokens;
        self
    }

    /// Sets the tokens of the answer.
    #[must_use]
    pub fn completion_tokens(mut self, tokens: Option<u64>) -> Usage {
        self.completion_tokens = tokens;
        self
    }

    /// Sets the sum.
    #[must_use]
    pub fn total_tokens(mut self, tokens: Option<u64>) -> Usage {
        self.total_tokens = tokens;
        self
    }
}
