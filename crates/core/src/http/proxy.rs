use reqwest::Url;

use super::url::{userinfo_secrets, without_userinfo};
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

/// Reads the address of the configured proxy, and tells the redactor its
/// password: a proxy that refuses may repeat it.
pub(super) fn read_proxy(proxy: &Secret, redactor: &Redactor) -> Result<reqwest::Proxy, Error> {
    let shown = without_userinfo(proxy.expose());
    let invalid = |why: &str| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("proxy {shown:?} {why}, for example http://127.0.0.1:8080"),
        )
    };
    let url = Url::parse(proxy.expose().trim())
        .map_err(|error| invalid(&format!("cannot be read ({error}): it must be an address")))?;
    if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") {
        return Err(invalid(
            "must start with http://, https://, socks5:// or socks5h://",
        ));
    }
    // Without TLS, reqwest makes connections only itself, and not through SOCKS.
    let has_tls = cfg!(any(feature = "rustls", feature = "native-tls"));
    if url.scheme().starts_with("socks") && !has_tls {
        return Err(invalid(
            "needs one of the features rustls and native-tls; without, only http:// can be used",
        ));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(invalid("has no host"));
    }
    keep_userinfo(&url, redactor);
    reqwest::Proxy::all(url).map_err(|_| invalid("cannot be used"))
}

/// Tells the redactor the passwords of the proxies that the environment names.
pub(super) fn keep_environment_passwords(redactor: &Redactor) {
    let values = VARIABLES.iter().filter_map(|name| std::env::var(name).ok());
    for value in values {
        let value = value.trim();
        // The scheme may be left out.
        let url = match value.contains("://") {
            true => Url::parse(value),
            false => Url::parse(&format!("http://{value}")),
        };
        if let Ok(url) = url {
            keep_userinfo(&url, redactor);
        }
    }
}

fn keep_userinfo(url: &Url, redactor: &Redactor) {
    for secret in userinfo_secrets(url) {
        redactor.keep(&secret);
    }
}
