use super::received::AiSdkReceived;
use super::server::AiSdkProtocol;
use crate::answers::Answer;
use crate::mock::Mock;
use crate::protocol::Protocol;

/// A mock of a server built with the AI SDK (`POST /api/chat`), of versions 3 to 7, with any of
/// their three protocols.
///
/// The default reply is `This is the AI SDK mock. You asked: <last user message>`. It takes the
/// bodies that the real servers take, and no others. A [reply](crate::AiSdkReply) can have steps,
/// tools, reasoning, sources, files and data, and can end in every way that they end.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use chatwire_mock::{AiSdkMock, AiSdkReply, AiSdkVersion};
///
/// let mock = AiSdkMock::builder()
///     .version(AiSdkVersion::V4)
///     .require_cookie("session", "let-me-in")
///     .start()
///     .await?;
/// mock.reply("Hello there");
/// mock.reply(AiSdkReply::new("Half an answer").with_error("the model is lost"));
/// # Ok(())
/// # }
/// ```
pub type AiSdkMock = Mock<AiSdkProtocol>;

impl AiSdkMock {
    /// Queues a failure of the model before its first word, see [`failure`](Self::failure).
    pub fn fail(&self, message: &str) -> &Self {
        self.answer(Self::failure(message));
        self
    }

    /// The answer of a server whose model fails before its first word, and that passes the
    /// message on.
    pub fn failure(message: &str) -> Answer {
        AiSdkProtocol::failure(message)
    }

    /// What reached the model: one entry for every question that was in order; of more than 1,000
    /// or 4 MiB only the newest.
    pub fn received(&self) -> Vec<AiSdkReceived> {
        self.protocol().received()
    }
}
