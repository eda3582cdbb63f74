#[cfg(feature = "rustls")]
use std::sync::Arc;
use std::sync::OnceLock;

use super::config::HttpConfig;
#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
use super::failure::no_certificate;
#[cfg(feature = "rustls")]
use super::verifier::{Roots, Unchecked, Verifier};
use crate::error::Error;
#[cfg(any(feature = "native-tls", feature = "rustls"))]
use crate::error::ErrorKind;

/// How a client speaks TLS, shared by its connections in all runtimes.
pub(super) struct Tls {
    #[cfg(feature = "rustls")]
    config: rustls::ClientConfig,
    /// `None` if every certificate is accepted.
    #[cfg(feature = "rustls")]
    verifier: Option<Arc<Verifier>>,
    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    roots: Vec<reqwest::Certificate>,
    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    is_checked: bool,
    /// Why https cannot be used, once it was asked. That is no reason to refuse
    /// `http://`.
    broken: OnceLock<Option<Error>>,
}

impl Tls {
    /// rustls with the ring provider: it builds faster and is smaller than
    /// reqwest's own choice. A provider that the program has installed is used.
    #[cfg(feature = "rustls")]
    pub(super) fn new(config: &HttpConfig) -> Result<Tls, Error> {
        use rustls::client::danger::ServerCertVerifier;

        let provider = rustls::crypto::CryptoProvider::get_default()
            .cloned()
            .unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
        let roots = Roots::read(&config.root_certificates)?;
        let verifier = match config.unchecked_tls {
            true => None,
            false => Some(Arc::new(Verifier::new(roots, &provider))),
        };
        let accepts: Arc<dyn ServerCertVerifier> = match &verifier {
            Some(verifier) => verifier.clone(),
            None => Arc::new(Unchecked::new(&provider)),
        };
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| {
                Error::new(
                    ErrorKind::InvalidRequest,
                    format!("TLS cannot be set up: {error}"),
                )
                .with_source(error)
            })?
            .dangerous()
            .with_custom_certificate_verifier(accepts)
            .with_no_client_auth();
        Ok(Tls {
            config,
            verifier,
            broken: OnceLock::new(),
        })
    }

    /// The platform's library.
    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    pub(super) fn new(config: &HttpConfig) -> Result<Tls, Error> {
        let mut roots = Vec::new();
        for pem in &config.root_certificates {
            let read = reqwest::Certificate::from_pem_bundle(pem);
            let read = read.ok().filter(|read| !read.is_empty());
            roots.extend(read.ok_or_else(no_certificate)?);
        }
        Ok(Tls {
            roots,
            is_checked: !config.unchecked_tls,
            broken: OnceLock::new(),
        })
    }

    /// None: only `http://` can be used.
    #[cfg(not(any(feature = "native-tls", feature = "rustls")))]
    pub(super) fn new(_: &HttpConfig) -> Result<Tls, Error> {
        Ok(Tls {
            broken: OnceLock::new(),
        })
    }

    /// Returns whether https can be used.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self.broken.get_or_init(|| self.find_broken()) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    #[cfg(feature = "rustls")]
    fn find_broken(&self) -> Option<Error> {
        let verifier = self.verifier.as_ref()?;
        missing_file().or_else(|| verifier.broken())
    }

    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    fn find_broken(&self) -> Option<Error> {
        missing_file()
    }

    #[cfg(not(any(feature = "native-tls", feature = "rustls")))]
    fn find_broken(&self) -> Option<Error> {
        None
    }

    pub(super) fn apply(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        #[cfg(feature = "rustls")]
        let builder = builder.tls_backend_preconfigured(self.config.clone());
        #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
        let builder = self.roots.iter().fold(
            builder.danger_accept_invalid_certs(!self.is_checked),
            |builder, root| builder.add_root_certificate(root.clone()),
        );
        builder
    }
}

/// The error for a file of authorities that the environment names and that does
/// not exist: the platform's are then not read either.
#[cfg(any(feature = "native-tls", feature = "rustls"))]
fn missing_file() -> Option<Error> {
    let path = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty())?;
    let why = std::fs::File::open(&path).err()?;
    Some(
        Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "the environment variable SSL_CERT_FILE names a file that cannot be read: {}: {why}",
                path.display()
            ),
        )
        .with_source(why),
    )
}
