use std::fmt;
use std::time::SystemTime;

use chatwire_core::provider_kit::Redactor;
use chatwire_core::{Error, ErrorKind, Secret};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::address::{leads_to, shown};
use super::cookie::cookie_header;
use super::headers::accept_language;
use super::parts::SessionParts;

/// What a server recognises a browser by: its cookies, user agent, languages
/// and client hints, and the address that it ended at.
///
/// A session belongs to the server that the browser got it from and is sent to
/// no other. `Debug` shows none of its secrets; only
/// [`to_json`](BrowserSession::to_json) has them.
///
/// ```
/// # fn main() -> Result<(), chatwire_core::Error> {
/// use chatwire_browser::BrowserSession;
///
/// let session = BrowserSession::from_json(
///     r#"{
///         "address": "https://chat.example.org/",
///         "cookies": [{"name": "session", "value": "d2h5"}],
///         "user_agent": "Mozilla/5.0 (X11; Linux x86_64) …",
///         "languages": ["en-US", "en"]
///     }"#,
/// )?;
/// assert_eq!(session.cookie_names().collect::<Vec<_>>(), ["session"]);
/// assert!(!format!("{session:?}").contains("d2h5"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserSession {
    address: Url,
    parts: SessionParts,
}

impl BrowserSession {
    /// Reads what [`to_json`](BrowserSession::to_json) wrote. For the files of
    /// browsers and their extensions see [`import`](BrowserSession::import).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if it is not a session. The message
    /// repeats nothing of it.
    pub fn from_json(json: &str) -> Result<BrowserSession, Error> {
        // serde's own message can repeat a value, so only the place is passed on.
        let parts: SessionParts = serde_json::from_str(json).map_err(|error| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "this is not a browser session: see line {}, column {}",
                    error.line(),
                    error.column()
                ),
            )
        })?;
        BrowserSession::new(parts)
    }

    pub(crate) fn new(mut parts: SessionParts) -> Result<BrowserSession, Error> {
        let invalid = |what: &str| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("the browser session {what}"),
            )
        };
        let mut address = Url::parse(&parts.address)
            .map_err(|_| invalid("has an address that cannot be read"))?;
        if !matches!(address.scheme(), "http" | "https") || address.host_str().is_none() {
            return Err(invalid("must have an http or https address"));
        }
        // As in a Referer header: what no server is told.
        address.set_fragment(None);
        let _ = address.set_username("");
        let _ = address.set_password(None);
        address.as_str().clone_into(&mut parts.address);
        let session = BrowserSession { address, parts };
        session.headers()?;
        for cookie in &session.parts.cookies {
            header_value(&format!("{}={}", cookie.name, cookie.value), "cookie")?;
        }
        Ok(session)
    }

    /// The session with its secrets as JSON, to be kept in a safe place.
    pub fn to_json(&self) -> String {
        // Texts, numbers and lists of them: this cannot fail.
        serde_json::to_string_pretty(&self.parts).unwrap_or_default()
    }

    /// The address that the browser ended at, without its query.
    pub fn address(&self) -> String {
        shown(&self.address)
    }

    /// The names of the cookies.
    pub fn cookie_names(&self) -> impl Iterator<Item = &str> {
        self.parts.cookies.iter().map(|cookie| cookie.name.as_str())
    }

    /// The browser's `User-Agent`.
    pub fn user_agent(&self) -> Option<&str> {
        self.parts.user_agent.as_deref()
    }

    /// The browser's languages, the preferred one first.
    pub fn languages(&self) -> &[String] {
        &self.parts.languages
    }

    /// Where requests for this base URL go with the session: there, to the same
    /// host over https, or with or without `www.`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if it is a session of another server.
    pub(crate) fn base_for(&self, asked: &Url) -> Result<Url, Error> {
        leads_to(asked, &self.address).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "the browser session is one of {}, not of {}: \
                     if that is the server you mean, set it as the base URL",
                    self.address.origin().ascii_serialization(),
                    asked.origin().ascii_serialization(),
                ),
            )
        })
    }

    /// The headers of every request, without the cookies.
    pub(crate) fn headers(&self) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: &str| {
            let value = header_value(value, name.as_str())?;
            headers.insert(name, value);
            Ok::<(), Error>(())
        };
        set(header::ORIGIN, &self.address.origin().ascii_serialization())?;
        set(header::REFERER, self.address.as_str())?;
        if let Some(agent) = &self.parts.user_agent {
            set(header::USER_AGENT, agent)?;
        }
        if !self.parts.languages.is_empty() {
            let languages = accept_language(&self.parts.languages);
            set(header::ACCEPT_LANGUAGE, &languages)?;
        }
        if let Some(hints) = &self.parts.client_hints {
            for (name, value) in hints.headers() {
                set(HeaderName::from_static(name), &value)?;
            }
        }
        Ok(headers)
    }

    /// The `Cookie` header for a path at a time.
    pub(crate) fn cookies_for(&self, path: &str, now: SystemTime) -> Option<HeaderValue> {
        let header = cookie_header(&self.parts.cookies, path, Some(now))?;
        // Each cookie was found to fit into a header.
        header_value(&header, "cookie").ok()
    }

    /// Keeps the session's secrets out of errors.
    pub(crate) fn hide_from(&self, redactor: &Redactor) {
        let cookies = self.parts.cookies.iter();
        let cookies = cookies.map(|cookie| Secret::new(cookie.value.as_str()));
        let query = self.address.query_pairs();
        let query = query.map(|(_, value)| Secret::new(value.into_owned()));
        redactor.add_all(cookies.chain(query));
    }
}

impl fmt::Debug for BrowserSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserSession")
            .field("address", &self.address())
            .field("cookies", &self.cookie_names().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// A sensitive header. Browsers send characters beyond ASCII as they are.
fn header_value(text: &str, name: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("the browser session has characters that the header {name} cannot carry"),
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::BrowserSession;

    const JSON: &str = r#"{
        "address": "https://u:pw@chat.example.org/start?token=hushhush#top",
        "cookies": [{"name": "a", "value": "s3cret"}],
        "user_agent": "Agent/1",
        "languages": ["en-US", "en", "de"],
        "client_hints": {
            "brands": [{"brand": "Chromium", "version": "126"}],
            "mobile": false,
            "platform": "Linux"
        }
    }"#;

    #[test]
    fn a_session_is_what_a_browser_sends() {
        let session = BrowserSession::from_json(JSON).unwrap();
        let headers = session.headers().unwrap();
        for (name, value) in [
            ("origin", "https://chat.example.org"),
            ("referer", "https://chat.example.org/start?token=hushhush"),
            ("user-agent", "Agent/1"),
            ("accept-language", "en-US,en;q=0.9,de;q=0.8"),
            ("sec-ch-ua", "\"Chromium\";v=\"126\""),
            ("sec-ch-ua-mobile", "?0"),
            ("sec-ch-ua-platform", "\"Linux\""),
        ] {
            assert_eq!(headers.get(name).unwrap(), value, "{name}");
            assert!(headers.get(name).unwrap().is_sensitive());
        }
        let cookies = session.cookies_for("/", UNIX_EPOCH).unwrap();
        assert_eq!(cookies, "a=s3cret");
        assert!(cookies.is_sensitive());
    }

    #[test]
    fn secrets_stand_in_the_file_alone() {
        let session = BrowserSession::from_json(JSON).unwrap();
        let shown = format!("{session:?} {}", session.address());
        for secret in ["s3cret", "hushhush", "pw"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        let again = BrowserSession::from_json(&session.to_json()).unwrap();
        assert_eq!(again, session);
        for wrong in [
            "",
            "{}",
            r#"{"address": "s3cret", "cookies": []}"#,
            r#"{"address": "file:///s3cret", "cookies": []}"#,
            r#"{"address": "http://h/", "cookies": "s3cret"}"#,
            r#"{"address": "http://h/", "cookies": [{"name": "a", "value": "s3cret\n"}]}"#,
            r#"{"address": "http://h/", "user_agent": "s3cret\n", "cookies": []}"#,
        ] {
            let error = BrowserSession::from_json(wrong).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
