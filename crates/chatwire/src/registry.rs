use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chatwire_core::provider_kit::Setting;
#[cfg(any(
    feature = "magickpen",
    feature = "chatgpt4online",
    feature = "aura",
    feature = "ai-sdk"
))]
use chatwire_core::provider_kit::read_settings;
use chatwire_core::{Error, ErrorKind, HttpConfig, Provider, Secret};

/// The configuration of a provider that is chosen by name.
#[derive(Clone, Default)]
pub struct ProviderOptions {
    base_url: Option<String>,
    http: HttpConfig,
    settings: BTreeMap<String, Secret>,
}

impl ProviderOptions {
    /// Creates options with all defaults.
    pub fn new() -> ProviderOptions {
        ProviderOptions::default()
    }

    /// Sets the address of the server, which is required.
    #[must_use]
    pub fn with_base_url(mut self, url: impl Into<String>) -> ProviderOptions {
        self.base_url = Some(url.into());
        self
    }

    /// Sets time limits, size limits, proxy and headers of every request.
    #[must_use]
    pub fn with_http(mut self, config: HttpConfig) -> ProviderOptions {
        self.http = config;
        self
    }

    /// Sets a setting of that provider alone, by its name in
    /// [`ProviderKind::settings`]. Its type is checked when the provider is built,
    /// and no error repeats its value.
    #[must_use]
    pub fn with_setting(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> ProviderOptions {
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
    /// The name, for example `aura`.
    pub name: &'static str,
    /// Other names for it, by the software that such servers run.
    pub aliases: &'static [&'static str],
    /// The public server it is named after, if there was one. It is offline, and
    /// nothing contacts it unless it is set as the base URL.
    pub historical_base_url: Option<&'static str>,
    /// The servers it works with, in words.
    pub server: &'static str,
    /// The settings that it has beyond those of every provider.
    pub settings: &'static [Setting],
    /// What belongs to one request, for
    /// [`ChatRequest::with_option`](chatwire_core::ChatRequest::with_option).
    pub request_options: &'static [Setting],
    build: fn(ProviderOptions) -> Result<Arc<dyn Provider>, Error>,
}

impl ProviderKind {
    /// Returns the setting or the option of requests of that name.
    pub fn setting(&self, name: &str) -> Option<&'static Setting> {
        let mut known = self.settings.iter().chain(self.request_options);
        known.find(|setting| setting.name == name)
    }
}

/// Returns the kinds of provider that are compiled in.
pub fn providers() -> &'static [ProviderKind] {
    KINDS
}

/// Returns the kind of provider of that name or alias, if it is compiled in.
pub fn provider_kind(name: &str) -> Option<&'static ProviderKind> {
    let is_known = |kind: &&ProviderKind| kind.name == name || kind.aliases.contains(&name);
    KINDS.iter().find(is_known)
}

/// Builds the provider of that name or alias. Nothing is sent yet.
///
/// # Errors
///
/// [`ErrorKind::UnknownProvider`] if none of that name is compiled in, and
/// [`ErrorKind::InvalidRequest`] if there is no base URL, and for an address,
/// proxy, header or setting that cannot be used.
pub fn provider(name: &str, options: ProviderOptions) -> Result<Arc<dyn Provider>, Error> {
    let Some(kind) = provider_kind(name) else {
        let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        return Err(Error::new(
            ErrorKind::UnknownProvider,
            format!("no provider {name:?}; known: {}", known.join(", ")),
        ));
    };
    (kind.build)(options).map_err(|error| error.with_provider(kind.name))
}

/// The row of a provider: its crate, its client, its aliases, the public server
/// it is named after, the servers it works with, and what belongs to one request.
#[cfg(any(
    feature = "magickpen",
    feature = "chatgpt4online",
    feature = "aura",
    feature = "ai-sdk"
))]
macro_rules! kind {
    ($provider:ident, $client:ident, $aliases:expr, $historical:expr, $server:literal, $options:expr) => {
        ProviderKind {
            name: $provider::NAME,
            aliases: $aliases,
            historical_base_url: $historical,
            server: $server,
            settings: $provider::SETTINGS,
            request_options: $options,
            build: |options| {
                let config = read_settings($provider::SETTINGS, &options.settings)?;
                let mut builder = $provider::$client::builder().config(config);
                if let Some(url) = options.base_url {
                    builder = builder.base_url(url);
                }
                Ok(Arc::new(builder.http(options.http).build()?))
            },
        }
    };
}

const KINDS: &[ProviderKind] = &[
    #[cfg(feature = "magickpen")]
    kind!(
        chatwire_magickpen,
        MagickPen,
        &[],
        Some(chatwire_magickpen::HISTORICAL_BASE_URL),
        "MagickPen servers",
        &[]
    ),
    #[cfg(feature = "chatgpt4online")]
    kind!(
        chatwire_chatgpt4online,
        Chatgpt4Online,
        &["wordpress", "ai-engine"],
        Some(chatwire_chatgpt4online::HISTORICAL_BASE_URL),
        "WordPress sites with the AI Engine plugin",
        chatwire_chatgpt4online::REQUEST_OPTIONS
    ),
    #[cfg(feature = "aura")]
    kind!(
        chatwire_aura,
        Aura,
        &["chatbot-ui", "openchat-ui"],
        Some(chatwire_aura::HISTORICAL_BASE_URL),
        "openchat-ui and Chatbot-UI servers",
        &[]
    ),
    #[cfg(feature = "ai-sdk")]
    kind!(
        chatwire_ai_sdk,
        AiSdk,
        &[],
        None,
        "servers built with the AI SDK (npm ai)",
        chatwire_ai_sdk::REQUEST_OPTIONS
    ),
];
