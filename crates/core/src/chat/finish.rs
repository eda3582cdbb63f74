use std::fmt;

use super::extra::Extra;
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
    /// differ from the texts that were streamed (trimmed, filtered, a step taken
    /// back); it is then the one that counts. An empty one does not count.
    pub text: Option<String>,
    /// What the backend sent besides. If the reason is
    /// [`ToolCalls`](FinishReason::ToolCalls) or
    /// [`Other`](FinishReason::Other), they can be the whole answer.
    pub extras: Vec<Extra>,
}

impl Finish {
    /// An end with nothing but its reason.
    pub fn new(reason: FinishReason) -> Finish {
        Finish {
            reason,
            usage: None,
            images: Vec::new(),
            text: None,
            extras: Vec::new(),
        }
    }

    /// Adds the counted tokens.
    #[must_use]
    pub fn with_usage(mut self, usage: impl Into<Option<Usage>>) -> Finish {
        self.usage = usage.into();
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

    /// Whether the backend has no words but wants something of the caller.
    pub(crate) fn is_for_the_caller(&self) -> bool {
        let can_be = matches!(
            self.reason,
            FinishReason::ToolCalls | FinishReason::Other(_)
        );
        can_be && !self.extras.is_empty()
    }

    /// Adds what the backend sent besides.
    #[must_use]
    pub fn with_extra(mut self, extra: Extra) -> Finish {
        self.extras.push(extra);
        self
    }
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FinishReason {
    /// The backend said that the answer is complete.
    Stop,
    /// The protocol has no end mark; the body ended as HTTP says it should.
    Eof,
    /// The limit of tokens was reached.
    Length,
    /// A filter of the backend ended it.
    ContentFilter,
    /// The model wants tools to be called.
    ToolCalls,
    /// A reason this version has no name for, as the backend called it.
    Other(String),
}

impl FinishReason {
    /// The reason as one word, for example `stop` or `content_filter`.
    pub fn as_str(&self) -> &str {
        match self {
            FinishReason::Stop => "stop",
            FinishReason::Eof => "eof",
            FinishReason::Length => "length",
            FinishReason::ContentFilter => "content_filter",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::Other(other) => other,
        }
    }
}

/// Reads the words of the OpenAI API and those of the AI SDK, which has hyphens
/// where the first has underscores.
impl From<&str> for FinishReason {
    fn from(word: &str) -> FinishReason {
        match word {
            "stop" => FinishReason::Stop,
            "eof" => FinishReason::Eof,
            "length" => FinishReason::Length,
            "content_filter" | "content-filter" => FinishReason::ContentFilter,
            "tool_calls" | "tool-calls" => FinishReason::ToolCalls,
            other => FinishReason::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for FinishReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
