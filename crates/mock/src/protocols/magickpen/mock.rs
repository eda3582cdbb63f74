use super::signature::signature;
use super::site::MagickPenProtocol;
use crate::mock::Mock;

/// A mock of MagickPen: the front page and the bundle with the secrets, and `POST /ask`, which
/// checks headers, secrets, signature and body.
///
/// The default reply is `This is the MagickPen mock. You asked: <query>`. An invalid request gets
/// 400, 401 or 403 and a JSON message that says what is wrong.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use chatwire_mock::MagickPenMock;
///
/// // The bundle is not where clients first look: they have to find its new address.
/// let mock = MagickPenMock::builder().hash("0c1d2e3f").start().await?;
/// mock.reply("Hello there");
/// mock.rotate_secrets();
/// assert_eq!(mock.credential_fetches(), 0);
/// # Ok(())
/// # }
/// ```
pub type MagickPenMock = Mock<MagickPenProtocol>;

impl MagickPenMock {
    /// The bundle's last known hash, which is the mock's default.
    pub const LAST_KNOWN_HASH: &'static str = "bf709a9ce19f14e18116";

    /// Replaces the secrets: the bundle has new ones at once, and the old ones are refused with 403.
    pub fn rotate_secrets(&self) {
        self.expire_credentials();
    }

    /// Simulates a deployment: the bundle moves to another hash and has new secrets.
    pub fn redeploy(&self, hash: impl Into<String>) {
        self.protocol().redeploy(hash.into());
    }

    /// Returns the value of `secret` in the bundle.
    pub fn secret(&self) -> String {
        self.protocol().current_secrets().0
    }

    /// Returns the value of `X-API-Secret` in the bundle.
    pub fn api_secret(&self) -> String {
        self.protocol().current_secrets().1
    }

    /// Returns the signature for this timestamp and nonce.
    pub fn signature(timestamp: &str, nonce: &str) -> String {
        signature(timestamp, nonce)
    }
}
