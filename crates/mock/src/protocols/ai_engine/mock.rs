use super::access::cookie;
use super::events::MASKED;
use super::question::DEFAULT_SYSTEM_PROMPT;
use super::received::AiEngineReceived;
use super::site::AiEngineProtocol;
use crate::mock::Mock;

/// A mock of a WordPress site with the AI Engine plugin.
///
/// It has the site's pages, `start_session` with its nonces, `chats/submit` with the checks of the
/// real plugin, `files/upload` for pictures, and what members need: login cookies, their nonces,
/// application passwords. [`PluginVersion`](crate::PluginVersion) says what differs between the
/// versions. The default reply is `This is the AI Engine mock. You asked: <newMessage>`, streamed
/// word by word, or whole where the request asks for no stream.
///
/// Every answer to a request with a valid nonce gets the nonce header, and every answer the `Link`
/// to the REST API, unless a scripted one has such a header already.
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

    /// What a guest of 3.7 reads in place of a fault of the model. The words are the mock's; those
    /// of the real plugin are another sentence as general.
    pub const MASKED_ERROR: &'static str = MASKED;

    /// A new nonce; the one before is no longer accepted.
    pub fn expire_nonce(&self) {
        self.expire_credentials();
    }

    /// A new nonce; the one before is ageing: still accepted, but answered with the new one.
    pub fn age_nonce(&self) {
        self.protocol().access().age();
    }

    /// The nonce that guests get now.
    pub fn nonce(&self) -> String {
        self.protocol().access().nonce(None)
    }

    /// The nonce that this user gets now; `None` if the site has no such user.
    pub fn nonce_of(&self, user: &str) -> Option<String> {
        let user = self.protocol().user(user)?;
        Some(self.protocol().access().nonce(Some(user)))
    }

    /// The login cookie of this user, as `name=value`; `None` if the site has no such user.
    pub fn login_cookie(&self, user: &str) -> Option<String> {
        let user = self.protocol().user(user)?;
        Some(format!(
            "{}={}",
            self.protocol().cookie_name(),
            cookie(user)
        ))
    }

    /// How many files were uploaded.
    pub fn uploads(&self) -> usize {
        self.protocol().uploads()
    }

    /// What reached the model: one entry for every question that was in order; of more than 1,000
    /// or 4 MiB only the newest.
    pub fn model_received(&self) -> Vec<AiEngineReceived> {
        self.protocol().received()
    }
}
