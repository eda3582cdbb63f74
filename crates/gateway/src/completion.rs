use std::time::Duration;

use chatwire_core::{FinishReason, Usage};

/// What one event of a provider adds to a completion.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct CompletionEvent {
    /// More text; may be empty.
    pub(crate) delta: String,
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
    pub(crate) timing: Timing,
}

/// How long a reply took, from the request to the first text and to the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Timing {
    pub(crate) first_text: Duration,
    pub(crate) total: Duration,
}

/// A whole completion.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Completion {
    pub(crate) text: String,
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
}
