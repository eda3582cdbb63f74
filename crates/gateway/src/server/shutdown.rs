use tokio_util::sync::CancellationToken;

/// The two steps of a shutdown, for everything that runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shutdown {
    /// Cancelled when no new requests are accepted; running replies go on.
    pub(crate) draining: CancellationToken,
    /// Cancelled when running replies must end with an error.
    pub(crate) cut: CancellationToken,
}
