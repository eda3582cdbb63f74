//! Members of a site: the login of a browser, or an application password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chatwire_browser::{BrowserSession, SessionOptions};
use chatwire_core::provider_kit::BaseUrl;
use chatwire_core::{Error, ErrorKind, Secret};

use crate::config::Config;

/// Adds the sources of sessions that are configured.
///
/// # Errors
///
/// [`ErrorKind::InvalidRequest`] for cookies that cannot be read, and for
/// settings of a browser that cannot be used.
pub(crate) fn sessions(
    config: &Config,
    base: &BaseUrl,
    mut sessions: SessionOptions,
) -> Result<SessionOptions, Error> {
    if let Some(cookie) = &config.cookie {
        sessions = sessions.with_session(session_of(cookie, base)?);
    }
    config.sessions.apply(sessions)
}

/// The session with the cookies of a `Cookie` header.
fn session_of(cookie: &Secret, base: &BaseUrl) -> Result<BrowserSession, Error> {
    let pairs = cookie.expose().split(';').map(str::trim);
    let cookies: Option<Vec<_>> = pairs
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some(serde_json::json!({"name": name, "value": value}))
        })
        .collect();
    let Some(cookies) = cookies.filter(|cookies| !cookies.is_empty()) else {
        return Err(invalid(
            "setting cookie must be NAME=VALUE, with semicolons between several",
        ));
    };
    let session = serde_json::json!({"address": format!("{base}/"), "cookies": cookies});
    BrowserSession::from_json(&session.to_string())
}

/// The value of the `Authorization` header for the configured application
/// password.
///
/// # Errors
///
/// [`ErrorKind::InvalidRequest`] for one without the other, and if it would
/// cross the network in the clear.
pub(crate) fn authorization(config: &Config, base: &BaseUrl) -> Result<Option<Secret>, Error> {
    if config.application_password.is_some() && !is_private(base) {
        return Err(invalid(
            "an application password is sent over https only: WordPress takes it nowhere else",
        ));
    }
    match (&config.user, &config.application_password) {
        (None, None) => Ok(None),
        (Some(user), Some(password)) => {
            let pair = format!("{user}:{}", password.expose());
            Ok(Some(Secret::new(format!(
                "Basic {}",
                STANDARD.encode(pair)
            ))))
        }
        _ => Err(invalid(
            "settings user and application_password need each other",
        )),
    }
}

/// Whether what is sent there is encrypted, or stays on this machine.
fn is_private(base: &BaseUrl) -> bool {
    let origin = base.origin();
    let Some(rest) = origin.strip_prefix("http://") else {
        return true;
    };
    let host = match rest.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => rest.split(':').next(),
    };
    host.is_some_and(|host| {
        let is_loopback = |ip: std::net::IpAddr| ip.is_loopback();
        host == "localhost" || host.parse().is_ok_and(is_loopback)
    })
}

fn invalid(why: &str) -> Error {
    Error::new(ErrorKind::InvalidRequest, why)
}
