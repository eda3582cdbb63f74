use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use tokio::time::timeout_at;
use tracing::Instrument as _;

use super::config::HttpConfig;
use super::deadlines::Deadlines;
use super::response::HttpResponse;
use super::url::{RequestUrl, passwords, without_userinfo};
use crate::error::{Error, ErrorKind, TimeoutPhase};
use crate::secret::{Redactor, Secret};

/// The user agent where neither the caller nor the provider has one.
const DEFAULT_AGENT: &str = concat!("chatwire/", env!("CARGO_PKG_VERSION"));

/// How often a redirect is followed.
const MAX_REDIRECTS: usize = 5;

/// An HTTP client that keeps the policy of an [`HttpConfig`] for every request.
/// Clones share their connections.
#[derive(Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    policy: Arc<Policy>,
}

/// What holds for every request and response.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) provider: String,
    pub(super) config: HttpConfig,
    headers: HeaderMap,
    pub(super) redactor: Redactor,
}

/// One request.
#[derive(Clone)]
pub struct HttpRequest {
    method: Method,
    url: RequestUrl,
    headers: HeaderMap,
    body: Option<Bytes>,
}

impl HttpRequest {
    /// A GET.
    pub fn get(url: RequestUrl) -> HttpRequest {
        HttpRequest {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: None,
        }
    }

    /// A POST without a body.
    pub fn post(url: RequestUrl) -> HttpRequest {
        HttpRequest {
            method: Method::POST,
            ..HttpRequest::get(url)
        }
    }

    /// A DELETE without a body.
    pub fn delete(url: RequestUrl) -> HttpRequest {
        HttpRequest {
            method: Method::DELETE,
            ..HttpRequest::get(url)
        }
    }

    /// The address that the request goes to.
    pub fn url(&self) -> &RequestUrl {
        &self.url
    }

    /// Adds a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> HttpRequest {
        self.body = Some(body.into());
        self
    }

    /// Sets a header to a value that is known to be one.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> HttpRequest {
        self.headers.insert(name, value);
        self
    }

    /// Sets several headers.
    #[must_use]
    pub fn headers(mut self, headers: &HeaderMap) -> HttpRequest {
        for (name, value) in headers {
            self.headers.insert(name, value.clone());
        }
        self
    }
}

/// Without the values of headers and the body: secrets are among them.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(|name| name.as_str()).collect();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &names)
            .field("body_len", &self.body.as_ref().map(Bytes::len))
            .finish()
    }
}

impl HttpClient {
    /// A client for the named provider.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for a proxy address or header that cannot
    /// be used, and when TLS cannot be set up.
    pub fn new(provider: &str, config: HttpConfig) -> Result<HttpClient, Error> {
        let redactor = Redactor::new();
        let headers = headers(&config, &redactor).map_err(|error| error.with_provider(provider))?;
        let client = match &config.client {
            Some(client) => client.clone(),
            None => {
                build_client(&config, &redactor).map_err(|error| error.with_provider(provider))?
            }
        };
        let policy = Policy {
            provider: provider.to_owned(),
            config,
            headers,
            redactor,
        };
        Ok(HttpClient {
            client,
            policy: Arc::new(policy),
        })
    }

    /// The limit for one event, in bytes.
    pub fn max_event(&self) -> Option<usize> {
        self.policy.config.max_event
    }

    /// What takes the secrets of this client out of errors. Add those that are
    /// learnt later, such as nonces.
    pub fn redactor(&self) -> &Redactor {
        &self.policy.redactor
    }

    /// Sends a request, and resolves with the head of the response, whatever
    /// its status. Redirects are followed on the same server only, and repeat
    /// the request as it is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Connect`], [`ErrorKind::Timeout`], and
    /// [`ErrorKind::Status`] for a redirect that is not followed.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Error> {
        let deadlines = Deadlines::from_now(&self.policy.config);
        let span = tracing::debug_span!(
            "request",
            provider = %self.policy.provider,
            method = %request.method,
            url = %request.url,
        );
        self.follow(request, deadlines)
            .instrument(span)
            .await
            .map_err(|error| {
                let error = error.with_provider(&self.policy.provider);
                self.policy.redactor.error(error)
            })
    }

    async fn follow(
        &self,
        mut request: HttpRequest,
        deadlines: Deadlines,
    ) -> Result<HttpResponse, Error> {
        let mut hop = 0;
        loop {
            let response = self.execute(&request, &deadlines).await?;
            let status = response.status().as_u16();
            let repeats = match status {
                301 | 302 | 307 | 308 => true,
                // "See other" asks for a GET, which no POST becomes here.
                303 => request.method == Method::GET,
                _ => false,
            };
            let location = response
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok())
                .and_then(|location| request.url.resolve(location));
            let next = match location {
                Some(next) if repeats || status == 303 => next,
                _ => {
                    return Ok(HttpResponse::new(
                        response,
                        request.url,
                        self.policy.clone(),
                        deadlines,
                    ));
                }
            };
            if !repeats || !next.same_origin(&request.url) {
                return Err(Error::new(
                    ErrorKind::Status,
                    format!(
                        "{} redirects to {next}, which is not followed: \
                         if that is the server you mean, set it as the base URL",
                        request.url
                    ),
                )
                .with_status(status));
            }
            if hop == MAX_REDIRECTS {
                return Err(Error::new(
                    ErrorKind::Status,
                    format!("{} redirects more than {MAX_REDIRECTS} times", request.url),
                )
                .with_status(status));
            }
            hop += 1;
            tracing::debug!(status, to = %next, "redirect");
            request.url = next.with_userinfo_of(&request.url);
        }
    }

    async fn execute(
        &self,
        request: &HttpRequest,
        deadlines: &Deadlines,
    ) -> Result<reqwest::Response, Error> {
        let built = self
            .build(request)
            .map_err(|error| self.send_error(error, &request.url))?;
        let sent = self.client.execute(built);
        let result = match deadlines.of_head() {
            Some(deadline) => timeout_at(deadline, sent).await.map_err(|_| {
                let total_passed = deadlines.total.is_some_and(|total| total <= deadline);
                if total_passed {
                    timeout_error(TimeoutPhase::Total, self.policy.config.total_timeout)
                } else {
                    timeout_error(TimeoutPhase::Head, self.policy.config.first_byte_timeout)
                }
            })?,
            None => sent.await,
        };
        let response = result.map_err(|error| self.send_error(error, &request.url))?;
        tracing::debug!(
            status = response.status().as_u16(),
            elapsed = ?deadlines.started.elapsed(),
            "response head"
        );
        Ok(response)
    }

    fn build(&self, request: &HttpRequest) -> Result<reqwest::Request, reqwest::Error> {
        // The builder makes a header of a user name and password in the address.
        let builder = self
            .client
            .request(request.method.clone(), request.url.0.clone());
        let mut built = builder.headers(request.headers.clone()).build()?;
        let headers = built.headers_mut();
        self.learn_passwords(&request.url, headers);
        if !headers.contains_key(USER_AGENT) {
            headers.insert(USER_AGENT, HeaderValue::from_static(DEFAULT_AGENT));
        }
        for name in self.policy.headers.keys() {
            headers.remove(name);
        }
        // A name can stand there several times, with a value each.
        for (name, value) in &self.policy.headers {
            headers.append(name, value.clone());
        }
        *built.body_mut() = request.body.clone().map(reqwest::Body::from);
        Ok(built)
    }

    /// Servers repeat headers in their error pages, that of a password too.
    fn learn_passwords(&self, url: &RequestUrl, headers: &HeaderMap) {
        let secrets = passwords(&url.0);
        if secrets.is_empty() {
            return;
        }
        let header = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
        let encoded = header.and_then(|header| header.strip_prefix("Basic "));
        for secret in secrets.into_iter().chain(encoded.map(Secret::new)) {
            self.policy.redactor.keep(&secret);
        }
    }

    fn send_error(&self, error: reqwest::Error, url: &RequestUrl) -> Error {
        let error = error.without_url();
        if error.is_timeout() {
            // The limits of a client of the caller's own are not known here.
            let limit = match self.policy.config.client {
                Some(_) => None,
                None => self.policy.config.connect_timeout,
            };
            let error = match error.is_connect() {
                true => timeout_error(TimeoutPhase::Connect, limit).with_source(error),
                false => timeout_error(TimeoutPhase::Head, None).with_source(error),
            };
            return error;
        }
        if is_rubbish(&error) {
            return Error::new(
                ErrorKind::Protocol,
                format!("{url} does not answer in HTTP: {}", root(&error)),
            )
            .with_source(error);
        }
        if error.is_builder() {
            return Error::new(
                ErrorKind::InvalidRequest,
                format!("the request to {url} cannot be made: {}", chain(&error)),
            )
            .with_source(error);
        }
        if error.is_connect() {
            return Error::new(
                ErrorKind::Connect,
                format!("cannot connect to {url}: {}", root(&error)),
            )
            .with_source(error);
        }
        Error::new(
            ErrorKind::Connect,
            format!("no answer from {url}: {}", root(&error)),
        )
        .with_source(error)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("provider", &self.policy.provider)
            .field("config", &self.policy.config)
            .finish_non_exhaustive()
    }
}

/// The error for a time limit that passed.
pub(super) fn timeout_error(phase: TimeoutPhase, limit: Option<Duration>) -> Error {
    let what = match phase {
        TimeoutPhase::Connect => "no connection",
        TimeoutPhase::Head => "no response head",
        TimeoutPhase::FirstByte => "a response head, but no first byte of the answer",
        TimeoutPhase::Idle => "no more of the answer",
        TimeoutPhase::Total => "the answer was not complete",
    };
    let limit = limit.map_or(String::new(), |limit| {
        format!(" within the limit of {} s", limit.as_secs_f64())
    });
    Error::new(ErrorKind::Timeout(phase), format!("{what}{limit}"))
}

/// The innermost cause: what happened, rather than who passed it on.
pub(super) fn root(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Whether an answer came that is not HTTP.
fn is_rubbish(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(source) = cause {
        if let Some(error) = source.downcast_ref::<hyper::Error>() {
            return error.is_parse();
        }
        cause = source.source();
    }
    false
}

fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

/// The configured headers of every request.
fn headers(config: &HttpConfig, redactor: &Redactor) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    if let Some(agent) = &config.user_agent {
        let value = HeaderValue::from_str(agent).map_err(|_| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("user agent {agent:?} has characters that an HTTP header cannot carry"),
            )
        })?;
        headers.insert(USER_AGENT, value);
    }
    for (name, value) in &config.headers {
        let name: HeaderName = name.trim().parse().map_err(|_| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("{name:?} is not the name of an HTTP header"),
            )
        })?;
        let trimmed = Secret::new(value.expose().trim());
        let header = trimmed.header_value("").map_err(|_| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("the value of header {name} has characters that a header cannot carry"),
            )
        })?;
        redactor.keep(&trimmed);
        // A cookie is several secrets in one line.
        for part in trimmed.expose().split(';') {
            if let Some((_, value)) = part.split_once('=') {
                redactor.keep(&Secret::new(value.trim()));
            }
        }
        // "Bearer …" is a secret after its scheme.
        if let Some((_, token)) = trimmed.expose().split_once(' ')
            && name == AUTHORIZATION
        {
            redactor.keep(&Secret::new(token.trim()));
        }
        if name == USER_AGENT {
            headers.insert(name, header);
        } else {
            headers.append(name, header);
        }
    }
    Ok(headers)
}

fn build_client(config: &HttpConfig, redactor: &Redactor) -> Result<reqwest::Client, Error> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .tcp_nodelay(true)
        // Some servers claim gzip and send none. Another crate of the program
        // may have switched the features on.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate();
    if let Some(limit) = config.connect_timeout {
        builder = builder.connect_timeout(limit);
    }
    if let Some(proxy) = &config.proxy {
        builder = builder.proxy(read_proxy(proxy, redactor)?);
    } else if config.direct {
        builder = builder.no_proxy();
    }
    let builder = with_tls(builder)?;
    let client = builder.build().map_err(|error| {
        let error = error.without_url();
        Error::new(
            ErrorKind::InvalidRequest,
            format!("the HTTP client cannot be set up: {}", chain(&error)),
        )
        .with_source(error)
    })?;
    if let Some(header) = config
        .proxy
        .as_ref()
        .and_then(|proxy| proxy_header(&client, proxy))
    {
        redactor.keep(&header);
    }
    Ok(client)
}

/// The user name and password of a proxy as they go into a header: a proxy
/// that refuses may repeat it.
fn proxy_header(client: &reqwest::Client, proxy: &Secret) -> Option<Secret> {
    let proxy = reqwest::Url::parse(proxy.expose().trim()).ok()?;
    // A client makes the same header for a server as for a proxy.
    let mut server = reqwest::Url::parse("http://localhost").ok()?;
    server.set_username(proxy.username()).ok()?;
    server.set_password(proxy.password()).ok()?;
    let request = client.request(Method::GET, server).build().ok()?;
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    header.strip_prefix("Basic ").map(Secret::new)
}

fn read_proxy(proxy: &Secret, redactor: &Redactor) -> Result<reqwest::Proxy, Error> {
    let shown = without_userinfo(proxy.expose());
    let invalid = |why: &str| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("proxy {shown:?} {why}, for example http://127.0.0.1:8080"),
        )
    };
    let url = reqwest::Url::parse(proxy.expose().trim())
        .map_err(|error| invalid(&format!("cannot be read ({error}): it must be an address")))?;
    if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") {
        return Err(invalid(
            "must start with http://, https://, socks5:// or socks5h://",
        ));
    }
    // Without TLS, reqwest makes connections only itself, and not through SOCKS.
    let has_tls = cfg!(any(feature = "rustls", feature = "native-tls"));
    if url.scheme().starts_with("socks") && !has_tls {
        return Err(invalid(
            "needs one of the features rustls and native-tls; without, only http:// can be used",
        ));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(invalid("has no host"));
    }
    for secret in passwords(&url) {
        redactor.keep(&secret);
    }
    reqwest::Proxy::all(url).map_err(|_| invalid("cannot be used"))
}

/// rustls with the ring provider: it builds faster and is smaller than
/// reqwest's own choice. A provider that the program has installed is used.
#[cfg(feature = "rustls")]
fn with_tls(builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, Error> {
    use rustls_platform_verifier::BuilderVerifierExt as _;

    let failed = |error: rustls::Error| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("TLS cannot be set up: {error}"),
        )
        .with_source(error)
    };
    let provider = rustls::crypto::CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_platform_verifier())
        .map_err(failed)?
        .with_no_client_auth();
    Ok(builder.tls_backend_preconfigured(config))
}

#[cfg(not(feature = "rustls"))]
fn with_tls(builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, Error> {
    Ok(builder)
}
