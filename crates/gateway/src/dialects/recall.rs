use std::sync::Arc;

use chatwire_core::ToolCall;

use super::conversation::Conversation;

/// What a dialect may look up of earlier requests.
pub(crate) trait Recall {
    /// The reply with that id, which has no prefix.
    fn recall(&self, id: &str) -> Option<Arc<KeptReply>>;
}

/// A complete reply that later requests may refer to.
#[derive(Debug)]
pub(crate) struct KeptReply {
    /// Without a prefix.
    pub(crate) id: String,
    /// The body of the whole reply, as JSON.
    pub(crate) body: Vec<u8>,
    /// What was asked, without instructions, which hold for one reply only.
    pub(crate) conversation: Conversation,
    /// What the model answered.
    pub(crate) text: String,
    /// The tools that it called.
    pub(crate) calls: Vec<ToolCall>,
}

/// Nothing is kept.
#[cfg(test)]
pub(crate) struct Nothing;

#[cfg(test)]
impl Recall for Nothing {
    fn recall(&self, _: &str) -> Option<Arc<KeptReply>> {
        None
    }
}
