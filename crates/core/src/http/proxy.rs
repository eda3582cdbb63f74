use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::config::HttpConfig;
use super::url::{RequestUrl, userinfo_secrets, without_userinfo};
use crate::error::{Error, ErrorKind};
use crate::secret::{Redactor, Secret};

/// The variables that name a proxy; both cases are read.
const VARIABLES: [&str; 6] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// Which proxy requests go through.
#[derive(Clone)]
pub(super) enum ProxyChoice {
    /// None, or one of the caller's own client, which is not known.
    None,
    /// The configured one, for every request.
    Configured(ProxyInUse),
    /// Those that the environment names, by address.
    Environment(Arc<Matcher>),
}

/// A proxy that a request goes through.
#[derive(Clone)]
pub(super) struct ProxyInUse {
    /// Its address without user name and password.
    url: Url,
    /// What it gets as `Proxy-Authorization`.
    authorization: Option<HeaderValue>,
}

impl ProxyChoice {
    /// Reads the choice of a configuration. The passwords of proxies are told to
    /// the redactor, because a proxy that refuses may repeat them.
    pub(super) fn new(config: &HttpConfig, redactor: &Redactor) -> Result<ProxyChoice, Error> {
        if let Some(proxy) = &config.proxy {
            return read(proxy, redactor).map(ProxyChoice::Configured);
        }
        if config.direct {
            return Ok(ProxyChoice::None);
        }
        keep_environment_passwords(redactor);
        Ok(match config.client.is_some() || exempts_everything() {
            true => ProxyChoice::None,
            // What reqwest itself asks.
            false => ProxyChoice::Environment(Arc::new(Matcher::from_system())),
        })
    }

    /// Sets the proxy of a client.
    pub(super) fn apply(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        match self {
            ProxyChoice::None => builder.no_proxy(),
            ProxyChoice::Configured(_) | ProxyChoice::Environment(_) => builder,
        }
    }

    /// Returns the proxy that a request to this address goes through.
    pub(super) fn of(&self, url: &RequestUrl) -> Option<ProxyInUse> {
        match self {
            ProxyChoice::None => None,
            ProxyChoice::Configured(proxy) => Some(proxy.clone()),
            ProxyChoice::Environment(matcher) => {
                let origin = url.0.origin().ascii_serialization();
                let uri: Uri = origin.parse().ok()?;
                let found = matcher.intercept(&uri)?;
                Some(ProxyInUse {
                    url: without_password(Url::parse(&found.uri().to_string()).ok()?),
                    authorization: found.basic_auth().cloned(),
                })
            }
        }
    }
}

impl ProxyInUse {
    /// Returns host and port, if it is spoken to in plain HTTP.
    pub(super) fn http_address(&self) -> Option<(String, u16)> {
        if self.url.scheme() != "http" {
            return None;
        }
        Some((
            self.url.host_str()?.to_owned(),
            self.url.port_or_known_default()?,
        ))
    }

    /// Returns what it gets as `Proxy-Authorization`.
    pub(super) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }
}

/// Without user name and password.
impl fmt::Display for ProxyInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or_default();
        write!(f, "{}://{host}", self.url.scheme())?;
        match self.url.port() {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// Reads the address of the configured proxy.
fn read(proxy: &Secret, redactor: &Redactor) -> Result<ProxyInUse, Error> {
    let url = configured(proxy)?;
    keep_userinfo(&url, redactor);
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let authorization = url.password().and_then(|password| {
        let both = format!("{}:{}", decoded(url.username()), decoded(password));
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(both))).ok()?;
        value.set_sensitive(true);
        Some(value)
    });
    Ok(ProxyInUse {
        url: without_password(url),
        authorization,
    })
}

/// Makes the proxy of reqwest for the configured one, if there is one.
pub(super) fn reqwest_proxy(config: &HttpConfig) -> Result<Option<reqwest::Proxy>, Error> {
    let Some(proxy) = &config.proxy else {
        return Ok(None);
    };
    let made = reqwest::Proxy::all(configured(proxy)?);
    made.map(Some).map_err(|_| invalid(proxy, "cannot be used"))
}

/// The address of the configured proxy.
fn configured(proxy: &Secret) -> Result<Url, Error> {
    let url = Url::parse(proxy.expose().trim()).map_err(|error| {
        let why = format!("cannot be read ({error}): it must be an address");
        invalid(proxy, &why)
    })?;
    if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") {
        let why = "must start with http://, https://, socks5:// or socks5h://";
        return Err(invalid(proxy, why));
    }
    // Without TLS, reqwest makes connections only itself, and not through SOCKS.
    let has_tls = cfg!(any(feature = "rustls", feature = "native-tls"));
    if url.scheme().starts_with("socks") && !has_tls {
        let why = "needs one of the features rustls and native-tls; without, only http:// can be \
                   used";
        return Err(invalid(proxy, why));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(invalid(proxy, "has no host"));
    }
    Ok(url)
}

/// The error for an address that cannot be used. It is shown if it is one: any
/// other text may be a password alone.
fn invalid(proxy: &Secret, why: &str) -> Error {
    let shown = without_userinfo(proxy.expose());
    let shown = match shown.contains("://") || shown.is_empty() {
        true => format!("proxy {shown:?}"),
        false => "the proxy".to_owned(),
    };
    Error::new(
        ErrorKind::InvalidRequest,
        format!("{shown} {why}, for example http://127.0.0.1:8080"),
    )
}

/// Tells the redactor the passwords of the proxies that the environment names.
fn keep_environment_passwords(redactor: &Redactor) {
    let values = VARIABLES.iter().filter_map(|name| std::env::var(name).ok());
    for value in values {
        let value = value.trim();
        // The scheme may be left out.
        let url = match value.contains("://") {
            true => Url::parse(value),
            false => Url::parse(&format!("http://{value}")),
        };
        match url {
            Ok(url) if url.password().is_some() => keep_userinfo(&url, redactor),
            // What cannot be read is not used, and names a password all the same.
            _ => keep_before_at(value, redactor),
        }
    }
}

/// Tells the redactor what may be a password in an address with a slip in it.
fn keep_before_at(address: &str, redactor: &Redactor) {
    let Some((before, _)) = address.rsplit_once('@') else {
        return;
    };
    let is_scheme = |scheme: &str| ["http", "https", "socks5", "socks5h"].contains(&scheme);
    let both = match before.split_once(':') {
        Some((scheme, both)) if is_scheme(&scheme.to_ascii_lowercase()) => both,
        _ => before,
    };
    let both = both.trim_start_matches(['/', '\\']);
    redactor.keep(&Secret::new(both));
    if let Some((_, password)) = both.split_once(':') {
        redactor.keep(&Secret::new(password));
    }
}

/// Whether the environment exempts every address from its proxies. reqwest takes
/// the star for names only, and not for numbers.
fn exempts_everything() -> bool {
    let value = std::env::var("NO_PROXY").or_else(|_| std::env::var("no_proxy"));
    value.is_ok_and(|value| value.split(',').any(|entry| entry.trim() == "*"))
}

fn keep_userinfo(url: &Url, redactor: &Redactor) {
    for secret in userinfo_secrets(url) {
        redactor.keep(&secret);
    }
}

fn without_password(mut url: Url) -> Url {
    // Both can only fail for addresses without a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}
