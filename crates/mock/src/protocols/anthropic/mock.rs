use std::io;

use super::protocol::AnthropicProtocol;
use crate::answers::Answer;
use crate::mock::Mock;
use crate::protocol::Protocol;
use crate::protocols::model_api::{ApiMockBuilder, ApiReceived};

/// A mock of a server with the API of Anthropic (`POST /v1/messages`, `GET /v1/models`).
///
/// The default reply is `This is the Anthropic mock. You asked: <last user message>`, streamed or
/// whole as the request asks. Requests are checked as Anthropic checks them, and errors have its
/// form.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use chatwire_mock::AnthropicMock;
///
/// let mock = AnthropicMock::builder().api_key("sk-ant-test").start().await?;
/// mock.reply("Hello there").fail("Overloaded");
/// # Ok(())
/// # }
/// ```
pub type AnthropicMock = Mock<AnthropicProtocol>;

impl AnthropicMock {
    /// Starts a server on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Options, to start with [`ApiMockBuilder::start`].
    pub fn builder() -> ApiMockBuilder<AnthropicProtocol> {
        ApiMockBuilder::new(AnthropicProtocol::new)
    }

    /// Queues a failure of the model before its first word, see [`failure`](Self::failure).
    pub fn fail(&self, message: &str) -> &Self {
        self.answer(Self::failure(message));
        self
    }

    /// The answer of a server whose model fails before its first word: status 500.
    pub fn failure(message: &str) -> Answer {
        AnthropicProtocol::failure(message)
    }

    /// What reached the model: one entry for every question that was in order; of more than 1,000
    /// or 4 MiB only the newest.
    pub fn received(&self) -> Vec<ApiReceived> {
        self.protocol().received()
    }
}
