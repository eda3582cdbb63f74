use serde_json::Value;

use crate::received_message::ReceivedMessage;

/// What reached the model behind a mock of a model API for one request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ApiReceived {
    /// The model that was asked.
    pub model: String,
    /// The messages, the system prompt first.
    pub messages: Vec<ReceivedMessage>,
    /// Whether the answer was to be streamed.
    pub stream: bool,
    /// The body that was sent.
    pub body: Value,
}

impl ApiReceived {
    pub(crate) fn new(model: &str, messages: Vec<ReceivedMessage>, body: Value) -> Self {
        Self {
            model: model.to_owned(),
            messages,
            stream: body.get("stream") == Some(&Value::Bool(true)),
            body,
        }
    }

    /// The text of the last message of a user.
    pub(crate) fn question(&self) -> &str {
        let mut messages = self.messages.iter().rev();
        let question = messages.find(|message| message.role == "user");
        question.map_or("", |message| message.content.as_str())
    }

    pub(crate) fn size(&self) -> usize {
        // The body has the messages in it, and more beside them.
        let texts: usize = self.messages.iter().map(ReceivedMessage::size).sum();
        self.model.len() + texts + self.body.to_string().len()
    }
}
