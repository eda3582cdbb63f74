use std::io;

use super::protocol::ResponsesProtocol;
use crate::answers::Answer;
use crate::mock::Mock;
use crate::protocol::Protocol;
use crate::protocols::model_api::{ApiMockBuilder, ApiReceived};

/// A mock of a server with the Responses API of OpenAI (`POST /v1/responses`, `GET /v1/models`).
///
/// The default reply is `This is the Responses mock. You asked: <last user message>`, streamed or
/// whole as the request asks. Requests are checked as OpenAI checks them, and errors have its
/// form.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use chatwire_mock::{ApiReply, ResponsesMock};
///
/// let mock = ResponsesMock::start().await?;
/// mock.reply("Hello there");
/// mock.reply(ApiReply::new("").with_tool("weather", r#"{"city":"Oslo"}"#));
/// # Ok(())
/// # }
/// ```
pub type ResponsesMock = Mock<ResponsesProtocol>;

impl ResponsesMock {
    /// Starts a server on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Options, to start with [`ApiMockBuilder::start`].
    pub fn builder() -> ApiMockBuilder<ResponsesProtocol> {
        ApiMockBuilder::new(ResponsesProtocol::new)
    }

    /// Queues a failure of the model before its first word, see [`failure`](Self::failure).
    pub fn fail(&self, message: &str) -> &Self {
        self.answer(Self::failure(message));
        self
    }

    /// The answer of a server whose model fails before its first word: status 500.
    pub fn failure(message: &str) -> Answer {
        ResponsesProtocol::failure(message)
    }

    /// What reached the model: one entry for every question that was in order; of more than 1,000
    /// or 4 MiB only the newest.
    pub fn received(&self) -> Vec<ApiReceived> {
        self.protocol().received()
    }
}
