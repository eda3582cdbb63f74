use chatwire_core::{Error, HttpConfig, Secret};

use crate::config::Config;
use crate::provider::Chatgpt4Online;

/// Sets up [a client](`Chatgpt4Online`).
#[derive(Debug, Clone, Default)]
pub struct Chatgpt4OnlineBuilder {
    config: Config,
    http: HttpConfig,
}

impl Chatgpt4OnlineBuilder {
    /// Sets the whole configuration, in place of what was set before.
    #[must_use]
    pub fn config(mut self, config: Config) -> Chatgpt4OnlineBuilder {
        self.config = config;
        self
    }

    /// Sets [`Config::base_url`], which is required.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Chatgpt4OnlineBuilder {
        self.config.base_url = Some(Secret::new(url.into()));
        self
    }

    /// Sets [`Config::bot_id`].
    #[must_use]
    pub fn bot_id(mut self, id: impl Into<String>) -> Chatgpt4OnlineBuilder {
        self.config.bot_id = Some(id.into());
        self
    }

    /// Sets [`Config::custom_id`].
    #[must_use]
    pub fn custom_id(mut self, id: impl Into<String>) -> Chatgpt4OnlineBuilder {
        self.config.custom_id = Some(id.into());
        self
    }

    /// Sets [`Config::model`].
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Chatgpt4OnlineBuilder {
        self.config.model = Some(model.into());
        self
    }

    /// Adds to [`Config::models`].
    #[must_use]
    pub fn models<I>(mut self, models: I) -> Chatgpt4OnlineBuilder
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let models = models.into_iter().map(Into::into);
        self.config.models.extend(models);
        self
    }

    /// Sets [`Config::stream`].
    #[must_use]
    pub fn stream(mut self, yes: bool) -> Chatgpt4OnlineBuilder {
        self.config.stream = yes;
        self
    }

    /// Sets [`Config::flatten`].
    #[must_use]
    pub fn flatten(mut self, yes: bool) -> Chatgpt4OnlineBuilder {
        self.config.flatten = yes;
        self
    }

    /// Sets [`Config::nonce_page`].
    #[must_use]
    pub fn nonce_page(mut self, path: impl Into<String>) -> Chatgpt4OnlineBuilder {
        self.config.nonce_page = path.into();
        self
    }

    /// Sets [`Config::browser_headers`].
    #[must_use]
    pub fn browser_headers(mut self, yes: bool) -> Chatgpt4OnlineBuilder {
        self.config.browser_headers = yes;
        self
    }

    /// Sets time limits, size limits, proxy and headers of every request.
    #[must_use]
    pub fn http(mut self, config: HttpConfig) -> Chatgpt4OnlineBuilder {
        self.http = config;
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if there
    /// is no base URL, and for an address, proxy or header that cannot be used.
    pub fn build(self) -> Result<Chatgpt4Online, Error> {
        Chatgpt4Online::with_config(self.config, self.http)
    }
}

impl Chatgpt4Online {
    /// Sets up a client.
    pub fn builder() -> Chatgpt4OnlineBuilder {
        Chatgpt4OnlineBuilder::default()
    }
}
