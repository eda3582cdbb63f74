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
    /// The tokens counted by the backend, where it says so.
    pub(crate) usage: Option<Usage>,
    /// The whole text, where it is not the deltas joined: what was streamed
    /// cannot be taken back, but a reply that is sent whole has this one.
    pub(crate) text: Option<String>,
    /// Why the reply may be incomplete although it ended well.
    pub(crate) doubt: Option<String>,
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
}
