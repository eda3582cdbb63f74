use std::fmt;

use super::finish::Finish;
use super::tool::ToolCall;

/// An event of a reply, in the order in which the backend sent it.
///
/// A [`ReplyStream`](crate::ReplyStream) yields any number of `Text`, `ToolCall` and
/// `Progress`, then `Finish` exactly once, or an error.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ReplyEvent {
    /// More of the answer: append it. Never empty.
    Text(String),
    /// The model calls a tool of the request's. The call is whole, and its
    /// arguments are what the tool's schema allows.
    ToolCall(ToolCall),
    /// A note about the progress, for example "Generating response...". Show it
    /// beside the answer; it is never part of it.
    Progress {
        /// The kind of the note.
        kind: ProgressKind,
        /// The text of the note.
        text: String,
    },
    /// The answer is complete. It is always the last event, and comes only on
    /// success.
    Finish(Finish),
}

/// The kind of a progress note.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProgressKind {
    /// What the backend is doing.
    Status,
    /// The model's reasoning before its answer.
    Thinking,
    /// The model calls a tool.
    ToolCall,
    /// The result of a tool.
    ToolResult,
    /// A source of the answer, for example the URL of a page.
    Source,
    /// The beginning or the end of a step, where an answer has several.
    Step,
    /// Why the answer may be incomplete although its end says otherwise. It
    /// should be shown with the answer, not only while that is written.
    Doubt,
    /// What the backend was made to do although it cannot do it by itself, for
    /// example `json_schema; questions=2`. It comes before the first text or call.
    Emulated,
    /// Another kind, by the backend's own name.
    Other(String),
}

impl ProgressKind {
    /// Returns the kind as one word, for example `status`.
    pub fn as_str(&self) -> &str {
        match self {
            ProgressKind::Status => "status",
            ProgressKind::Thinking => "thinking",
            ProgressKind::ToolCall => "tool_call",
            ProgressKind::ToolResult => "tool_result",
            ProgressKind::Source => "source",
            ProgressKind::Step => "step",
            ProgressKind::Doubt => "doubt",
            ProgressKind::Emulated => "emulated",
            ProgressKind::Other(other) => other,
        }
    }
}

impl fmt::Display for ProgressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
