//! The configuration file of chatwire, `chatwire.toml`: named endpoints,
//! aliases, and the gateway.
//!
//! ```
//! use chatwire_config::Config;
//!
//! let config = Config::parse(r#"
//! default = "home"
//!
//! [http]                                # for every endpoint
//! idle_timeout = "30s"                  # "500ms", "10s", "2m", "1h 30m", seconds, "off"
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
//! best = ["home", "shop"]               # tried in order, until one answers
//!
//! [gateway]
//! listen = "127.0.0.1:1337"
//! api_keys = [{ env = "CHATWIRE_API_KEY" }, { file = "/run/secrets/chatwire" }]
//! limits = { body = "4MiB", requests = 640 }
//! "#)?;
//! assert_eq!(config.default_endpoint(), Some("home"));
//!
//! let mistakes = Config::parse("[gateway]\nlisten = 100000\n").unwrap_err();
//! assert_eq!(
//!     mistakes.to_string(),
//!     "line 2, column 10: gateway.listen: expected an address with a port such as \
//!      \"127.0.0.1:1337\", found an integer",
//! );
//! # Ok::<(), chatwire_config::ConfigErrors>(())
//! ```
//!
//! [`Config::endpoint`] reads one endpoint with its secrets, and
//! [`EndpointConfig::provider`] makes its provider. [`Config::gateway`] makes
//! all providers and a gateway over them.
//!
//! # Secrets
//!
//! A proxy, a header or an option is a text, `{ env = "NAME" }` or
//! `{ file = "path" }`; the latter two are read when the endpoint is used. A
//! relative path is looked for in the folder of the configuration file, as are those
//! of `ca_file`, `session_file` and `prompts`, and `~/` is the home of the user. API
//! keys of the gateway stand in the environment or in a file, never in the
//! configuration: one key per line, without empty lines and lines that begin
//! with `#`.
//!
//! No error, `Debug` output or log has a secret, and
//! [`Config::to_redacted_toml`] shows a configuration without them.
//!
//! # Keys of the file
//!
//! | table | keys |
//! |---|---|
//! | top | `default` |
//! | `[http]`, `[endpoints.NAME.http]` | `connect_timeout`, `first_byte_timeout`, `idle_timeout`, `total_timeout`, `max_event`, `max_error_body`, `max_page`, `max_reply`, `proxy`, `ca_file`, `user_agent`, `headers` |
//! | `[endpoints.NAME]` | `provider`, `base_url`, `tools`, `options`, `http` |
//! | `[aliases]` | a name = a model or a list of models |
//! | `[gateway]` | `listen`, `page`, `prompts`, `strict`, `usage`, `retries`, `retry_delay`, `keep_alive`, `grace`, `allowed_hosts`, `allowed_origins`, `api_keys`, `limits` |
//! | `[gateway.limits]` | the fields of [`Limits`](chatwire_gateway::Limits) |
//!
//! [`json_schema`] describes all of them for editors.
//!
//! A limit is removed by `"off"`, and so is the proxy of the environment by
//! `proxy = "off"`. `ca_file` names a file with certificates in PEM to trust
//! besides the system's: of an authority of your own, or a server's self-signed
//! one.
//!
//! # Permissions
//!
//! On Unix, files of keys and certificates that others may write are refused, and
//! a warning is logged for files of keys that others may read. [`read_config`]
//! and [`warn_if_readable`] do the same for the configuration file itself.

mod address;
mod config;
mod endpoint;
mod error;
mod file;
mod gateway;
mod http;
mod paths;
mod private;
mod redact;
mod request_options;
mod schema;
mod units;

// What a program that serves needs of the gateway.
pub use chatwire_gateway::{Gateway, GatewayHandle};
pub use config::Config;
pub use endpoint::EndpointConfig;
pub use error::{ConfigError, ConfigErrors};
pub use file::{deserialize_duration, shown_variable};
pub use private::{read_certificates, read_config, read_secret, warn_if_readable};
pub use schema::json_schema;
pub use units::{parse_address, parse_duration};
