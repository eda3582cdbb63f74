use std::io;

use super::protocol::OpenAiProtocol;
use crate::answers::Answer;
use crate::mock::Mock;
use crate::protocol::Protocol;
use crate::protocols::model_api::{ApiMockBuilder, ApiReceived};

/// A mock of a server with the API of OpenAI for chat completions (`POST /v1/chat/completions`,
/// `GET /v1/models`).
///
/// The default reply is `This is the OpenAI mock. You asked: <last user message>`, streamed or
/// whole as the request asks. Requests are checked as OpenAI checks them, and errors have its
/// form.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use chatwire_mock::{ApiReply, Fault, OpenAiMock};
///
/// let mock = OpenAiMock::builder().api_key("sk-test").start().await?;
/// mock.reply("Hello there");
/// mock.reply(ApiReply::new("Half an answer").with_error("the model is lost"));
/// // From now on every answer stops within its stream, and the connection stays open.
/// mock.fault("body-stall".parse::<Fault>().unwrap());
/// # Ok(())
/// # }
/// ```
pub type OpenAiMock = Mock<OpenAiProtocol>;

impl OpenAiMock {
    /// Starts a server on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Options, to start with [`ApiMockBuilder::start`].
    pub fn builder() -> ApiMockBuilder<OpenAiProtocol> {
        ApiMockBuilder::new(OpenAiProtocol::new)
    }

    /// Queues a failure of the model before its first word, see [`failure`](Self::failure).
    pub fn fail(&self, message: &str) -> &Self {
        self.answer(Self::failure(message));
        self
    }

    /// The answer of a server whose model fails before its first word: status 500.
    pub fn failure(message: &str) -> Answer {
        OpenAiProtocol::failure(message)
    }

    /// What reached the model: one entry for every question that was in order; of more than 1,000
    /// or 4 MiB only the newest.
    pub fn received(&self) -> Vec<ApiReceived> {
        self.protocol().received()
    }
}
