use std::fmt;

use super::finish::Finish;

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
    /// The model calls a tool.
    ToolCall,
    /// A tool has answered.
    ToolResult,
    /// A source that the answer draws on, for example the address of a page.
    Source,
    /// A step of an answer in several steps begins or ends.
    Step,
    /// A kind this version has no name for, as the backend called it.
    Other(String),
}

impl ProgressKind {
    /// The kind as one word, for example `status`.
    pub fn as_str(&self) -> &str {
        match self {
            ProgressKind::Status => "status",
            ProgressKind::Thinking => "thinking",
            ProgressKind::ToolCall => "tool_call",
            ProgressKind::ToolResult => "tool_result",
            ProgressKind::Source => "source",
            ProgressKind::Step => "step",
            ProgressKind::Other(other) => other,
        }
    }
}

impl fmt::Display for ProgressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
