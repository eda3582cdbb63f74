use super::signature::signature;
use super::site::MagickPenProtocol;
use crate::mock::Mock;

/// A mock of MagickPen: the front page and the bundle with the secrets, and `POST /ask`, which
/// checks headers, secrets, signature and body.
///
/// The default reply is `This is the MagickPen mock. You asked: <query>`. A request that is not in
/// order is answered with 400, 401 or 403 and a JSON message that says what is wrong with it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use chatwire_mock::MagickPenMock;
///
/// // The address that clients know by heart is gone: they have to find the new one.
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

    /// Replaces the secrets: the bundle has the new ones at once, the old are refused with 403.
    pub fn rotate_secrets(&self) {
        self.expire_credentials();
    }

    /// A new deployment: the bundle moves to another hash and has new secrets.
    pub fn redeploy(&self, hash: impl Into<String>) {
        self.protocol().redeploy(hash.into());
    }

    /// The value of `secret` in the bundle now.
    pub fn secret(&self) -> String {
        self.protocol().current_secrets().0
    }

    /// The value of `X-API-Secret` in the bundle now.
    pub fn api_secret(&self) -> String {
        self.protocol().current_secrets().1
    }

    /// The signature that belongs to this timestamp and nonce.
    pub fn signature(timestamp: &str, nonce: &str) -> String {
        signature(timestamp, nonce)
    }
}
