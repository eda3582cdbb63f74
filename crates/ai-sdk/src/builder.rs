use chatwire_browser::{SessionClient, SessionOptions};
use chatwire_core::provider_kit::BaseUrl;
use chatwire_core::{Error, ErrorKind, HttpConfig, Secret};

use crate::config::{BodyShape, Config, Members, SystemPrompt};
use crate::decode::{Limits, Protocol};
use crate::provider::{AiSdk, NAME};

/// The path of the route unless another one is set.
pub const DEFAULT_PATH: &str = "/api/chat";

/// Sets up an [`AiSdk`].
#[derive(Debug, Clone, Default)]
pub struct AiSdkBuilder {
    config: Config,
    sessions: SessionOptions,
    http: HttpConfig,
}

impl AiSdkBuilder {
    /// Takes all settings from a configuration.
    #[must_use]
    pub fn config(mut self, config: Config) -> AiSdkBuilder {
        self.config = config;
        self
    }

    /// The server, which has no default: `https://chat.example.org`. With the
    /// path of the route at its end, it is the same.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> AiSdkBuilder {
        self.config.base_url = Some(Secret::new(url.into()));
        self
    }

    /// The path of the route below the base URL (default: [`DEFAULT_PATH`]).
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> AiSdkBuilder {
        self.config.path = Some(path.into());
        self
    }

    /// The protocol of the answers (default: found out by their headers and
    /// first bytes).
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> AiSdkBuilder {
        self.config.protocol = Some(protocol);
        self
    }

    /// The shape of the body (default: [`BodyShape::Hybrid`]).
    #[must_use]
    pub fn body(mut self, shape: BodyShape) -> AiSdkBuilder {
        self.config.body = shape;
        self
    }

    /// Members of the app's own for the body, such as `webSearch`: many apps
    /// need one. They take the place of others of their name.
    #[must_use]
    pub fn extra(mut self, members: Members) -> AiSdkBuilder {
        self.config.extra = members;
        self
    }

    /// How a system prompt is sent (default: [`SystemPrompt::FirstUser`]).
    #[must_use]
    pub fn system_prompt(mut self, how: SystemPrompt) -> AiSdkBuilder {
        self.config.system_prompt = how;
        self
    }

    /// The model to ask for when a request names none (default: the app
    /// decides). It is the member `model` of the body, for the template
    /// `selectedChatModel`; apps are free to ignore it.
    #[must_use]
    pub fn model(mut self, id: impl Into<String>) -> AiSdkBuilder {
        self.config.model = Some(id.into());
        self
    }

    /// The id of the chat for requests without a conversation's id (default: a
    /// fresh one for each request).
    #[must_use]
    pub fn chat_id(mut self, id: impl Into<String>) -> AiSdkBuilder {
        self.config.chat_id = Some(id.into());
        self
    }

    /// The largest image or file of an answer, in bytes of its data URL
    /// (default: 8 MiB). The limit for the text of one delta is that for an
    /// event of [`http`](AiSdkBuilder::http).
    #[must_use]
    pub fn max_data_url(mut self, bytes: usize) -> AiSdkBuilder {
        self.config.max_data_url = Some(bytes);
        self
    }

    /// Where a browser's session comes from, for servers behind a login
    /// (default: none). Its cookies go along with every request.
    #[must_use]
    pub fn sessions(mut self, sessions: SessionOptions) -> AiSdkBuilder {
        self.sessions = sessions;
        self
    }

    /// Time limits, size limits, proxy, headers and cookies of every request.
    #[must_use]
    pub fn http(mut self, config: HttpConfig) -> AiSdkBuilder {
        self.http = config;
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] without a base URL, and for an address,
    /// proxy or header that cannot be used.
    pub fn build(self) -> Result<AiSdk, Error> {
        self.make().map_err(|error| error.with_provider(NAME))
    }

    fn make(self) -> Result<AiSdk, Error> {
        let config = self.config;
        let path = config.path.as_deref().unwrap_or(DEFAULT_PATH).trim();
        let path = format!("/{}", path.trim_matches('/'));
        let Some(address) = &config.base_url else {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "no base URL: set the address of a server, such as http://localhost:3000",
            ));
        };
        // An address as it is copied from a browser's tools.
        let address = address.expose().trim().trim_end_matches('/');
        let base = BaseUrl::parse(address.strip_suffix(&path).unwrap_or(address))?;
        let sessions = config.sessions.apply(self.sessions)?;
        let client = SessionClient::new(NAME, self.http, base, sessions)?;
        let mut limits = Limits::new().with_delta(client.http().max_event());
        if let Some(bytes) = config.max_data_url {
            limits = limits.with_data_url(bytes);
        }
        Ok(AiSdk::new(config, client, path, limits))
    }
}
