use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use chatwire_core::provider_kit::{BaseUrl, HttpClient};
use chatwire_core::{Error, ErrorKind, Secret};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use url::Url;

/// What a server knows a browser by: its cookies, user agent, languages and
/// client hints, and the address that it ended at.
///
/// A session belongs to the server that the browser got it from and is sent to
/// no other. It prints without its secrets; only
/// [`to_json`](BrowserSession::to_json) has them.
///
/// ```
/// # fn main() -> Result<(), chatwire_aura::Error> {
/// use chatwire_aura::{Aura, BrowserSession};
///
/// let session = BrowserSession::from_json(
///     r#"{
///         "address": "https://chat.example.org/",
///         "cookies": [{"name": "session", "value": "d2h5"}],
///         "user_agent": "Mozilla/5.0 (X11; Linux x86_64) …",
///         "languages": ["en-US", "en"]
///     }"#,
/// )?;
/// assert!(!format!("{session:?}").contains("d2h5"));
/// let provider = Aura::builder()
///     .base_url("https://chat.example.org")
///     .session(session)
///     .build()?;
/// # let _ = provider;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserSession {
    address: Url,
    parts: Parts,
}

/// The session as it is written.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parts {
    pub(crate) address: String,
    pub(crate) cookies: Vec<Cookie>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) languages: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_hints: Option<ClientHints>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cookie {
    pub(crate) name: String,
    pub(crate) value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<i64>,
}

/// `navigator.userAgentData`, which not every browser has.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientHints {
    pub(crate) brands: Vec<Brand>,
    pub(crate) mobile: bool,
    pub(crate) platform: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Brand {
    pub(crate) brand: String,
    pub(crate) version: String,
}

impl BrowserSession {
    /// Reads what [`to_json`](BrowserSession::to_json) wrote.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] when it is no session. The message repeats
    /// nothing of it.
    pub fn from_json(json: &str) -> Result<BrowserSession, Error> {
        // What serde says can repeat a value, so only the place is passed on.
        let parts: Parts = serde_json::from_str(json).map_err(|error| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "this is no browser session: see line {}, column {}",
                    error.line(),
                    error.column()
                ),
            )
        })?;
        BrowserSession::new(parts)
    }

    pub(crate) fn new(parts: Parts) -> Result<BrowserSession, Error> {
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
        let session = BrowserSession { address, parts };
        session.headers()?;
        session.cookie_header("/", None)?;
        Ok(session)
    }

    /// The session with its secrets, as JSON to be kept in a safe place.
    pub fn to_json(&self) -> String {
        let parts = Parts {
            address: self.address.as_str().to_owned(),
            ..self.parts.clone()
        };
        // Texts, numbers and lists of them: this cannot fail.
        serde_json::to_string_pretty(&parts).unwrap_or_default()
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

    /// Where requests for that base URL go with this session, if it is a
    /// session of that server.
    pub(crate) fn base_for(&self, asked: &Url) -> Result<BaseUrl, Error> {
        match leads_to(asked, &self.address) {
            Some(base) => BaseUrl::parse(base.as_str()),
            None => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "the browser session is one of {}, not of {}: \
                     if that is the server you mean, set it as the base URL",
                    self.address.origin().ascii_serialization(),
                    asked.origin().ascii_serialization(),
                ),
            )),
        }
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
            let brands: Vec<String> = hints
                .brands
                .iter()
                .map(|brand| format!("{};v={}", quoted(&brand.brand), quoted(&brand.version)))
                .collect();
            let mobile = if hints.mobile { "?1" } else { "?0" };
            let name = HeaderName::from_static;
            set(name("sec-ch-ua"), &brands.join(", "))?;
            set(name("sec-ch-ua-mobile"), mobile)?;
            set(name("sec-ch-ua-platform"), &quoted(&hints.platform))?;
        }
        Ok(headers)
    }

    /// The cookies for a path, as a browser sends them: the longest paths
    /// first, none that has expired.
    pub(crate) fn cookie_header(
        &self,
        path: &str,
        now: Option<SystemTime>,
    ) -> Result<Option<HeaderValue>, Error> {
        let now = now
            .and_then(|now| now.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |now| now.as_secs());
        let mut cookies: Vec<&Cookie> = self
            .parts
            .cookies
            .iter()
            .filter(|cookie| path_matches(cookie.path(), path))
            .filter(|cookie| {
                cookie
                    .expires
                    .is_none_or(|end| u64::try_from(end).is_ok_and(|end| end > now))
            })
            .collect();
        if cookies.is_empty() {
            return Ok(None);
        }
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path().len()));
        let pairs: Vec<String> = cookies
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        header_value(&pairs.join("; "), "cookie").map(Some)
    }

    /// Keeps the session's secrets out of the errors of this client.
    pub(crate) fn hide_from(&self, http: &HttpClient) {
        for cookie in &self.parts.cookies {
            http.redactor().add(&Secret::new(cookie.value.as_str()));
        }
        for (_, value) in self.address.query_pairs() {
            http.redactor().add(&Secret::new(value.into_owned()));
        }
    }
}

impl Cookie {
    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("/")
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

/// Where requests go when `asked` is the base URL and the browser ended at
/// `ended`: cookies may only go to the server that the browser has them for,
/// and questions only to one that the base URL stands for. That is the same
/// origin, or the same host over https, or with or without `www.`.
pub(crate) fn leads_to(asked: &Url, ended: &Url) -> Option<Url> {
    if asked.origin() == ended.origin() {
        return Some(asked.clone());
    }
    let host = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        host.strip_prefix("www.").unwrap_or(host).to_owned()
    };
    let end = |url: &Url| (url.scheme().to_owned(), url.port_or_known_default());
    let upgrade = (
        ("http".to_owned(), Some(80)),
        ("https".to_owned(), Some(443)),
    );
    if host(asked) != host(ended)
        || (end(asked) != end(ended) && (end(asked), end(ended)) != upgrade)
    {
        return None;
    }
    let mut base = ended.clone();
    base.set_path(asked.path());
    base.set_query(None);
    base.set_fragment(None);
    Some(base)
}

/// An address without user name, password, query and fragment.
pub(crate) fn shown(url: &Url) -> String {
    match url.origin() {
        url::Origin::Tuple(..) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
        url::Origin::Opaque(_) => format!("{}:", url.scheme()),
    }
}

/// As browsers write it: `en-US,en;q=0.9,de;q=0.8`.
fn accept_language(languages: &[String]) -> String {
    let weighted: Vec<String> = languages
        .iter()
        .enumerate()
        .map(|(rank, language)| match rank {
            0 => language.clone(),
            rank => format!("{language};q=0.{}", 10_usize.saturating_sub(rank).max(1)),
        })
        .collect();
    weighted.join(",")
}

/// A text as structured headers have it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether a cookie with that path goes to that path (RFC 6265, 5.1.4).
fn path_matches(cookie: &str, path: &str) -> bool {
    path.strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

/// A sensitive header. Browsers send other characters than ASCII as they are.
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
    use std::time::{Duration, UNIX_EPOCH};

    use url::Url;

    use super::{BrowserSession, leads_to};

    const JSON: &str = r#"{
        "address": "https://u:pw@chat.example.org/start?token=geheim#top",
        "cookies": [
            {"name": "a", "value": "s3cret"},
            {"name": "b", "value": "2", "path": "/api"},
            {"name": "c", "value": "3", "path": "/other"},
            {"name": "d", "value": "4", "expires": 100}
        ],
        "user_agent": "Agent/1",
        "languages": ["en-US", "en", "de"],
        "client_hints": {
            "brands": [{"brand": "Chromium", "version": "126"}, {"brand": "Not/A\"B", "version": "8"}],
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
            ("referer", "https://chat.example.org/start?token=geheim"),
            ("user-agent", "Agent/1"),
            ("accept-language", "en-US,en;q=0.9,de;q=0.8"),
            (
                "sec-ch-ua",
                "\"Chromium\";v=\"126\", \"Not/A\\\"B\";v=\"8\"",
            ),
            ("sec-ch-ua-mobile", "?0"),
            ("sec-ch-ua-platform", "\"Linux\""),
        ] {
            assert_eq!(headers.get(name).unwrap(), value, "{name}");
            assert!(headers.get(name).unwrap().is_sensitive());
        }
        let cookies = |path, seconds| {
            let now = UNIX_EPOCH + Duration::from_secs(seconds);
            let header = session.cookie_header(path, Some(now)).unwrap().unwrap();
            header.to_str().unwrap().to_owned()
        };
        assert_eq!(cookies("/api/chat", 99), "b=2; a=s3cret; d=4");
        assert_eq!(cookies("/apis", 100), "a=s3cret");
    }

    #[test]
    fn secrets_stand_in_the_file_alone() {
        let session = BrowserSession::from_json(JSON).unwrap();
        let shown = format!("{session:?} {}", session.address());
        for secret in ["s3cret", "geheim", "pw"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        let again = BrowserSession::from_json(&session.to_json()).unwrap();
        assert_eq!(again.to_json(), session.to_json());
        assert_eq!(again.headers().unwrap(), session.headers().unwrap());
        for wrong in [
            "",
            "{}",
            r#"{"address": "s3cret", "cookies": []}"#,
            r#"{"address": "file:///s3cret", "cookies": []}"#,
            r#"{"address": "http://h/", "cookies": "s3cret"}"#,
            r#"{"address": "http://h/", "cookies": [{"name": "a", "value": "s3cret\n"}]}"#,
        ] {
            let error = BrowserSession::from_json(wrong).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn cookies_go_to_no_other_server() {
        for (asked, ended, base) in [
            ("http://h:1/x", "http://h:1/y?z", Some("http://h:1/x")),
            ("http://h/x", "https://h/login", Some("https://h/x")),
            ("http://h/", "https://www.h/", Some("https://www.h/")),
            ("https://www.h/", "https://h/", Some("https://h/")),
            ("http://u:p@h/", "https://h/", Some("https://h/")),
            ("https://h/", "http://h/", None),
            ("http://h:1/", "http://h:2/", None),
            ("http://h/", "https://h:8443/", None),
            ("http://h:3000/", "https://h/", None),
            ("https://h/", "https://login.h/", None),
            ("https://h/", "https://evil/", None),
        ] {
            let url = |text| Url::parse(text).unwrap();
            let found = leads_to(&url(asked), &url(ended));
            assert_eq!(found, base.map(url), "{asked} {ended}");
        }
    }
}
