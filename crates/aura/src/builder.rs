use chatwire_browser::SessionOptions;
use chatwire_core::{Error, HttpConfig, Secret};

use crate::config::{Config, Server};
use crate::provider::Aura;

/// Sets up an [`Aura`].
#[derive(Debug, Clone, Default)]
pub struct AuraBuilder {
    config: Config,
    sessions: SessionOptions,
    http: HttpConfig,
}

impl AuraBuilder {
    /// Sets the whole configuration, in place of what was set before.
    #[must_use]
    pub fn config(mut self, config: Config) -> AuraBuilder {
        self.config = config;
        self
    }

    /// Sets [`Config::base_url`], which is required.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> AuraBuilder {
        self.config.base_url = Some(Secret::new(url.into()));
        self
    }

    /// Sets [`Config::model`].
    #[must_use]
    pub fn model(mut self, id: impl Into<String>) -> AuraBuilder {
        self.config.model = Some(id.into());
        self
    }

    /// Sets [`Config::any_model`].
    #[must_use]
    pub fn any_model(mut self, yes: bool) -> AuraBuilder {
        self.config.any_model = Some(yes);
        self
    }

    /// Sets [`Config::token_limit`].
    #[must_use]
    pub fn token_limit(mut self, tokens: u32) -> AuraBuilder {
        self.config.token_limit = Some(tokens);
        self
    }

    /// Sets [`Config::key`].
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> AuraBuilder {
        self.config.key = Some(Secret::new(key.into()));
        self
    }

    /// Sets [`Config::server`].
    #[must_use]
    pub fn server(mut self, server: Server) -> AuraBuilder {
        self.config.server = server;
        self
    }

    /// Sets where a browser's session comes from, for servers behind a login or
    /// a proxy that wants to see a browser (default: nowhere). Its cookies, user
    /// agent, languages and client hints go along with every request; headers
    /// set in [`http`](AuraBuilder::http) replace them.
    #[must_use]
    pub fn sessions(mut self, sessions: SessionOptions) -> AuraBuilder {
        self.sessions = sessions;
        self
    }

    /// Sets time limits, size limits, proxy, headers and cookies of every
    /// request.
    #[must_use]
    pub fn http(mut self, config: HttpConfig) -> AuraBuilder {
        self.http = config;
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if there
    /// is no base URL, and for an address, proxy, header or session that cannot
    /// be used.
    pub fn build(self) -> Result<Aura, Error> {
        Aura::with_config(self.config, self.sessions, self.http)
    }
}

impl Aura {
    /// Sets up a client.
    pub fn builder() -> AuraBuilder {
        AuraBuilder::default()
    }
}
