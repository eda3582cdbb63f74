use std::fmt;
use std::time::Duration;

use crate::secret::Secret;

/// The HTTP policy of a provider: time limits, size limits, proxy and headers. It
/// applies to every request of the provider, including those for credentials.
///
/// | what | default | method |
/// |---|---|---|
/// | connection | 10 s | [`with_connect_timeout`](HttpConfig::with_connect_timeout) |
/// | head, first byte and first text of an answer | 120 s | [`with_first_byte_timeout`](HttpConfig::with_first_byte_timeout) |
/// | silence between two reads | 60 s | [`with_idle_timeout`](HttpConfig::with_idle_timeout) |
/// | whole reply | none | [`with_total_timeout`](HttpConfig::with_total_timeout) |
/// | one event of a stream | 1 MiB | [`with_max_event`](HttpConfig::with_max_event) |
/// | body of an error that is read | 16 KiB | [`with_max_error_body`](HttpConfig::with_max_error_body) |
/// | page or script read for credentials | 8 MiB | [`with_max_page`](HttpConfig::with_max_page) |
/// | text of a whole reply | 64 MiB | [`with_max_reply`](HttpConfig::with_max_reply) |
///
/// `None` disables a limit.
///
/// ```
/// use std::time::Duration;
/// use chatwire_core::HttpConfig;
///
/// let http = HttpConfig::new()
///     .with_idle_timeout(Duration::from_secs(20))
///     .with_total_timeout(Duration::from_secs(600))
///     .with_max_reply(None)
///     .with_proxy("socks5://127.0.0.1:1080")
///     .with_header("x-team", "search");
/// # let _ = http;
/// ```
#[derive(Clone)]
pub struct HttpConfig {
    pub(super) connect_timeout: Option<Duration>,
    pub(super) first_byte_timeout: Option<Duration>,
    pub(super) idle_timeout: Option<Duration>,
    pub(super) total_timeout: Option<Duration>,
    pub(super) max_event: Option<usize>,
    pub(super) max_error_body: usize,
    pub(super) max_page: Option<usize>,
    pub(super) max_reply: Option<usize>,
    pub(super) proxy: Option<Secret>,
    pub(super) direct: bool,
    pub(super) root_certificates: Vec<Vec<u8>>,
    pub(super) unchecked_tls: bool,
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) user_agent: Option<String>,
    pub(super) client: Option<reqwest::Client>,
}

impl Default for HttpConfig {
    fn default() -> HttpConfig {
        HttpConfig {
            connect_timeout: Some(Duration::from_secs(10)),
            first_byte_timeout: Some(Duration::from_secs(120)),
            idle_timeout: Some(Duration::from_secs(60)),
            total_timeout: None,
            max_event: Some(1024 * 1024),
            max_error_body: 16 * 1024,
            max_page: Some(8 * 1024 * 1024),
            max_reply: Some(64 * 1024 * 1024),
            proxy: None,
            direct: false,
            root_certificates: Vec::new(),
            unchecked_tls: false,
            headers: Vec::new(),
            user_agent: None,
            client: None,
        }
    }
}

impl HttpConfig {
    /// Creates a policy with the defaults of the table above.
    pub fn new() -> HttpConfig {
        HttpConfig::default()
    }

    /// Limits the time to connect, including TLS. It does not
    /// apply to a client of your own.
    #[must_use]
    pub fn with_connect_timeout(mut self, limit: impl Into<Option<Duration>>) -> HttpConfig {
        self.connect_timeout = limit.into();
        self
    }

    /// Limits the time from the request to the first text of the answer. Notes
    /// about progress, reasoning and signs of life are no text. Some servers send
    /// the head only with the first text, so one limit covers both; the error
    /// says which was missing. A page that is read whole must have begun by then, and
    /// may take as long again.
    #[must_use]
    pub fn with_first_byte_timeout(mut self, limit: impl Into<Option<Duration>>) -> HttpConfig {
        self.first_byte_timeout = limit.into();
        self
    }

    /// The longest silence within an answer, noticed late by a sixteenth of it
    /// at most. Some servers leave a connection open for good when their model
    /// breaks off, and only this notices.
    #[must_use]
    pub fn with_idle_timeout(mut self, limit: impl Into<Option<Duration>>) -> HttpConfig {
        self.idle_timeout = limit.into();
        self
    }

    /// Limits the time of a request with its whole answer.
    #[must_use]
    pub fn with_total_timeout(mut self, limit: impl Into<Option<Duration>>) -> HttpConfig {
        self.total_timeout = limit.into();
        self
    }

    /// Limits the size of a single event, in bytes.
    #[must_use]
    pub fn with_max_event(mut self, limit: impl Into<Option<usize>>) -> HttpConfig {
        self.max_event = limit.into();
        self
    }

    /// Sets how many bytes of the body of an error are read.
    #[must_use]
    pub fn with_max_error_body(mut self, limit: usize) -> HttpConfig {
        self.max_error_body = limit;
        self
    }

    /// Limits the size of a page, script or list that is read whole, in bytes.
    #[must_use]
    pub fn with_max_page(mut self, limit: impl Into<Option<usize>>) -> HttpConfig {
        self.max_page = limit.into();
        self
    }

    /// Limits the text of a reply, in bytes. The same limit applies to bytes
    /// without any event, such as endless comments.
    #[must_use]
    pub fn with_max_reply(mut self, limit: impl Into<Option<usize>>) -> HttpConfig {
        self.max_reply = limit.into();
        self
    }

    /// Sets a proxy for every request: `http://`, `https://`, `socks5://` or
    /// `socks5h://`, with user name and password in the address if it wants
    /// them. Without one, the environment's (`HTTPS_PROXY`, `NO_PROXY`, …) is
    /// used; `NO_PROXY=*` switches that off. It does not apply to a client of your
    /// own. SOCKS needs one of the features `rustls` and `native-tls`.
    #[must_use]
    pub fn with_proxy(mut self, url: impl Into<String>) -> HttpConfig {
        self.proxy = Some(Secret::new(url.into()));
        self
    }

    /// Uses no proxy, neither one that was set nor one of the environment, for
    /// example for servers on this machine.
    #[must_use]
    pub fn without_proxy(mut self) -> HttpConfig {
        self.proxy = None;
        self.direct = true;
        self
    }

    /// Returns whether no proxy is used, not even one of the environment.
    pub fn is_without_proxy(&self) -> bool {
        self.direct && self.proxy.is_none()
    }

    /// Returns the proxy that was set, for code that makes its own connections.
    pub fn proxy(&self) -> Option<&Secret> {
        self.proxy.as_ref()
    }

    /// Adds certificates in PEM that are trusted besides those of the platform:
    /// authorities of your own, and servers' own self-signed certificates. It
    /// does not apply to a client of your own.
    ///
    /// The platform's authorities are those of the system; on Linux and other
    /// Unixes the environment variable `SSL_CERT_FILE` names another file with
    /// them.
    #[must_use]
    pub fn with_root_certificates(mut self, pem: impl Into<Vec<u8>>) -> HttpConfig {
        let mut pem = pem.into();
        // The first line is none of PEM after a byte order mark.
        if pem.starts_with(b"\xef\xbb\xbf") {
            pem.drain(..3);
        }
        self.root_certificates.push(pem);
        self
    }

    /// Returns the texts with root certificates that were added.
    pub fn root_certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.root_certificates.iter().map(Vec::as_slice)
    }

    /// Accepts every certificate: whoever is between you and the server can then
    /// read and change everything. For servers of your own in a network that you
    /// trust; [`with_root_certificates`](HttpConfig::with_root_certificates) is
    /// nearly always the better way.
    #[must_use]
    pub fn with_unchecked_tls(mut self, yes: bool) -> HttpConfig {
        self.unchecked_tls = yes;
        self
    }

    /// Adds a header to every request, for example a cookie. It replaces the
    /// provider's own header of that name. Values are treated as secrets.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> HttpConfig {
        self.headers.push((name.into(), Secret::new(value.into())));
        self
    }

    /// Returns the names of the headers that were added.
    pub fn header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|(name, _)| name.as_str())
    }

    /// Sets the `User-Agent` of every request (default: `chatwire/` and the
    /// version, unless the provider sets its own).
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: impl Into<String>) -> HttpConfig {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Uses your own HTTP client for every request, with its connections, connect
    /// timeout, TLS and proxy. It should not follow redirects, because that may
    /// turn a POST into a GET. Its connections belong to the runtime that opened
    /// them: use the provider in one runtime only. This
    /// is the only place where this crate's API names a type of reqwest; it needs
    /// the feature `reqwest-client`, and reqwest 0.13.
    ///
    /// With the feature `rustls`, reqwest builds no client of its own accord
    /// until the program has installed a cryptography provider, or has switched
    /// on reqwest's feature for one: `reqwest::Client::new()` panics. The client
    /// that this crate makes needs neither.
    #[cfg(feature = "reqwest-client")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reqwest-client")))]
    #[must_use]
    pub fn with_client(mut self, client: reqwest::Client) -> HttpConfig {
        self.client = Some(client);
        self
    }
}

impl fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("HttpConfig")
            .field("connect_timeout", &self.connect_timeout)
            .field("first_byte_timeout", &self.first_byte_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("total_timeout", &self.total_timeout)
            .field("max_event", &self.max_event)
            .field("max_error_body", &self.max_error_body)
            .field("max_page", &self.max_page)
            .field("max_reply", &self.max_reply)
            .field("proxy", &self.proxy)
            .field("direct", &self.direct)
            .field("root_certificates", &self.root_certificates.len())
            .field("unchecked_tls", &self.unchecked_tls)
            .field("headers", &names)
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}
