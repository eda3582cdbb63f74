//! What is wrong with a server's TLS, in words.

use std::error::Error as StdError;
use std::io;
use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error};

/// How many names of a certificate are shown.
const NAMED: usize = 3;

/// Returns what is wrong, and what to do about it, if a request failed in TLS.
pub(super) fn tls_failure(error: &(dyn StdError + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(error) = cause.downcast_ref::<Error>() {
            return Some(words(error));
        }
        next = match cause.downcast_ref::<io::Error>().map(io::Error::get_ref) {
            Some(Some(inner)) => Some(inner),
            _ => cause.source(),
        };
    }
    None
}

fn words(error: &Error) -> String {
    let error = match error {
        Error::InvalidCertificate(error) => error,
        Error::InvalidMessage(_) => {
            return "it does not speak TLS there: an address without TLS begins with http://"
                .to_owned();
        }
        other => return format!("TLS failed: {other}"),
    };
    let for_other_names = |names: &[String]| {
        let shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
        match shown.as_slice() {
            [] => "its certificate is for another name".to_owned(),
            shown => format!("its certificate is for other names: {}", shown.join(", ")),
        }
    };
    match error {
        CertificateError::UnknownIssuer => {
            "its certificate is signed by an authority that is not known here; the file with that \
             authority's certificate can be named (--ca-file, or ca_file)"
                .to_owned()
        }
        CertificateError::NotValidForNameContext { presented, .. } => for_other_names(presented),
        CertificateError::NotValidForName => for_other_names(&[]),
        CertificateError::ExpiredContext { not_after, .. } => format!(
            "its certificate has expired, on {}",
            date(*not_after).unwrap_or_default()
        ),
        CertificateError::Expired => "its certificate has expired".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => format!(
            "its certificate is valid only from {} on: is the clock right?",
            date(*not_before).unwrap_or_default()
        ),
        CertificateError::NotValidYet => {
            "its certificate is not valid yet: is the clock right?".to_owned()
        }
        CertificateError::Revoked => "its certificate was revoked".to_owned(),
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "its certificate is signed by itself; the file with it can be named (--ca-file, or \
             ca_file)"
                .to_owned()
        }
        other => format!("its certificate is not accepted: {other}"),
    }
}

fn date(time: UnixTime) -> Option<String> {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()))?;
    Some(httpdate::fmt_http_date(time))
}
