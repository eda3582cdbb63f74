use std::time::Duration;

use super::config::HttpConfig;
use super::failure::chain;
use super::policy::Policy;
use super::proxy::{keep_environment_passwords, read_proxy};
use super::reuse::ServedConnections;
use super::tls::Tls;
use crate::error::{Error, ErrorKind};

/// How long an idle connection is kept for the next request. Servers close
/// theirs after 5 s (Node) or more, and one that is being closed fails.
const IDLE: Duration = Duration::from_secs(4);

/// The connections of a client.
#[derive(Clone)]
pub(super) struct Connections {
    /// Keeps connections for later requests.
    pub(super) pooled: reqwest::Client,
    /// Makes a new connection for each request.
    pub(super) fresh: reqwest::Client,
    pub(super) served: ServedConnections,
}

impl Connections {
    pub(super) fn new(policy: &Policy) -> Result<Connections, Error> {
        let served = ServedConnections::default();
        let config = &policy.config;
        if !config.direct {
            keep_environment_passwords(&policy.redactor);
        }
        if let Some(client) = &config.client {
            return Ok(Connections {
                pooled: client.clone(),
                fresh: client.clone(),
                served,
            });
        }
        let tls = Tls::new()?;
        let proxy = match &config.proxy {
            Some(proxy) => Some(read_proxy(proxy, &policy.redactor)?),
            None => None,
        };
        let builder = || {
            let builder = tls.apply(builder(config));
            match &proxy {
                Some(proxy) => builder.proxy(proxy.clone()),
                None => builder,
            }
        };
        Ok(Connections {
            pooled: build(builder().connector_layer(served.clone()))?,
            fresh: build(builder().pool_max_idle_per_host(0))?,
            served,
        })
    }
}

fn builder(config: &HttpConfig) -> reqwest::ClientBuilder {
    let mut builder = reqwest::Client::builder()
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
    if let Some(limit) = config.connect_timeout {
        builder = builder.connect_timeout(limit);
    }
    match config.direct {
        true => builder.no_proxy(),
        false => builder,
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
