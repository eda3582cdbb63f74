use std::error::Error as StdError;
use std::time::Duration;

#[cfg(feature = "rustls")]
use super::certificates::tls_failure;
use super::config::HttpConfig;
use super::url::RequestUrl;
use crate::error::{Error, ErrorKind, TimeoutPhase};

/// The error for a time limit that passed.
pub(super) fn timeout_error(phase: TimeoutPhase, limit: Option<Duration>) -> Error {
    let what = match phase {
        TimeoutPhase::Connect => "no connection",
        TimeoutPhase::Head => "no response head",
        TimeoutPhase::FirstByte => "a response head, but no first byte of the answer",
        TimeoutPhase::FirstText => "no first text of the answer",
        TimeoutPhase::Idle => "no more of the answer",
        TimeoutPhase::Total => "the answer was not complete",
    };
    let limit = limit.map_or(String::new(), |limit| {
        format!(" within the limit of {} s", limit.as_secs_f64())
    });
    Error::new(ErrorKind::Timeout(phase), format!("{what}{limit}"))
}

/// The error for a request that got no response head.
pub(super) fn send_error(error: reqwest::Error, url: &RequestUrl, config: &HttpConfig) -> Error {
    let error = error.without_url();
    if error.is_timeout() {
        // The limits of the caller's own client are not known here.
        let limit = match config.client {
            Some(_) => None,
            None => config.connect_timeout,
        };
        return match error.is_connect() {
            true => timeout_error(TimeoutPhase::Connect, limit).with_source(error),
            false => timeout_error(TimeoutPhase::Head, None).with_source(error),
        };
    }
    let (kind, message) = if is_not_http(&error) {
        (
            ErrorKind::Protocol,
            format!(
                "{url} does not answer in HTTP: {}{}",
                root_cause(&error),
                match url.is_https() {
                    true => "",
                    false => "; if it speaks TLS, its address begins with https://",
                }
            ),
        )
    } else if error.is_builder() {
        (
            ErrorKind::InvalidRequest,
            format!("the request to {url} cannot be made: {}", chain(&error)),
        )
    } else if error.is_connect() {
        (
            ErrorKind::Connect,
            format!("cannot connect to {url}: {}", why(&error)),
        )
    } else {
        (
            ErrorKind::Connect,
            format!("no answer from {url}: {}", root_cause(&error)),
        )
    };
    Error::new(kind, message).with_source(error)
}

/// The error for a body that broke before its end.
pub(super) fn body_error(error: reqwest::Error) -> Error {
    let error = error.without_url();
    // Limits that are not ours: of the network, or of the caller's own client.
    if error.is_timeout() {
        return timeout_error(TimeoutPhase::Idle, None).with_source(error);
    }
    Error::new(
        ErrorKind::Interrupted,
        format!(
            "the connection broke within the answer: {}",
            root_cause(&error)
        ),
    )
    .with_source(error)
}

/// Why there is no connection.
fn why(error: &reqwest::Error) -> String {
    #[cfg(feature = "rustls")]
    if let Some(words) = tls_failure(error) {
        return words;
    }
    let cause = root_cause(error);
    match cause.contains("handshake eof") {
        true => format!("{cause}: it may not speak TLS there, but http://"),
        false => cause,
    }
}

/// The error for root certificates without a certificate.
#[cfg(any(feature = "native-tls", feature = "rustls"))]
pub(super) fn no_certificate() -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        "the root certificates have no certificate in PEM among them, which begins with \
         -----BEGIN CERTIFICATE-----",
    )
}

/// The innermost cause, which says what happened; the outer ones only pass it on.
fn root_cause(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The error and all causes behind it.
pub(super) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

/// Whether an answer came that is not HTTP.
fn is_not_http(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(source) = cause {
        if let Some(error) = source.downcast_ref::<hyper::Error>() {
            return error.is_parse();
        }
        cause = source.source();
    }
    false
}
