use http::header::{self, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use super::config::HttpConfig;
use crate::error::{Error, ErrorKind};
use crate::secret::{Redactor, Secret};
use crate::text::CUT;

/// Headers that the client sets itself: a wrong one would let a server read one
/// request as two, or wait for more.
const FRAMING: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Reads the configured headers of every request, and tells the redactor their
/// values.
pub(super) fn configured_headers(
    config: &HttpConfig,
    redactor: &Redactor,
) -> Result<HeaderMap, Error> {
    let invalid = |message: String| Error::new(ErrorKind::InvalidRequest, message);
    let mut headers = HeaderMap::new();
    if let Some(agent) = &config.user_agent {
        let value = HeaderValue::from_str(agent).map_err(|_| {
            invalid(format!(
                "user agent {agent:?} has characters that an HTTP header cannot carry"
            ))
        })?;
        headers.insert(USER_AGENT, value);
    }
    for (name, value) in &config.headers {
        let name: HeaderName = name.trim().parse().map_err(|_| {
            let shown = shown_name(name.trim());
            invalid(format!("{shown:?} is not the name of an HTTP header"))
        })?;
        if FRAMING.contains(&name) {
            return Err(invalid(format!(
                "header {name} frames a message: the HTTP client sets it, and nobody else can"
            )));
        }
        let value = Secret::new(value.expose().trim());
        let header = value.header_value("").map_err(|_| {
            invalid(format!(
                "the value of header {name} has characters that a header cannot carry"
            ))
        })?;
        for secret in secrets_in(&name, value) {
            redactor.keep(&secret);
        }
        if name == USER_AGENT {
            headers.insert(name, header);
        } else {
            headers.append(name, header);
        }
    }
    Ok(headers)
}

/// The start of a text that is not a name, as far as it could be one: after a
/// wrong separator, as in `cookie=a:b`, the rest is the value.
fn shown_name(text: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let name: String = text.chars().take_while(|c| is_name(*c)).collect();
    match name == text {
        true => name,
        false => name + CUT,
    }
}

/// Returns what a server may repeat of a header by itself.
fn secrets_in(name: &HeaderName, value: Secret) -> Vec<Secret> {
    let mut secrets = Vec::new();
    // A cookie is several secrets in one line.
    for part in value.expose().split(';') {
        if let Some((_, value)) = part.split_once('=') {
            secrets.push(Secret::new(value.trim()));
        }
    }
    // "Bearer …" is a secret after its scheme.
    if let Some((scheme, token)) = value.expose().split_once(' ')
        && name == AUTHORIZATION
    {
        secrets.push(Secret::new(token.trim()));
        if scheme.eq_ignore_ascii_case("basic") {
            secrets.extend(basic_secrets(token.trim()));
        }
    }
    secrets.push(value);
    secrets
}

/// Returns the user name and password in a `Basic` header, and the password.
fn basic_secrets(token: &str) -> Vec<Secret> {
    use base64::Engine as _;

    let decoded = base64::engine::general_purpose::STANDARD.decode(token);
    let Some(both) = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return Vec::new();
    };
    let password = both
        .split_once(':')
        .map(|(_, password)| Secret::new(password));
    password.into_iter().chain([Secret::new(both)]).collect()
}
