use std::fmt;

use super::extra::Extra;
use super::usage::Usage;

/// The end of a complete answer, and what came with it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Finish {
    /// Why the answer ended.
    pub reason: FinishReason,
    /// The tokens counted by the backend, if it sent them.
    pub usage: Option<Usage>,
    /// The URLs of images that came with the answer; they can be data URLs.
    pub images: Vec<String>,
    /// The authoritative text of the whole answer, if the backend sent one. It
    /// can differ from the streamed text: trimmed, filtered, or without a step
    /// that was taken back. Use it in place of the streamed text. An empty one
    /// is ignored.
    pub text: Option<String>,
    /// What the backend sent besides the answer. If the reason is
    /// [`ToolCalls`](FinishReason::ToolCalls) or [`Other`](FinishReason::Other),
    /// it can be all there is.
    pub extras: Vec<Extra>,
}

impl Finish {
    /// Creates an end with nothing but its reason.
    pub fn new(reason: FinishReason) -> Finish {
        Finish {
            reason,
            usage: None,
            images: Vec::new(),
            text: None,
            extras: Vec::new(),
        }
    }

    /// Sets the tokens counted by the backend.
    #[must_use]
    pub fn with_usage(mut self, usage: impl Into<Option<Usage>>) -> Finish {
        self.usage = usage.into();
        self
    }

    /// Sets the URLs of images.
    #[must_use]
    pub fn with_images(mut self, images: Vec<String>) -> Finish {
        self.images = images;
        self
    }

    /// Sets the authoritative text of the whole answer.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Finish {
        self.text = Some(text.into());
        self
    }

    /// Returns whether the backend sent no text because it wants something of the
    /// caller, such as a tool's result.
    pub(crate) fn is_for_the_caller(&self) -> bool {
        let can_be = matches!(
            self.reason,
            FinishReason::ToolCalls | FinishReason::Other(_)
        );
        can_be && !self.extras.is_empty()
    }

    /// Adds data that the backend sent besides.
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
    /// The model finished its answer.
    Stop,
    /// The response ended, in a protocol without an end mark: nothing says that
    /// the answer is complete.
    Eof,
    /// The limit of tokens was reached.
    Length,
    /// A content filter of the backend stopped the answer.
    ContentFilter,
    /// The model asks for tools to be called.
    ToolCalls,
    /// Another reason, by the backend's own name.
    Other(String),
}

impl FinishReason {
    /// Returns the reason as one word, for example `stop` or `content_filter`.
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

/// Reads the names of the OpenAI API and those of the AI SDK, which have hyphens
/// instead of underscores.
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
