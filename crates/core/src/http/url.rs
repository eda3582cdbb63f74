use std::fmt;
use std::sync::Arc;

use http::header::{HeaderMap, HeaderValue, ORIGIN, REFERER};
use percent_encoding::percent_decode_str;
use reqwest::Url;

use crate::error::{Error, ErrorKind};
use crate::secret::Secret;
use crate::text::{CUT, shorten};

/// The longest address that a link may name, in bytes: servers take no longer
/// ones.
const MAX_LINK: usize = 8 * 1024;

/// How much of an address is shown, in bytes: a server may have made it.
pub(super) const SHOWN: usize = 512;

/// The address of a server or of a folder on it, to which the addresses of
/// requests are relative. It prints without user name and password.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// The address of one request. It prints without user name, password and
/// query, and cut if it is very long.
#[derive(Clone)]
pub struct RequestUrl(pub(super) Url, Suffix);

/// What was joined to the base URL: the path without the query. `None` for an
/// address that came from elsewhere.
type Suffix = Option<Arc<str>>;

impl BaseUrl {
    /// Reads the base URL that a provider is set up with. There is no default:
    /// a request must not go to a server that was not named.
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
        let text = bare(text);
        if let Some(whole) = with_scheme(text) {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "base URL {:?} has no scheme: the whole address is {whole}",
                    without_userinfo(text)
                ),
            ));
        }
        let url = Url::parse(text).map_err(|error| {
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
            let mut bare = url;
            bare.set_query(None);
            bare.set_fragment(None);
            let bare = BaseUrl(bare);
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "base URL must not have a query or a fragment: without them it is \"{bare}\""
                ),
            ));
        }
        Ok(BaseUrl(url))
    }

    /// Reads an address as people copy it, with what belongs to a request or a
    /// page cut off: `routes` are paths of the protocol, which a base URL may end
    /// in, and those with `/*` at their end paths that it may have anything
    /// below. Where one is cut off, so are query and fragment.
    ///
    /// # Errors
    ///
    /// Those of [`required`](BaseUrl::required).
    ///
    /// ```
    /// use chatwire_core::provider_kit::BaseUrl;
    ///
    /// let routes = ["/api/chat", "/wp-admin/*"];
    /// for text in [
    ///     "https://example.org/blog",
    ///     "https://example.org/blog/api/chat/?x=1",
    ///     "https://example.org/blog/wp-admin/admin.php?page=x#y",
    /// ] {
    ///     let base = BaseUrl::pasted(Some(text), &routes)?;
    ///     assert_eq!(base.to_string(), "https://example.org/blog");
    /// }
    /// # Ok::<(), chatwire_core::Error>(())
    /// ```
    pub fn pasted(text: Option<&str>, routes: &[&str]) -> Result<BaseUrl, Error> {
        let cut = text.and_then(|text| {
            let mut url = Url::parse(bare(text)).ok()?;
            let path = url.path().trim_end_matches('/');
            let ends = routes.iter().filter_map(|route| end_of_base(path, route));
            let base = path.get(..ends.min()?)?.to_owned();
            url.set_path(&base);
            url.set_query(None);
            url.set_fragment(None);
            Some(String::from(url))
        });
        BaseUrl::required(cut.as_deref().or(text))
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
        Ok(RequestUrl(url, Some(path.into())))
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
    /// Returns scheme, host and port, as in an `Origin` header.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Returns the path, which starts with `/`.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// Returns the address that a link in the answer to this request names, if it
    /// is an `http` or `https` one and not longer than 8 KiB.
    pub fn resolve(&self, link: &str) -> Option<RequestUrl> {
        let url = self.0.join(link.trim()).ok()?;
        let is_one = matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_LINK;
        is_one.then_some(RequestUrl(url, None))
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
        Some(RequestUrl(url, None))
    }

    /// Returns the base URL with which this request would go to the other
    /// address, if there is one.
    pub(super) fn base_at(&self, other: &RequestUrl) -> Option<BaseUrl> {
        let suffix = self.1.as_deref()?.trim_end_matches('/');
        let path = other.path().trim_end_matches('/');
        let base = path.strip_suffix(suffix)?.to_owned();
        let mut url = other.0.clone();
        url.set_path(&base);
        url.set_query(None);
        url.set_fragment(None);
        Some(BaseUrl(url))
    }

    /// Returns the folder of the base URL, if it has one.
    pub(super) fn folder(&self) -> Option<&str> {
        let folder = self.0.path().strip_suffix(self.1.as_deref()?)?;
        (!matches!(folder, "" | "/")).then_some(folder)
    }

    /// Returns whether the scheme is `https`.
    pub(super) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Returns host and port, as a proxy is told them.
    pub(super) fn host_and_port(&self) -> Option<String> {
        let host = self.0.host_str()?;
        Some(format!("{host}:{}", self.0.port_or_known_default()?))
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
/// `@` counts as a user name, also if that is escaped.
pub(super) fn without_userinfo(text: &str) -> String {
    let text = text.replace("%40", "@");
    let text = text.as_str();
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
    let shown = format!("{start}{}", rest.get(..end).unwrap_or_default());
    without_false_port(&shown)
}

/// Cuts off what stands in the place of a port and is none: it is a password if
/// the host was forgotten.
fn without_false_port(address: &str) -> String {
    let host = address.find("://").map_or(0, |scheme| scheme + 3);
    let rest = address.get(host..).unwrap_or_default();
    let authority = rest.split(['/', '\\']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((name, port)) if !authority.ends_with(']') && !port.chars().all(is_digit) => {
            let end = host + name.len() + 1;
            format!("{}{CUT}", address.get(..end).unwrap_or_default())
        }
        _ => address.to_owned(),
    }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Returns where the base ends in a path that ends in a route, or has it
/// anywhere if it is one with `/*` at its end.
fn end_of_base(path: &str, route: &str) -> Option<usize> {
    let Some(route) = route.strip_suffix("/*") else {
        return path.strip_suffix(route).map(str::len);
    };
    let mut places = path.match_indices(route).map(|(at, _)| at);
    places.find(|at| {
        let after = path.get(at + route.len()..).unwrap_or_default();
        after.is_empty() || after.starts_with('/')
    })
}

/// By what is sent, whatever it was made of.
impl PartialEq for RequestUrl {
    fn eq(&self, other: &RequestUrl) -> bool {
        self.0 == other.0
    }
}

impl Eq for RequestUrl {}

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
        let whole = format!("{}{}", self.0.origin().ascii_serialization(), self.0.path());
        f.write_str(&shorten(&whole, SHOWN))
    }
}

impl fmt::Debug for RequestUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestUrl({self})")
    }
}

/// An address without what often stands around it where it was copied: quotes,
/// and the marks of Markdown and of mail.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let around = [("<", ">"), ("\"", "\""), ("'", "'"), ("`", "`")];
    let inner = around
        .iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close));
    inner.unwrap_or(text).trim()
}

/// The address that a text such as `localhost:3000`, `:3000` or `3000` stands for,
/// if it has no scheme and no password. It is shown, so that it has no query.
fn with_scheme(text: &str) -> Option<String> {
    // With one slash it has a scheme all the same.
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let has_scheme = ["http", "https"]
        .iter()
        .any(|it| scheme.eq_ignore_ascii_case(it));
    if has_scheme || text.contains("://") || text.contains('@') {
        return None;
    }
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let port = text.strip_prefix(':').unwrap_or(text);
    let whole = match port.parse::<u16>() {
        Ok(port) => format!("http://localhost:{port}"),
        Err(_) => format!("http://{}", text.trim_start_matches('/')),
    };
    let url = Url::parse(&whole).ok()?;
    let secure = whole.replacen("http", "https", 1);
    url.host_str()
        .is_some_and(|host| !host.is_empty())
        .then(|| format!("{whole} or {secure}"))
}
