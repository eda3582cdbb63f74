use chatwire_core::Error;
use serde::Deserialize;
use url::Url;

use super::error::json_error;
use super::format::Format;
use super::jar::{self, JarCookie};
use crate::session::{BrowserSession, Cookie};

/// A cookie as the extensions API of browsers has it, and Playwright and
/// Puppeteer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExtensionCookie {
    domain: String,
    name: String,
    value: String,
    path: Option<String>,
    secure: Option<bool>,
    host_only: Option<bool>,
    #[serde(alias = "expires", alias = "expiry")]
    expiration_date: Option<Expiry>,
}

/// When a cookie ends.
#[derive(Deserialize)]
#[serde(untagged)]
enum Expiry {
    /// Seconds since 1970; less than 0 in Playwright for none.
    Seconds(f64),
    /// The same as text, or a date, of which each program writes another form: the
    /// server knows best when it ends.
    Text(String),
}

impl Expiry {
    fn seconds(&self) -> Option<i64> {
        let end = match self {
            Expiry::Seconds(end) => *end,
            Expiry::Text(text) => text.trim().parse().ok()?,
        };
        Some(end as i64).filter(|end| *end > 0)
    }
}

/// Playwright's storage state.
#[derive(Deserialize)]
struct StorageState {
    cookies: Vec<ExtensionCookie>,
}

/// Reads a list of cookies, or an object that has one.
pub(super) fn read(text: &str, base: &Url) -> Result<BrowserSession, Error> {
    let cookies: Vec<ExtensionCookie> = match text.starts_with('[') {
        true => serde_json::from_str(text),
        false => serde_json::from_str(text).map(|StorageState { cookies }| cookies),
    }
    .map_err(|error| json_error(&error))?;
    let cookies = cookies.into_iter().map(JarCookie::from).collect();
    jar::session(cookies, base, Format::Extension)
}

impl From<ExtensionCookie> for JarCookie {
    fn from(cookie: ExtensionCookie) -> JarCookie {
        JarCookie {
            // A domain that was set by the server starts with a dot.
            host_only: cookie
                .host_only
                .unwrap_or_else(|| !cookie.domain.starts_with('.')),
            domain: cookie.domain,
            secure: cookie.secure.unwrap_or_default(),
            cookie: Cookie {
                name: cookie.name,
                value: cookie.value,
                path: cookie.path.filter(|path| path.starts_with('/')),
                expires: cookie.expiration_date.and_then(|expiry| expiry.seconds()),
            },
        }
    }
}
