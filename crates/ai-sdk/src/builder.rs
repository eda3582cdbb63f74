use chatwire_browser::SessionOptions;
use chatwire_core::{Error, HttpConfig, Secret};

use crate::config::{BodyShape, Config, Members, SystemPrompt};
use crate::decode::Protocol;
use crate::provider::{AiSdk, NAME};

/// Sets up an [`AiSdk`].
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct AiSdkBuilder {
    config: Config,
    sessions: SessionOptions,
    http: HttpConfig,
}

impl AiSdkBuilder {
    /// Sets the whole configuration, in place of what was set before.
    pub fn config(mut self, config: Config) -> AiSdkBuilder {
        self.config = config;
        self
    }

    /// Sets [`Config::base_url`], which is required.
    pub fn base_url(mut self, url: impl Into<String>) -> AiSdkBuilder {
        self.config.base_url = Some(Secret::new(url.into()));
        self
    }

    /// Sets [`Config::path`].
    pub fn path(mut self, path: impl Into<String>) -> AiSdkBuilder {
        self.config.path = Some(path.into());
        self
    }

    /// Sets [`Config::protocol`].
    pub fn protocol(mut self, protocol: Protocol) -> AiSdkBuilder {
        self.config.protocol = Some(protocol);
        self
    }

    /// Sets [`Config::body`].
    pub fn body(mut self, shape: BodyShape) -> AiSdkBuilder {
        self.config.body = shape;
        self
    }

    /// Sets [`Config::extra`].
    pub fn extra(mut self, members: Members) -> AiSdkBuilder {
        self.config.extra = members;
        self
    }

    /// Sets [`Config::system_prompt`].
    pub fn system_prompt(mut self, how: SystemPrompt) -> AiSdkBuilder {
        self.config.system_prompt = how;
        self
    }

    /// Sets [`Config::model`].
    pub fn model(mut self, id: impl Into<String>) -> AiSdkBuilder {
        self.config.model = Some(id.into());
        self
    }

    /// Sets [`Config::chat_id`].
    pub fn chat_id(mut self, id: impl Into<String>) -> AiSdkBuilder {
        self.config.chat_id = Some(id.into());
        self
    }

    /// Sets where a browser's session comes from, for servers behind a login
    /// (default: nowhere). Its cookies go along with every request.
    pub fn sessions(mut self, sessions: SessionOptions) -> AiSdkBuilder {
        self.sessions = sessions;
        self
    }

    /// Sets time limits, size limits, proxy, headers and cookies of every
    /// request.
    pub fn http(mut self, config: HttpConfig) -> AiSdkBuilder {
        self.http = config;
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](chatwire_core::ErrorKind::InvalidRequest)
    /// without a base URL, and for an address, proxy or header that cannot be
    /// used.
    pub fn build(self) -> Result<AiSdk, Error> {
        let built = AiSdk::with_config(self.config, self.sessions, self.http);
        built.map_err(|error| error.with_provider(NAME))
    }
}

impl AiSdk {
    /// Sets up a client.
    pub fn builder() -> AiSdkBuilder {
        AiSdkBuilder::default()
    }
}
