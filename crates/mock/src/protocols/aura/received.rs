use serde_json::Value;

use crate::received_message::ReceivedMessage;

/// What one request to an [`AuraMock`](crate::AuraMock) brought to the model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AuraReceived {
    /// The system prompt: the request's, or the server's own where that was empty.
    pub prompt: String,
    /// The messages that fit into the model's `tokenLimit`.
    pub messages: Vec<ReceivedMessage>,
    /// How many messages did not fit; the oldest go first, the question goes last.
    pub dropped: usize,
    /// The model's id.
    pub model: String,
    /// The temperature that the model was given.
    pub temperature: Value,
    /// The request's key for the server's upstream.
    pub key: String,
}

impl AuraReceived {
    pub(crate) fn size(&self) -> usize {
        let messages: usize = self.messages.iter().map(ReceivedMessage::size).sum();
        self.prompt.len() + messages + self.model.len() + self.key.len()
    }
}
