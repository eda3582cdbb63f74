use std::fmt;
use std::time::Duration;

use chatwire_core::{FinishReason, ToolCall, Usage};

/// What one event of a provider adds to a completion.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct CompletionEvent {
    /// More text; may be empty.
    pub(crate) delta: String,
    /// A call of a tool, after that text.
    pub(crate) call: Option<ToolCall>,
    /// Set by the last event.
    pub(crate) end: Option<CompletionEnd>,
}

/// How a completion ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CompletionEnd {
    pub(crate) reason: FinishReason,
    /// The stop sequence that ended it, if one did.
    pub(crate) stop_sequence: Option<String>,
    /// The tokens, as the backend counted them or as they were estimated.
    pub(crate) usage: Option<Usage>,
    /// Whether any of the tokens were estimated.
    pub(crate) is_estimated: bool,
    /// The whole text, where it is not the deltas joined: what was streamed
    /// cannot be taken back, but a reply that is sent whole has this one.
    pub(crate) text: Option<String>,
    /// Why the reply may be incomplete although it ended well.
    pub(crate) doubt: Option<String>,
    /// How the reply was made to be what its backend cannot do, if it was.
    pub(crate) emulation: Option<Emulation>,
    pub(crate) timing: Timing,
}

/// How long a reply took, from the request to the first text and to the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Timing {
    pub(crate) first_text: Duration,
    pub(crate) total: Duration,
}

/// What a backend without that ability was made to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Emulation {
    /// For example `json_schema`.
    pub(crate) mode: String,
    /// How many questions it took.
    pub(crate) questions: u64,
}

impl Emulation {
    /// Reads the note that comes before a reply, such as
    /// `json_schema; questions=2`.
    pub(crate) fn parse(note: &str) -> Emulation {
        let (mode, rest) = note.split_once(';').unwrap_or((note, ""));
        let questions = rest.trim().strip_prefix("questions=");
        Emulation {
            mode: mode.trim().to_owned(),
            questions: questions.and_then(|count| count.parse().ok()).unwrap_or(1),
        }
    }
}

impl fmt::Display for Emulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; questions={}", self.mode, self.questions)
    }
}

/// A whole completion.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Completion {
    pub(crate) text: String,
    /// The calls of tools, after the text.
    pub(crate) calls: Vec<ToolCall>,
    pub(crate) end: CompletionEnd,
}

/// What identifies a reply, known when it begins.
#[derive(Debug, Clone)]
pub(crate) struct ReplyHead {
    /// Random characters; a dialect puts its own prefix before them.
    pub(crate) id: String,
    /// In seconds since 1970.
    pub(crate) created: u64,
    /// The model that answers, as a client names it.
    pub(crate) model: String,
    /// An estimate of the tokens of the request; 0 if there is to be none.
    pub(crate) prompt_tokens: u64,
    /// Whether the model that answers can call tools.
    pub(crate) has_tools: bool,
}
