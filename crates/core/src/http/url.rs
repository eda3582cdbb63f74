use std::fmt;

use http::header::{HeaderMap, HeaderValue, ORIGIN, REFERER};
use percent_encoding::percent_decode_str;
use reqwest::Url;

use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// The address of a server or of a folder on it, to which the addresses of
/// requests are relative. It prints without user name and password.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// The address of one request. It prints without user name, password and
/// query.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestUrl(pub(super) Url);

impl BaseUrl {
    /// Reads the base URL that a provider is set up with. There is no default:
    /// a request must not go to a server that nobody named.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if there is none, and those of
    /// [`parse`](BaseUrl::parse).
    pub fn required(text: Option<&str>) -> Result<BaseUrl, Error> {
        match text {
            Some(text) => BaseUrl::parse(text),
            None => Err(Error::new(
                ErrorKind::InvalidRequest,
                "no base URL: name the server to talk to, for example http://localhost:3000",
            )),
        }
    }

    /// Reads an address such as `https://example.org/blog`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if it is not an `http` or `https` address
    /// with a host, or if it has a query or fragment.
    pub fn parse(text: &str) -> Result<BaseUrl, Error> {
        let invalid = |why: &str| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "base URL {:?} {why}, for example https://example.org/blog",
                    without_userinfo(text)
                ),
            )
        };
        let url = Url::parse(text.trim()).map_err(|error| {
            invalid(&format!(
                "cannot be read ({error}): it must be a whole address"
            ))
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid("must start with http:// or https://"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(invalid("has no host: it must be a whole address"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("must not have a query or a fragment"));
        }
        Ok(BaseUrl(url))
    }

    /// Returns the address of something below the base: `suffix` starts with `/`
    /// and may have a query.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the two do not make an address.
    pub fn join(&self, suffix: &str) -> Result<RequestUrl, Error> {
        let mut url = self.0.clone();
        let (path, query) = match suffix.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (suffix, None),
        };
        let joined = format!("{}{path}", self.0.path().trim_end_matches('/'));
        url.set_path(&joined);
        url.set_query(query);
        Ok(RequestUrl(url))
    }

    /// Returns scheme, host and port, as in an `Origin` header.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Returns the `Origin` and `Referer` that a browser sends from a page of this
    /// server.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if a header cannot carry the address.
    pub fn page_headers(&self) -> Result<HeaderMap, Error> {
        let value = |text: String| {
            HeaderValue::from_str(&text).map_err(|_| {
                Error::new(
                    ErrorKind::InvalidRequest,
                    format!("base URL {self} has characters that a header cannot carry"),
                )
            })
        };
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, value(self.origin())?);
        headers.insert(REFERER, value(format!("{self}/"))?);
        Ok(headers)
    }

    /// Returns the address without a slash at its end, for messages and headers.
    pub fn as_text(&self) -> String {
        let mut url = self.0.clone();
        // Both can only fail for addresses without a host, which this is not.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.as_str().trim_end_matches('/').to_owned()
    }

    /// Returns the whole address with its user name and password, to be sent and
    /// not to be shown.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    /// Returns whether the request goes to this server: scheme, host and port.
    pub fn same_origin(&self, request: &RequestUrl) -> bool {
        self.0.origin() == request.0.origin()
    }
}

impl RequestUrl {
    /// Returns the path, which starts with `/`.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// Returns the address that a link in the answer to this request names, if it
    /// is an `http` or `https` one.
    pub fn resolve(&self, link: &str) -> Option<RequestUrl> {
        let url = self.0.join(link.trim()).ok()?;
        matches!(url.scheme(), "http" | "https").then_some(RequestUrl(url))
    }

    /// Returns the address that a link in the answer to this request names, if it
    /// is on the same server: scheme, host and port. User name and password stay.
    pub fn resolve_same_origin(&self, link: &str) -> Option<RequestUrl> {
        let url = self.resolve(link)?;
        url.same_origin(self).then(|| url.with_userinfo_of(self))
    }

    /// Returns the address of something below this one: `suffix` is appended to the
    /// query if there is one, otherwise to the path. Returns `None` unless that
    /// ends in `/` or `=`, because the result would be something else.
    pub fn below(&self, suffix: &str) -> Option<RequestUrl> {
        let mut url = self.0.clone();
        url.set_fragment(None);
        match self.0.query() {
            Some(query) if query.ends_with(['/', '=']) => {
                url.set_query(Some(&format!("{query}{suffix}")));
            }
            None if self.0.path().ends_with('/') => {
                url.set_path(&format!("{}{suffix}", self.0.path()));
            }
            _ => return None,
        }
        Some(RequestUrl(url))
    }

    /// Returns the address with the user name and password of the other: a server
    /// that redirects within itself does not repeat them.
    pub(super) fn with_userinfo_of(mut self, other: &RequestUrl) -> RequestUrl {
        if self.0.username().is_empty() && self.0.password().is_none() {
            // Both can only fail for addresses without a host.
            let _ = self.0.set_username(other.0.username());
            let _ = self.0.set_password(other.0.password());
        }
        self
    }

    /// Returns whether both are on the same server: scheme, host and port.
    pub fn same_origin(&self, other: &RequestUrl) -> bool {
        self.0.origin() == other.0.origin()
    }
}

/// Returns the password in an address, as it stands there and as it is sent,
/// and user name and password as they go into a header.
pub(super) fn userinfo_secrets(url: &Url) -> Vec<Secret> {
    let Some(password) = url.password() else {
        return Vec::new();
    };
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy();
    let both = format!("{}:{}", decoded(url.username()), decoded(password));
    vec![
        Secret::new(password),
        Secret::new(decoded(password)),
        Secret::new(both),
    ]
}

/// Returns what can be shown of an address that cannot be used: everything but
/// user name, password and query. It may be any text, so whatever is before an
/// `@` counts as a user name.
pub(super) fn without_userinfo(text: &str) -> String {
    let (start, rest) = match text.rfind('@') {
        Some(at) => {
            let scheme = text
                .find("://")
                .filter(|scheme| *scheme < at)
                .and_then(|scheme| text.get(..scheme + 3));
            (scheme.unwrap_or_default(), text.get(at + 1..))
        }
        None => ("", Some(text)),
    };
    let rest = rest.unwrap_or_default();
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    format!("{start}{}", rest.get(..end).unwrap_or_default())
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_text())
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({self})")
    }
}

impl fmt::Display for RequestUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}",
            self.0.origin().ascii_serialization(),
            self.0.path()
        )
    }
}

impl fmt::Debug for RequestUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestUrl({self})")
    }
}
