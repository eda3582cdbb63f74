use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Handle, Id};

use super::config::HttpConfig;
use super::failure::chain;
use super::policy::Policy;
use super::proxy::{ProxyChoice, ProxyInUse, reqwest_proxy};
use super::reuse::ServedConnections;
use super::tls::Tls;
use super::url::RequestUrl;
use crate::error::{Error, ErrorKind};

/// How long an idle connection is kept for the next request. Servers close
/// theirs after 5 s (Node) or more, and one that is being closed fails.
const IDLE: Duration = Duration::from_secs(4);

/// For how many runtimes connections are kept.
const MAX_RUNTIMES: usize = 16;

/// The connections of a client.
///
/// A connection is driven by the runtime that opened it: in another one, a
/// request on it would wait until that runtime runs again, perhaps for good. So
/// each runtime has connections of its own.
#[derive(Clone)]
pub(super) struct Connections(Arc<Shared>);

struct Shared {
    setup: Option<Setup>,
    proxy: ProxyChoice,
    pools: Mutex<VecDeque<(Option<Id>, Pool)>>,
}

/// What new pools are made of.
struct Setup {
    config: HttpConfig,
    tls: Tls,
    proxy: Option<reqwest::Proxy>,
}

/// The connections of one runtime.
#[derive(Clone)]
pub(super) struct Pool {
    /// Keeps connections for later requests.
    pub(super) pooled: reqwest::Client,
    /// Makes a new connection for each request.
    pub(super) fresh: reqwest::Client,
    pub(super) served: ServedConnections,
}

impl Connections {
    pub(super) fn new(policy: &Policy) -> Result<Connections, Error> {
        let config = &policy.config;
        let proxy = ProxyChoice::new(config, &policy.redactor)?;
        let (setup, pool) = match &config.client {
            // Its connections are its own business.
            Some(client) => {
                let pool = Pool {
                    pooled: client.clone(),
                    fresh: client.clone(),
                    served: ServedConnections::default(),
                };
                (None, pool)
            }
            None => {
                let setup = Setup {
                    config: config.clone(),
                    tls: Tls::new(config)?,
                    proxy: reqwest_proxy(config)?,
                };
                let pool = setup.pool(&proxy)?;
                (Some(setup), pool)
            }
        };
        let runtime = runtime();
        Ok(Connections(Arc::new(Shared {
            setup,
            proxy,
            pools: Mutex::new(VecDeque::from([(runtime, pool)])),
        })))
    }

    /// Returns the connections of the runtime that this runs in.
    ///
    /// # Errors
    ///
    /// If they cannot be made, which they could before.
    pub(super) fn of_this_runtime(&self) -> Result<Pool, Error> {
        let shared = &self.0;
        let runtime = runtime();
        let mut pools = shared.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(setup) = &shared.setup else {
            let first = pools.front_mut().map(|(first, pool)| {
                *first = first.or(runtime);
                pool.clone()
            });
            return first
                .ok_or_else(|| Error::new(ErrorKind::InvalidRequest, "there is no HTTP client"));
        };
        let known = pools.iter().find(|(known, _)| *known == runtime);
        if let Some((_, pool)) = known {
            return Ok(pool.clone());
        }
        // A client that was made outside of any runtime is for the first one.
        if let Some((unused @ None, pool)) = pools.front_mut() {
            *unused = runtime;
            return Ok(pool.clone());
        }
        let pool = setup.pool(&shared.proxy)?;
        if pools.len() >= MAX_RUNTIMES {
            pools.pop_front();
        }
        pools.push_back((runtime, pool.clone()));
        Ok(pool)
    }

    /// Returns whether a client of the caller's own is used in another runtime than
    /// at first, whose connections may stand still.
    pub(super) fn is_borrowed(&self) -> bool {
        let pools = self.0.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let first = pools.front().and_then(|(first, _)| *first);
        self.0.setup.is_none() && first.is_some() && first != runtime()
    }

    /// Returns the proxy that a request to this address goes through, as far as
    /// it is known.
    pub(super) fn proxy_of(&self, url: &RequestUrl) -> Option<ProxyInUse> {
        self.0.proxy.of(url)
    }

    /// Returns whether the scheme of this address can be used.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    pub(super) fn check(&self, url: &RequestUrl) -> Result<(), Error> {
        match &self.0.setup {
            Some(setup) if url.is_https() => setup.tls.check(),
            _ => Ok(()),
        }
    }
}

/// The runtime that this runs in, if any.
fn runtime() -> Option<Id> {
    Handle::try_current().ok().map(|handle| handle.id())
}

impl Setup {
    fn pool(&self, choice: &ProxyChoice) -> Result<Pool, Error> {
        let served = ServedConnections::default();
        let builder = || {
            let builder = choice.apply(self.tls.apply(builder(&self.config)));
            match &self.proxy {
                Some(proxy) => builder.proxy(proxy.clone()),
                None => builder,
            }
        };
        Ok(Pool {
            pooled: build(builder().connector_layer(served.clone()))?,
            fresh: build(builder().pool_max_idle_per_host(0))?,
            served,
        })
    }
}

fn builder(config: &HttpConfig) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .tcp_nodelay(true)
        .pool_idle_timeout(IDLE)
        // Some servers claim gzip and send none. Another crate of the program
        // may have switched the features on.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate();
    match config.connect_timeout {
        Some(limit) => builder.connect_timeout(limit),
        None => builder,
    }
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    builder.build().map_err(|error| {
        let error = error.without_url();
        Error::new(
            ErrorKind::InvalidRequest,
            format!("the HTTP client cannot be set up: {}", chain(&error)),
        )
        .with_source(error)
    })
}
