use bytes::Bytes;

use crate::received_message::ReceivedMessage;

/// What one request to an [`AiEngineMock`](crate::AiEngineMock) brought to the model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AiEngineReceived {
    /// The system prompt: the request's, or the bot's own.
    pub system_prompt: String,
    /// The history that was forwarded, without the question.
    pub history: Vec<ReceivedMessage>,
    /// The question: `newMessage` without blanks around it, or the message behind a shortcut.
    pub question: String,
    /// The pictures that came with the question.
    pub images: Vec<ReceivedImage>,
    /// The model: the request's, or the bot's own.
    pub model: String,
    /// The temperature: the request's, as far as it is kept, or the bot's own 0.8; `None` where
    /// the model's default is left to decide.
    pub temperature: Option<f64>,
    /// The limit on the answer's length: the request's, or the bot's own.
    pub max_tokens: u64,
    /// Whether the request asked for a stream.
    pub stream: bool,
}

/// A picture that reached the model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedImage {
    /// The media type, such as `image/png`.
    pub media_type: String,
    /// The bytes.
    pub data: Bytes,
}

impl AiEngineReceived {
    /// About how many bytes it takes to remember this.
    pub(crate) fn size(&self) -> usize {
        let history: usize = self.history.iter().map(ReceivedMessage::size).sum();
        let images: usize = self.images.iter().map(|image| image.data.len()).sum();
        self.system_prompt.len() + history + self.question.len() + images + self.model.len()
    }
}
