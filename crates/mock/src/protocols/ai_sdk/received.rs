use serde_json::Value;

use crate::received_message::ReceivedMessage;

/// What reached the model behind an [`AiSdkMock`](crate::AiSdkMock) for one request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AiSdkReceived {
    /// The messages as the model sees them.
    pub messages: Vec<ReceivedMessage>,
    /// The body that was sent.
    pub body: Value,
}

impl AiSdkReceived {
    pub(crate) fn size(&self) -> usize {
        // The body has the messages in it, and some of them twice.
        2 * self
            .messages
            .iter()
            .map(ReceivedMessage::size)
            .sum::<usize>()
    }
}
