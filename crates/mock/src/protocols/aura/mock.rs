use super::received::AuraReceived;
use super::server::{AuraProtocol, DEFAULT_PROMPT};
use crate::answers::Answer;
use crate::mock::Mock;
use crate::protocol::Protocol;

/// A mock of an openchat-ui or Chatbot-UI server (`POST /api/chat`, `POST /api/models`).
///
/// The default reply is `This is the Aura mock. You asked: <last user message>`. A request that
/// the real server cannot handle is answered as it does: status 500, body `Error`, and the cause,
/// if it is told at all, in the reason phrase. Tokens are counted as a quarter of the characters,
/// rounded up.
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

    /// Queues a failure with this cause, see [`failure`](Self::failure).
    pub fn fail(&self, cause: &str) -> &Self {
        self.answer(Self::failure(cause));
        self
    }

    /// The server's answer when something fails: status 500, body `Error`, the cause in the reason
    /// phrase. A cause with a newline or a character above U+00FF cannot stand there; the phrase
    /// is then `Internal Server Error`.
    pub fn failure(cause: &str) -> Answer {
        AuraProtocol::failure(cause)
    }

    /// What reached the model: one entry for every question that was in order; of more than 1,000
    /// or 4 MiB only the newest.
    pub fn received(&self) -> Vec<AuraReceived> {
        self.protocol().received()
    }
}
