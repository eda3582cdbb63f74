//! The file `chatwire.toml`: named endpoints, aliases, and the gateway.
//!
//! ```
//! use chatwire_gateway::config::Config;
//!
//! let config = Config::parse(r#"
//! default = "home"
//!
//! [http]                                # for every endpoint
//! idle_timeout = "30s"                  # times: "500ms", "10s", "2m", "1h", seconds, "off"
//!
//! [endpoints.home]
//! provider = "aura"
//! base_url = "http://127.0.0.1:3000"
//!
//! [endpoints.shop]
//! provider = "chatgpt4online"
//! base_url = "https://shop.example"
//! options = { bot_id = "default" }      # what that provider alone knows
//! http = { proxy = { env = "SHOP_PROXY" } }
//!
//! [aliases]
//! gpt-4o = "home/openchat_3.6"
//! best = ["home", "shop"]               # asked in order, until one answers
//!
//! [gateway]
//! listen = "127.0.0.1:1337"
//! api_keys = [{ env = "CHATWIRE_API_KEY" }, { file = "/run/secrets/chatwire" }]
//! limits = { body = "4MiB", requests = 640 }
//! "#)?;
//! assert_eq!(config.default_endpoint(), Some("home"));
//!
//! let mistake = Config::parse("[gateway]\nlisten = 1337\n").unwrap_err();
//! assert_eq!(
//!     mistake.to_string(),
//!     "line 2, column 10: gateway.listen: expected an address with a port such as \
//!      \"127.0.0.1:1337\", found an integer",
//! );
//! # Ok::<(), chatwire_gateway::config::ConfigErrors>(())
//! ```
//!
//! A secret (`proxy`, a header, an option) is a text, or `{ env = "NAME" }`,
//! or `{ file = "path" }`, which are read when the endpoint is
//! [set up](Config::endpoint). The API keys of the gateway stand in the
//! environment or in a file, never here. A file of keys has one in each line;
//! empty lines and those that begin with `#` do not count.
//!
//! # Keys of the file
//!
//! | section | keys |
//! |---|---|
//! | top | `default` |
//! | `[http]`, `[endpoints.NAME.http]` | `connect_timeout`, `first_byte_timeout`, `idle_timeout`, `total_timeout`, `max_event`, `max_error_body`, `max_page`, `max_reply`, `proxy`, `user_agent`, `headers` |
//! | `[endpoints.NAME]` | `provider`, `base_url`, `options`, `http` |
//! | `[aliases]` | a name = a model or a list of models |
//! | `[gateway]` | `listen`, `strict`, `retries`, `retry_delay`, `keep_alive`, `grace`, `allowed_hosts`, `allowed_origins`, `api_keys`, `limits` |
//! | `[gateway.limits]` | the fields of [`Limits`] |

mod error;
mod http;
mod read;
mod source;
mod units;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chatwire_core::{Error, HttpConfig, Provider, Secret};

pub use error::{ConfigError, ConfigErrors};

use crate::config::http::HttpSection;
use crate::config::read::{At, Section, Sections};
use crate::config::source::Source;
use crate::dispatch::endpoint::Endpoint;
use crate::dispatch::routing::{Routes, is_endpoint_name};
use crate::{Gateway, GatewayBuilder, Limits};

/// A configuration that was read and is right in itself. Whether its endpoints
/// can be set up is seen when they are.
#[derive(Debug)]
pub struct Config {
    default: Option<String>,
    http: HttpSection,
    endpoints: BTreeMap<String, EndpointSection>,
    aliases: Vec<(String, Vec<(String, At)>)>,
    gateway: GatewaySection,
}

#[derive(Debug)]
struct EndpointSection {
    at: At,
    provider: String,
    provider_at: At,
    base_url: Option<String>,
    options: Vec<(String, Source)>,
    http: HttpSection,
}

#[derive(Debug, Default)]
struct GatewaySection {
    listen: Option<(SocketAddr, At)>,
    strict: Option<bool>,
    retries: Option<u32>,
    retry_delay: Option<Duration>,
    keep_alive: Option<Duration>,
    grace: Option<Duration>,
    hosts: Vec<(String, At)>,
    origins: Vec<(String, At)>,
    keys: Vec<Source>,
    limits: Limits,
}

/// What an endpoint's provider is made of.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EndpointConfig {
    /// What it is called here.
    pub name: String,
    /// The kind of provider, for example `aura`.
    pub provider: String,
    /// Its server, unless that is the provider's own.
    pub base_url: Option<String>,
    /// What that provider alone knows, each value as a text.
    pub options: Vec<(String, Secret)>,
    /// How it speaks HTTP: what stands at the endpoint, over what stands at
    /// the top.
    pub http: HttpConfig,
}

impl Config {
    /// Reads the text of a configuration file.
    ///
    /// # Errors
    ///
    /// All mistakes in it, each with its line, its key and what was expected.
    pub fn parse(text: &str) -> Result<Config, ConfigErrors> {
        let sections = Sections::parse(text)?;
        let mut top = sections.top();
        let default = top.text("default");
        let mut http = top.section("http");
        let mut endpoints_section = top.section("endpoints");
        let mut aliases_section = top.section("aliases");
        let mut gateway_section = top.section("gateway");

        let mut endpoints = BTreeMap::new();
        for name in endpoints_section.names() {
            let mut section = endpoints_section.section(&name);
            if !is_endpoint_name(&name) {
                section.wrong("a name of letters, digits, `-`, `_` and `.`");
            }
            if let Some(endpoint) = EndpointSection::read(&mut section) {
                endpoints.insert(name, endpoint);
            }
        }
        let mut aliases = Vec::new();
        for name in aliases_section.names() {
            let models = aliases_section.texts(&name);
            for (model, at) in &models {
                let endpoint = model.split('/').next().unwrap_or_default();
                if model.contains('/') && !endpoints_section.has(endpoint) {
                    sections.note(at, format!("there is no endpoint {endpoint:?}"));
                }
            }
            aliases.push((name, models));
        }
        if let Some((name, at)) = &default
            && !endpoints_section.has(name)
        {
            let known = endpoints_section.names().join(", ");
            sections.note(
                at,
                format!("expected the name of an endpoint ({known}), found {name:?}"),
            );
        }
        let config = Config {
            default: default.map(|(name, _)| name),
            http: HttpSection::read(&mut http),
            endpoints,
            aliases,
            gateway: GatewaySection::read(&mut gateway_section),
        };
        top.finish();
        sections.into_result(config)
    }

    /// The endpoint to use when none is named.
    pub fn default_endpoint(&self) -> Option<&str> {
        self.default.as_deref()
    }

    /// The names of the endpoints, sorted.
    pub fn endpoint_names(&self) -> impl Iterator<Item = &str> {
        self.endpoints.keys().map(String::as_str)
    }

    /// An endpoint with its secrets read from where they are; none when there
    /// is no endpoint of that name.
    ///
    /// # Errors
    ///
    /// Variables and files that are not there, each with the line and key that
    /// names it.
    pub fn endpoint(&self, name: &str) -> Result<Option<EndpointConfig>, ConfigErrors> {
        let Some(section) = self.endpoints.get(name) else {
            return Ok(None);
        };
        let mut errors = Vec::new();
        let mut options = Vec::new();
        for (key, source) in &section.options {
            match source.read() {
                Ok(value) => options.push((key.clone(), value)),
                Err(error) => errors.push(error),
            }
        }
        let config = HttpConfig::new();
        let config = self.http.apply(config, &section.http, &mut errors);
        let config = section
            .http
            .apply(config, &HttpSection::default(), &mut errors);
        ConfigErrors::or(
            errors,
            EndpointConfig {
                name: name.to_owned(),
                provider: section.provider.clone(),
                base_url: section.base_url.clone(),
                options,
                http: config,
            },
        )
        .map(Some)
    }

    /// Where the gateway listens (default: 127.0.0.1:1337).
    pub fn listen(&self) -> SocketAddr {
        match &self.gateway.listen {
            Some((address, _)) => *address,
            None => SocketAddr::from(([127, 0, 0, 1], 1337)),
        }
    }

    /// Everything for a gateway. The function makes the provider of an
    /// endpoint; with the facade that is one call of `chatwire::provider`.
    ///
    /// # Errors
    ///
    /// All that is wrong: secrets that cannot be read, endpoints that cannot
    /// be set up, aliases for models that are not there, another address than
    /// loopback without an API key.
    pub fn gateway(
        &self,
        mut make: impl FnMut(EndpointConfig) -> Result<Arc<dyn Provider>, Error>,
    ) -> Result<GatewayBuilder, ConfigErrors> {
        let mut errors = Vec::new();
        let mut builder = self.gateway.builder(&mut errors);
        let mut endpoints = Vec::new();
        if self.endpoints.is_empty() {
            errors.push(At::top("endpoints").error("expected at least one [endpoints.NAME]"));
        }
        for (name, section) in &self.endpoints {
            let config = match self.endpoint(name) {
                Ok(Some(config)) => config,
                Ok(None) => continue,
                Err(more) => {
                    errors.extend(more);
                    continue;
                }
            };
            match make(config) {
                Ok(provider) => {
                    endpoints.push(Endpoint::new(name.clone(), Arc::clone(&provider)));
                    builder = builder.endpoint(name.clone(), provider);
                }
                Err(error) => {
                    let at = section.blame(&error);
                    errors.push(at.error(error.to_string()));
                }
            }
        }
        // An alias cannot be judged while an endpoint is missing.
        if errors.is_empty() {
            match Routes::new(endpoints, Vec::new()) {
                Ok(routes) => {
                    for (model, at) in self.aliases.iter().flat_map(|(_, models)| models) {
                        if let Err(why) = routes.find(model) {
                            errors.push(at.error(why));
                        }
                    }
                }
                Err(error) => errors.push(At::top("endpoints").error(error.to_string())),
            }
        }
        for (alias, models) in &self.aliases {
            builder = builder.alias(alias, models.iter().map(|(model, _)| model));
        }
        ConfigErrors::or(errors, builder)
    }
}

impl EndpointSection {
    fn read(section: &mut Section<'_, '_>) -> Option<EndpointSection> {
        let provider = section.required_text("provider");
        let base_url = section.text("base_url");
        let mut options_section = section.section("options");
        let options = options_section
            .names()
            .into_iter()
            .filter_map(|name| {
                let value = options_section.plain_or_source(&name)?;
                Some((name, value))
            })
            .collect();
        let http = HttpSection::read(&mut section.section("http"));
        section.finish();
        let (provider, provider_at) = provider?;
        Some(EndpointSection {
            at: section.at(),
            provider,
            provider_at,
            base_url: base_url.map(|(url, _)| url),
            options,
            http,
        })
    }

    /// The place in the file that an error of the provider is about, as far as
    /// can be told.
    fn blame(&self, error: &Error) -> &At {
        if error.provider().is_none() {
            &self.provider_at
        } else {
            &self.at
        }
    }
}

impl GatewaySection {
    fn read(section: &mut Section<'_, '_>) -> GatewaySection {
        let listen = section.address("listen");
        let mut limits_section = section.section("limits");
        let gateway = GatewaySection {
            listen,
            strict: section.flag("strict"),
            retries: section.number("retries", 0..=20),
            retry_delay: section.duration("retry_delay"),
            keep_alive: section.duration("keep_alive"),
            grace: section.duration("grace"),
            hosts: section.texts("allowed_hosts"),
            origins: section.texts("allowed_origins"),
            keys: section.sources("api_keys"),
            limits: read_limits(&mut limits_section),
        };
        section.finish();
        gateway
    }

    fn builder(&self, errors: &mut Vec<ConfigError>) -> GatewayBuilder {
        let mut builder = Gateway::builder().limits(self.limits.clone());
        if let Some(strict) = self.strict {
            builder = builder.strict(strict);
        }
        if let Some(retries) = self.retries {
            builder = builder.retries(retries);
        }
        if let Some(delay) = self.retry_delay {
            builder = builder.retry_delay(delay);
        }
        if let Some(interval) = self.keep_alive {
            builder = builder.keep_alive(interval);
        }
        if let Some(grace) = self.grace {
            builder = builder.grace(grace);
        }
        // Each is tried by itself, so that the mistake has its place.
        let mut access = crate::routes::access::Access::default();
        for (host, at) in &self.hosts {
            match access.allow_host(host) {
                Ok(()) => builder = builder.allow_host(host),
                Err(error) => errors.push(at.error(error.message())),
            }
        }
        for (origin, at) in &self.origins {
            match access.allow_origin(origin) {
                Ok(()) => builder = builder.allow_origin(origin),
                Err(error) => errors.push(at.error(error.message())),
            }
        }
        for source in &self.keys {
            match source.read_lines() {
                Ok(keys) => {
                    for key in keys {
                        match access.add_key(key.clone()) {
                            Ok(()) => builder = builder.api_key(key),
                            Err(error) => errors.push(source.at().error(error.message())),
                        }
                    }
                }
                Err(error) => errors.push(error),
            }
        }
        if let Some((address, at)) = &self.listen
            && !address.ip().is_loopback()
            && self.keys.is_empty()
        {
            errors.push(at.error(format!(
                "{address} can be reached by others: expected gateway.api_keys too, or a \
                 loopback address such as 127.0.0.1"
            )));
        }
        builder
    }
}

fn read_limits(section: &mut Section<'_, '_>) -> Limits {
    let mut limits = Limits::default();
    for (name, field) in [("body", &mut limits.body), ("header", &mut limits.header)] {
        if let Some(size) = section.size(name) {
            *field = size;
        }
    }
    for (name, field) in [
        ("header_read", &mut limits.header_read),
        ("body_read", &mut limits.body_read),
        ("idle", &mut limits.idle),
        ("linger", &mut limits.linger),
    ] {
        if let Some(time) = section.duration(name) {
            *field = time;
        }
    }
    for (name, field) in [
        ("connections", &mut limits.connections),
        ("requests", &mut limits.requests),
    ] {
        if let Some(number) = section.number(name, 1..=1_000_000) {
            *field = usize::try_from(number).unwrap_or(usize::MAX);
        }
    }
    section.finish();
    limits
}
