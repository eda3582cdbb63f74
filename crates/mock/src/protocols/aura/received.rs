use serde_json::Value;

use crate::received_message::ReceivedMessage;

/// The system prompt where a request has none.
pub(crate) const DEFAULT_PROMPT: &str = "You are ChatGPT, a large language model trained by OpenAI. \
     Follow the user's instructions carefully. Respond using markdown.";

/// What one request to an [`AuraMock`](crate::AuraMock) brought to the model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AuraReceived {
    /// The system prompt: the request's, or the server's own where that was empty.
    pub prompt: String,
    /// The messages that fit into the model's `tokenLimit`; of chatbot-ollama, its one prompt.
    pub messages: Vec<ReceivedMessage>,
    /// The images in base64, which only chatbot-ollama takes.
    pub images: Vec<String>,
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
        let images: usize = self.images.iter().map(String::len).sum();
        self.prompt.len() + messages + images + self.model.len() + self.key.len()
    }
}
