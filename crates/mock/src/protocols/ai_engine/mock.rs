use super::access::cookie;
use super::events::MASKED;
use super::question::DEFAULT_SYSTEM_PROMPT;
use super::received::AiEngineReceived;
use super::site::AiEngineProtocol;
use crate::mock::Mock;

/// A mock of a WordPress site with the AI Engine plugin.
///
/// It serves the site's pages, `start_session`, `chats/submit` with the checks of the real plugin,
/// `files/upload` for pictures, and logins by cookie and application password.
/// [`PluginVersion`](crate::PluginVersion) lists what differs between versions. The default reply
/// is `This is the AI Engine mock. You asked: <newMessage>`, and the types and sizes of the images
/// that came with it, streamed word by word, or whole if the
/// request asks for no stream.
///
/// Every answer has the `Link` header of the REST API, and every answer to a request with a valid
/// nonce the nonce header, unless the script sets them.
///
/// The site has the bots `default` and `custom`, and a handful of models; the builder adds others.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use chatwire_mock::{AiEngineMock, AiReply, Permalinks, PluginVersion};
///
/// let mock = AiEngineMock::builder()
///     .version(PluginVersion::V3_7)
///     .directory("/blog")
///     .permalinks(Permalinks::Plain)
///     .start()
///     .await?;
/// mock.reply(AiReply::new().delta("Hi").delta(" there ").end("Hi there"));
/// mock.expire_nonce();
/// assert!(mock.base_url().ends_with("/blog"));
/// # Ok(())
/// # }
/// ```
pub type AiEngineMock = Mock<AiEngineProtocol>;

impl AiEngineMock {
    /// The system prompt of the mock's bots.
    pub const DEFAULT_SYSTEM_PROMPT: &'static str = DEFAULT_SYSTEM_PROMPT;

    /// What a guest of 3.7 reads instead of an error of the model. The real plugin has another,
    /// equally general sentence.
    pub const MASKED_ERROR: &'static str = MASKED;

    /// Replaces the nonce: the old one is no longer accepted.
    pub fn expire_nonce(&self) {
        self.expire_credentials();
    }

    /// Ages the nonce: the old one is still accepted, but answered with a new one.
    pub fn age_nonce(&self) {
        self.protocol().access().age();
    }

    /// Returns the nonce that guests get.
    pub fn nonce(&self) -> String {
        self.protocol().access().nonce(None)
    }

    /// Returns the nonce that this user gets, or `None` if the site has no such user.
    pub fn nonce_of(&self, user: &str) -> Option<String> {
        let user = self.protocol().user(user)?;
        Some(self.protocol().access().nonce(Some(user)))
    }

    /// Returns the login cookie of this user as `name=value`, or `None` if the site has no such
    /// user.
    pub fn login_cookie(&self, user: &str) -> Option<String> {
        let user = self.protocol().user(user)?;
        Some(format!(
            "{}={}",
            self.protocol().cookie_name(),
            cookie(user)
        ))
    }

    /// Returns how many files were uploaded.
    pub fn uploads(&self) -> usize {
        self.protocol().uploads()
    }

    /// Returns what reached the model: one entry for every valid question, at most the last 1,000
    /// and 4 MiB.
    pub fn model_received(&self) -> Vec<AiEngineReceived> {
        self.protocol().received()
    }
}
