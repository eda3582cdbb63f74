use http::HeaderMap;

use super::config::HttpConfig;
use super::headers::configured_headers;
use crate::error::Error;
use crate::secret::Redactor;

/// What holds for every request and response of a client.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) provider: String,
    pub(super) config: HttpConfig,
    /// The configured headers.
    pub(super) headers: HeaderMap,
    pub(super) redactor: Redactor,
}

impl Policy {
    pub(super) fn new(provider: &str, config: HttpConfig) -> Result<Policy, Error> {
        let redactor = Redactor::new();
        Ok(Policy {
            provider: provider.to_owned(),
            headers: configured_headers(&config, &redactor)?,
            config,
            redactor,
        })
    }

    /// Names provider and proxy in an error, and removes secrets from it.
    pub(super) fn complete(&self, error: Error, proxy: Option<&str>) -> Error {
        let error = error.with_provider(&self.provider).with_proxy(proxy);
        self.redactor.error(error)
    }
}
