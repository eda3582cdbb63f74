use super::received::{AuraReceived, DEFAULT_PROMPT};
use super::server::AuraProtocol;
use crate::answers::Answer;
use crate::mock::Mock;
use crate::protocol::Protocol;

/// A mock of an openchat-ui or Chatbot-UI server or a relative of theirs (`POST /api/chat`, `POST /api/models`).
///
/// The default reply is `This is the Aura mock. You asked: <last user message>`. Where the real
/// server fails, the mock fails in the same way: status 500, body `Error`, and the cause, if any,
/// in the reason phrase. It counts a token for every four characters, rounded up.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use chatwire_mock::{AuraFlavour, AuraMock};
///
/// let mock = AuraMock::builder()
///     .flavour(AuraFlavour::ChatbotUi)
///     .require_cookie("session", "let-me-in")
///     .start()
///     .await?;
/// mock.reply("Hello there").fail("Rate limit reached for gpt-4");
/// # Ok(())
/// # }
/// ```
pub type AuraMock = Mock<AuraProtocol>;

impl AuraMock {
    /// The system prompt that the mock uses where a request has none.
    pub const DEFAULT_PROMPT: &'static str = DEFAULT_PROMPT;

    /// Queues a [`failure`](Self::failure) with this cause.
    pub fn fail(&self, cause: &str) -> &Self {
        self.answer(Self::failure(cause));
        self
    }

    /// Returns the server's answer to a failure: status 500, body `Error`, and the cause in the
    /// reason phrase. A reason phrase cannot hold a newline or a character above U+00FF; it is
    /// then `Internal Server Error`.
    pub fn failure(cause: &str) -> Answer {
        AuraProtocol::failure(cause)
    }

    /// Returns what reached the model: one entry for every valid question, at most the last 1,000
    /// and 4 MiB.
    pub fn received(&self) -> Vec<AuraReceived> {
        self.protocol().received()
    }
}
