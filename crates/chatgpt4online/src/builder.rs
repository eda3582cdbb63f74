use chatwire_browser::SessionOptions;
use chatwire_core::{Error, HttpConfig, Secret};

use crate::config::{Config, LongQuestions, SystemPrompt};
use crate::provider::Chatgpt4Online;

/// Sets up [a client](`Chatgpt4Online`).
#[derive(Debug, Clone, Default)]
pub struct Chatgpt4OnlineBuilder {
    config: Config,
    sessions: SessionOptions,
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

    /// Sets [`Config::trusted`].
    #[must_use]
    pub fn trusted(mut self, yes: bool) -> Chatgpt4OnlineBuilder {
        self.config.trusted = yes;
        self
    }

    /// Sets [`Config::system_prompt`].
    #[must_use]
    pub fn system_prompt(mut self, how: SystemPrompt) -> Chatgpt4OnlineBuilder {
        self.config.system_prompt = how;
        self
    }

    /// Sets [`Config::long_questions`].
    #[must_use]
    pub fn long_questions(mut self, what: LongQuestions) -> Chatgpt4OnlineBuilder {
        self.config.long_questions = what;
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

    /// Sets where the sessions of a browser come from, for members of the site
    /// and for sites behind a firewall (default: there are none).
    #[must_use]
    pub fn sessions(mut self, sessions: SessionOptions) -> Chatgpt4OnlineBuilder {
        self.sessions = sessions;
        self
    }

    /// Sets [`Config::cookie`].
    #[must_use]
    pub fn cookie(mut self, cookie: impl Into<String>) -> Chatgpt4OnlineBuilder {
        let cookie: String = cookie.into();
        self.config.cookie = Some(Secret::new(cookie));
        self
    }

    /// Sets [`Config::user`] and [`Config::application_password`].
    #[must_use]
    pub fn application_password(
        mut self,
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Chatgpt4OnlineBuilder {
        let password: String = password.into();
        self.config.user = Some(user.into());
        self.config.application_password = Some(Secret::new(password));
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
    /// is no base URL, for an address, proxy, header or session that cannot be
    /// used, for a model without [`Config::trusted`], and for an application
    /// password without https.
    pub fn build(self) -> Result<Chatgpt4Online, Error> {
        Chatgpt4Online::with_config(self.config, self.sessions, self.http)
    }
}

impl Chatgpt4Online {
    /// Sets up a client.
    pub fn builder() -> Chatgpt4OnlineBuilder {
        Chatgpt4OnlineBuilder::default()
    }
}
