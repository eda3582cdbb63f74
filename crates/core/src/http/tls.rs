use crate::error::Error;

/// How a client speaks TLS. It is read once, because reading the certificates
/// of the platform takes milliseconds, and shared by all clients made with it.
#[derive(Clone)]
pub(super) struct Tls {
    #[cfg(feature = "rustls")]
    config: rustls::ClientConfig,
}

impl Tls {
    /// rustls with the ring provider: it builds faster and is smaller than
    /// reqwest's own choice. A provider that the program has installed is used.
    #[cfg(feature = "rustls")]
    pub(super) fn new() -> Result<Tls, Error> {
        use std::sync::Arc;

        use rustls_platform_verifier::BuilderVerifierExt as _;

        use crate::error::ErrorKind;

        let failed = |error: rustls::Error| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("TLS cannot be set up: {error}"),
            )
            .with_source(error)
        };
        let provider = rustls::crypto::CryptoProvider::get_default()
            .cloned()
            .unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_platform_verifier())
            .map_err(failed)?
            .with_no_client_auth();
        Ok(Tls { config })
    }

    /// The choice of reqwest, or none.
    #[cfg(not(feature = "rustls"))]
    pub(super) fn new() -> Result<Tls, Error> {
        Ok(Tls {})
    }

    pub(super) fn apply(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        #[cfg(feature = "rustls")]
        let builder = builder.tls_backend_preconfigured(self.config.clone());
        builder
    }
}
