use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chatwire_core::{Error, ErrorKind, HttpConfig, Provider, Secret};

/// What a provider is set up with when it is chosen by name.
#[derive(Clone, Default)]
pub struct ProviderOptions {
    base_url: Option<String>,
    http: HttpConfig,
    settings: BTreeMap<String, Secret>,
}

impl ProviderOptions {
    /// All defaults.
    pub fn new() -> ProviderOptions {
        ProviderOptions::default()
    }

    /// The server. It is required.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> ProviderOptions {
        self.base_url = Some(url.into());
        self
    }

    /// Time limits, size limits, proxy and headers of every request.
    #[must_use]
    pub fn http(mut self, config: HttpConfig) -> ProviderOptions {
        self.http = config;
        self
    }

    /// A setting of that provider alone, by its name in
    /// [`ProviderKind::settings`]. Values are treated as secrets.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> ProviderOptions {
        let value: String = value.into();
        self.settings.insert(name.into(), Secret::new(value));
        self
    }
}

impl fmt::Debug for ProviderOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderOptions")
            .field("base_url", &self.base_url.is_some())
            .field("http", &self.http)
            .field("settings", &self.settings)
            .finish()
    }
}

/// A kind of provider that is compiled in.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProviderKind {
    /// What it is called, for example `aura`.
    pub name: &'static str,
    /// The public server it is named after, if there was one. It is offline, and
    /// nothing contacts it unless it is set as the base URL.
    pub historical_base_url: Option<&'static str>,
    /// The servers it works with, in words.
    pub server: &'static str,
    /// The settings that it knows beyond those of all.
    pub settings: &'static [Setting],
    /// What belongs to one request, for
    /// [`ChatRequest::with_option`](chatwire_core::ChatRequest::with_option).
    pub request_options: &'static [Setting],
    build: fn(ProviderOptions) -> Result<Arc<dyn Provider>, Error>,
}

/// A setting of one kind of provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// What it is called, for example `token_limit`.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// Whether its value is a secret.
    pub secret: bool,
}

/// The kinds of provider that are compiled in.
pub fn providers() -> &'static [ProviderKind] {
    KINDS
}

/// The provider of that name.
///
/// # Errors
///
/// [`ErrorKind::UnknownProvider`] when none of that name is compiled in, and
/// [`ErrorKind::InvalidRequest`] if there is no base URL, and for an address,
/// proxy, header or setting that cannot be used.
pub fn provider(name: &str, options: ProviderOptions) -> Result<Arc<dyn Provider>, Error> {
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
        let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        return Err(Error::new(
            ErrorKind::UnknownProvider,
            format!("no provider {name:?}; known: {}", known.join(", ")),
        ));
    };
    for setting in options.settings.keys() {
        if !kind.settings.iter().any(|known| known.name == setting) {
            let known: Vec<&str> = kind.settings.iter().map(|known| known.name).collect();
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("no setting {setting:?}; known: {}", known.join(", ")),
            )
            .with_provider(name));
        }
    }
    (kind.build)(options)
}

const KINDS: &[ProviderKind] = &[
    #[cfg(feature = "magickpen")]
    magickpen::KIND,
    #[cfg(feature = "chatgpt4online")]
    chatgpt4online::KIND,
    #[cfg(feature = "aura")]
    aura::KIND,
    #[cfg(feature = "ai-sdk")]
    ai_sdk::KIND,
];

#[cfg(any(
    feature = "magickpen",
    feature = "chatgpt4online",
    feature = "aura",
    feature = "ai-sdk"
))]
mod setting {
    use super::{Error, ErrorKind, ProviderOptions, Setting};

    pub(super) const fn plain(name: &'static str, help: &'static str) -> Setting {
        Setting {
            name,
            help,
            secret: false,
        }
    }

    impl ProviderOptions {
        /// Sets up a builder: gives it the value of a setting, if there is one.
        pub(super) fn apply<B, T: std::str::FromStr>(
            &self,
            builder: B,
            name: &str,
            set: impl FnOnce(B, T) -> B,
        ) -> Result<B, Error> {
            let Some(value) = self.settings.get(name) else {
                return Ok(builder);
            };
            match value.expose().trim().parse() {
                Ok(value) => Ok(set(builder, value)),
                Err(_) => Err(Error::new(
                    ErrorKind::InvalidRequest,
                    format!(
                        "setting {name} cannot be {:?}: it must be {}",
                        value.expose(),
                        expected::<T>()
                    ),
                )),
            }
        }
    }

    fn expected<T>() -> &'static str {
        match std::any::type_name::<T>() {
            "bool" => "true or false",
            "u32" => "a whole number",
            _ => "a text",
        }
    }
}

#[cfg(feature = "magickpen")]
mod magickpen {
    use super::{Arc, Error, Provider, ProviderKind, ProviderOptions, setting};
    use chatwire_magickpen::{HISTORICAL_BASE_URL, MagickPen};

    pub(super) const KIND: ProviderKind = ProviderKind {
        name: "magickpen",
        historical_base_url: Some(HISTORICAL_BASE_URL),
        server: "MagickPen servers",
        settings: &[setting::plain(
            "api_url",
            "where questions go, if not below the base URL",
        )],
        request_options: &[],
        build,
    };

    fn build(options: ProviderOptions) -> Result<Arc<dyn Provider>, Error> {
        let mut builder = MagickPen::builder().http(options.http.clone());
        if let Some(url) = &options.base_url {
            builder = builder.base_url(url);
        }
        builder = options.apply(builder, "api_url", |b, url: String| b.api_url(url))?;
        Ok(Arc::new(builder.build()?))
    }
}

#[cfg(feature = "chatgpt4online")]
mod chatgpt4online {
    use super::{Arc, Error, Provider, ProviderKind, ProviderOptions, setting};
    use chatwire_chatgpt4online::{Chatgpt4Online, HISTORICAL_BASE_URL};

    pub(super) const KIND: ProviderKind = ProviderKind {
        name: "chatgpt4online",
        historical_base_url: Some(HISTORICAL_BASE_URL),
        server: "WordPress sites with the AI Engine plugin",
        settings: &[
            setting::plain("bot_id", "the chatbot of the site (default: default)"),
            setting::plain("custom_id", "the custom chatbot of a page"),
            setting::plain("model", "the model to ask the site for"),
            setting::plain("models", "models that requests may name, with commas"),
            setting::plain("stream", "whether the site streams (default: true)"),
            setting::plain("flatten", "send the conversation as one prompt"),
            setting::plain("nonce_page", "a page with the chatbot (default: /)"),
            setting::plain("browser_headers", "send the headers of a browser"),
        ],
        request_options: &[
            setting::plain("conversation_id", "the conversation in the site's records"),
            setting::plain("session", "the visitor's session in the site's records"),
            setting::plain("context_id", "the page that the question is about"),
            setting::plain("new_file_id", "a file uploaded to the site before"),
        ],
        build,
    };

    fn build(options: ProviderOptions) -> Result<Arc<dyn Provider>, Error> {
        let mut b = Chatgpt4Online::builder().http(options.http.clone());
        if let Some(url) = &options.base_url {
            b = b.base_url(url);
        }
        b = options.apply(b, "bot_id", |b, v: String| b.bot_id(v))?;
        b = options.apply(b, "custom_id", |b, v: String| b.custom_id(v))?;
        b = options.apply(b, "model", |b, v: String| b.model(v))?;
        b = options.apply(b, "models", |b, v: String| {
            let models = v
                .split(',')
                .map(str::trim)
                .filter(|model| !model.is_empty());
            b.models(models)
        })?;
        b = options.apply(b, "stream", |b, v: bool| b.stream(v))?;
        b = options.apply(b, "flatten", |b, v: bool| b.flatten(v))?;
        b = options.apply(b, "nonce_page", |b, v: String| b.nonce_page(v))?;
        b = options.apply(b, "browser_headers", |b, v: bool| b.browser_headers(v))?;
        Ok(Arc::new(b.build()?))
    }
}

#[cfg(feature = "aura")]
mod aura {
    use super::{Arc, Error, Provider, ProviderKind, ProviderOptions, Setting, setting};
    use chatwire_aura::{Aura, HISTORICAL_BASE_URL, ModelInfo, SessionOptions};
    #[cfg(feature = "webdriver")]
    use {super::ErrorKind, chatwire_aura::Browser};

    pub(super) const KIND: ProviderKind = ProviderKind {
        name: "aura",
        historical_base_url: Some(HISTORICAL_BASE_URL),
        server: "openchat-ui and Chatbot-UI servers",
        settings: &[
            setting::plain("token_limit", "the budget for the conversation, in tokens"),
            setting::plain("model", "the model that answers when none is named"),
            setting::plain("any_model", "pass on models that are not known here"),
            Setting {
                name: "key",
                help: "a key for the server's own backend",
                secret: true,
            },
            setting::plain("session_file", "where the browser's session is kept"),
            #[cfg(feature = "webdriver")]
            setting::plain(
                "webdriver",
                "a WebDriver server whose browser opens the site",
            ),
            #[cfg(feature = "webdriver")]
            setting::plain(
                "webdriver_page",
                "the page it opens (default: the base URL)",
            ),
            #[cfg(feature = "webdriver")]
            setting::plain(
                "webdriver_ready",
                "what it waits for: a CSS selector, or cookie:NAME",
            ),
            #[cfg(feature = "webdriver")]
            setting::plain("webdriver_timeout", "how long, in seconds (default: 60)"),
            #[cfg(feature = "webdriver")]
            setting::plain("webdriver_headless", "whether it has no window"),
            #[cfg(feature = "webdriver")]
            setting::plain(
                "webdriver_capabilities",
                "WebDriver capabilities, as a JSON object",
            ),
        ],
        request_options: &[],
        build,
    };

    fn build(options: ProviderOptions) -> Result<Arc<dyn Provider>, Error> {
        let mut b = Aura::builder().http(options.http.clone());
        if let Some(url) = &options.base_url {
            b = b.base_url(url);
        }
        b = options.apply(b, "token_limit", |b, v: u32| b.token_limit(v))?;
        b = options.apply(b, "model", |b, v: String| b.model(ModelInfo::new(v)))?;
        b = options.apply(b, "any_model", |b, v: bool| b.any_model(v))?;
        b = options.apply(b, "key", |b, v: String| b.key(v))?;
        let mut sessions = SessionOptions::new();
        sessions = options.apply(sessions, "session_file", |s, v: String| s.with_file(v))?;
        #[cfg(feature = "webdriver")]
        if let Some(browser) = browser(&options)? {
            sessions = sessions.with_source(browser);
        }
        Ok(Arc::new(b.sessions(sessions).build()?))
    }

    #[cfg(feature = "webdriver")]
    fn browser(options: &ProviderOptions) -> Result<Option<Browser>, Error> {
        let none: Option<Browser> = None;
        let start = |_, address: String| Some(Browser::new(address));
        let Some(mut b) = options.apply(none, "webdriver", start)? else {
            let mut names = options.settings.keys();
            return match names.find(|name| name.starts_with("webdriver_")) {
                None => Ok(None),
                Some(name) => Err(Error::new(
                    ErrorKind::InvalidRequest,
                    format!("setting {name} needs the setting webdriver"),
                )
                .with_provider("aura")),
            };
        };
        b = options.apply(b, "webdriver_page", |b, v: String| b.page(v))?;
        b = options.apply(b, "webdriver_ready", |b, v: String| b.ready(&v))?;
        b = options.apply(b, "webdriver_timeout", |b, v: u32| {
            b.timeout(std::time::Duration::from_secs(v.into()))
        })?;
        b = options.apply(b, "webdriver_headless", |b, v: bool| b.headless(v))?;
        b = options.apply(b, "webdriver_capabilities", |b, v: String| {
            b.capabilities(v)
        })?;
        Ok(Some(b))
    }
}

#[cfg(feature = "ai-sdk")]
mod ai_sdk {
    use super::{Arc, Error, Provider, ProviderKind, ProviderOptions, setting};
    use chatwire_ai_sdk::{AiSdk, BodyShape, Members, Protocol, SessionOptions, SystemPrompt};

    pub(super) const KIND: ProviderKind = ProviderKind {
        name: "ai-sdk",
        historical_base_url: None,
        server: "servers built with the AI SDK (npm ai)",
        settings: &[
            setting::plain("path", "the path of the route (default: /api/chat)"),
            setting::plain("protocol", "ui, data or text (default: found out)"),
            setting::plain("body", "hybrid, v3, v4, v5 or template (default: hybrid)"),
            setting::plain("extra", "members of the app for the body, a JSON object"),
            setting::plain(
                "system_prompt",
                "first-user, message, member:NAME or refuse (default: first-user)",
            ),
            setting::plain("model", "the model to ask for when none is named"),
            setting::plain("chat_id", "the id of the chat (default: a fresh one)"),
            setting::plain("max_data_url", "the largest image of an answer, in bytes"),
            setting::plain("session_file", "where the browser's session is kept"),
        ],
        request_options: &[
            setting::plain("conversation_id", "the id of the chat"),
            setting::plain("extra", "more members for the body, a JSON object"),
        ],
        build,
    };

    fn build(options: ProviderOptions) -> Result<Arc<dyn Provider>, Error> {
        let mut b = AiSdk::builder().http(options.http.clone());
        if let Some(url) = &options.base_url {
            b = b.base_url(url);
        }
        b = options.apply(b, "path", |b, v: String| b.path(v))?;
        b = options.apply(b, "protocol", |b, v: Protocol| b.protocol(v))?;
        b = options.apply(b, "body", |b, v: BodyShape| b.body(v))?;
        b = options.apply(b, "extra", |b, v: Members| b.extra(v))?;
        b = options.apply(b, "system_prompt", |b, v: SystemPrompt| b.system_prompt(v))?;
        b = options.apply(b, "model", |b, v: String| b.model(v))?;
        b = options.apply(b, "chat_id", |b, v: String| b.chat_id(v))?;
        b = options.apply(b, "max_data_url", |b, v: usize| b.max_data_url(v))?;
        b = options.apply(b, "session_file", |b, v: String| {
            b.sessions(SessionOptions::new().with_file(v))
        })?;
        Ok(Arc::new(b.build()?))
    }
}
