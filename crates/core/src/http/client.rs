use std::fmt;
use std::sync::Arc;

use tracing::Instrument as _;

use super::config::HttpConfig;
use super::connect::Connections;
use super::deadlines::Deadlines;
use super::policy::Policy;
use super::request::HttpRequest;
use super::response::HttpResponse;
use super::send::Sender;
use super::url::RequestUrl;
use crate::error::Error;
use crate::secret::Redactor;

/// An HTTP client that applies an [`HttpConfig`] to every request. Clones share
/// their connections.
#[derive(Clone)]
pub struct HttpClient {
    connections: Connections,
    policy: Arc<Policy>,
}

impl HttpClient {
    /// Creates a client for the named provider.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a
    /// proxy address or header that cannot be used, and if TLS cannot be set
    /// up.
    pub fn new(provider: &str, config: HttpConfig) -> Result<HttpClient, Error> {
        let named = |error: Error| error.with_provider(provider);
        let policy = Policy::new(provider, config).map_err(named)?;
        Ok(HttpClient {
            connections: Connections::new(&policy).map_err(named)?,
            policy: Arc::new(policy),
        })
    }

    /// The limit for one event, in bytes.
    pub fn max_event(&self) -> Option<usize> {
        self.policy.config.max_event
    }

    /// What removes the secrets of this client from errors. Add those that are
    /// learnt later, such as nonces.
    pub fn redactor(&self) -> &Redactor {
        &self.policy.redactor
    }

    /// Returns the proxy that a request to this address goes through, without
    /// user name and password: the configured one, or one of the environment
    /// unless that exempts the address. That of a client of your own is not
    /// known.
    pub fn proxy_of(&self, url: &RequestUrl) -> Option<String> {
        let proxy = self.connections.proxy_of(url)?;
        Some(proxy.to_string())
    }

    /// Sends a request, and resolves with the head of the response, whatever
    /// its status.
    ///
    /// Redirects are followed on the same server only, and repeat the request
    /// as it is. A request is sent a second time, on a new connection, if a
    /// connection that had served earlier requests is closed without an answer:
    /// the server closed it while it was idle.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Connect`](crate::ErrorKind::Connect),
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout), and
    /// [`ErrorKind::Status`](crate::ErrorKind::Status) for a redirect that is
    /// not followed.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Error> {
        let proxy = self.proxy_of(&request.url);
        let sender = Sender {
            connections: &self.connections,
            policy: &self.policy,
            deadlines: Deadlines::from_now(&self.policy.config),
        };
        let span = tracing::debug_span!(
            "request",
            provider = %self.policy.provider,
            method = %request.method,
            url = %request.url,
        );
        let sent = sender.send(request).instrument(span).await;
        let (response, url) =
            sent.map_err(|error| self.policy.complete(error, proxy.as_deref()))?;
        Ok(HttpResponse::new(
            response,
            url,
            self.policy.clone(),
            sender.deadlines,
            proxy,
        ))
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
