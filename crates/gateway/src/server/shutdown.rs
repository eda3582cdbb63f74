use tokio_util::sync::CancellationToken;

/// Tells everything that runs how far the server is on its way out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shutdown {
    /// No new requests are taken; running replies go on.
    pub(crate) draining: CancellationToken,
    /// Running replies end with an error.
    pub(crate) cut: CancellationToken,
}
