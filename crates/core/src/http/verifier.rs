//! Which servers' certificates are accepted.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};

use super::failure::no_certificate;
use crate::error::{Error, ErrorKind};

/// The certificates that the caller trusts, besides those of the platform.
pub(super) struct Roots(Vec<CertificateDer<'static>>);

impl Roots {
    /// Reads them from texts in PEM.
    pub(super) fn read(texts: &[Vec<u8>]) -> Result<Roots, Error> {
        let mut roots = Vec::new();
        for text in texts {
            let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
            let read = read.ok().filter(|read| !read.is_empty());
            roots.extend(read.ok_or_else(no_certificate)?);
        }
        let mut store = rustls::RootCertStore::empty();
        for (index, root) in roots.iter().enumerate() {
            store.add(root.clone()).map_err(|error| {
                Error::new(
                    ErrorKind::InvalidRequest,
                    format!(
                        "root certificate number {} cannot be read: {error}",
                        index + 1
                    ),
                )
                .with_source(error)
            })?;
        }
        Ok(Roots(roots))
    }
}

/// Accepts what the platform accepts, what the caller's authorities have signed,
/// and a certificate that is among the caller's byte for byte: a self-signed one
/// is its own authority, which the usual rules do not allow.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Read when the first server is to be verified: it takes milliseconds, and
    /// a program that speaks plain HTTP alone does without. An error if there is
    /// no authority at all.
    inner: OnceLock<Result<rustls_platform_verifier::Verifier, rustls::Error>>,
    known: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    pub(super) fn new(Roots(known): Roots, provider: &Arc<CryptoProvider>) -> Verifier {
        Verifier {
            inner: OnceLock::new(),
            known,
            provider: provider.clone(),
        }
    }

    fn inner(&self) -> Result<&rustls_platform_verifier::Verifier, &rustls::Error> {
        let read = || platform(&self.known, &self.provider);
        self.inner.get_or_init(read).as_ref()
    }

    /// Returns why no server can be accepted, if that is so.
    pub(super) fn broken(&self) -> Option<Error> {
        let error = self.inner().err()?;
        let error = Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "TLS cannot be set up: {error}: install the certificate authorities of the \
                 system, or name a file with them"
            ),
        )
        .with_source(error.clone());
        Some(error)
    }
}

#[cfg(not(target_os = "android"))]
fn platform(
    known: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<rustls_platform_verifier::Verifier, rustls::Error> {
    let roots = known.iter().cloned();
    rustls_platform_verifier::Verifier::new_with_extra_roots(roots, provider.clone())
}

/// There, authorities are added in the settings of the system.
#[cfg(target_os = "android")]
fn platform(
    _: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<rustls_platform_verifier::Verifier, rustls::Error> {
    rustls_platform_verifier::Verifier::new(provider.clone())
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Ok(inner) = self.inner() else {
            return Err(CertificateError::UnknownIssuer.into());
        };
        let verified =
            inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            // Its dates are checked before its issuer is looked for.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::Other(_),
            )) if self.known.contains(end_entity) => {
                check_name(end_entity, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// Checks whether a known certificate is for this server. One that names no
/// server at all is for the one that it was given for.
fn check_name(known: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), rustls::Error> {
    match verify_server_name(&ParsedCertificate::try_from(known)?, name) {
        Err(rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented,
            ..
        })) if presented.is_empty() => Ok(()),
        checked => checked,
    }
}

/// Accepts every certificate, for servers of one's own. Signatures are checked
/// all the same: they cost nothing, and a broken server is noticed.
#[derive(Debug)]
pub(super) struct Unchecked(Arc<CryptoProvider>);

impl Unchecked {
    pub(super) fn new(provider: &Arc<CryptoProvider>) -> Unchecked {
        Unchecked(provider.clone())
    }
}

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
