use std::collections::BTreeSet;

use chatwire_core::Error;
use url::{Host, Url};

use super::error::invalid;
use super::format::Format;
use crate::session::{BrowserSession, Cookie, SessionParts};

/// A cookie of any server, as a cookie jar has it.
pub(super) struct JarCookie {
    /// With or without a dot before it.
    pub(super) domain: String,
    /// Whether hosts below the domain do not get it.
    pub(super) host_only: bool,
    /// Whether only https gets it.
    pub(super) secure: bool,
    pub(super) cookie: Cookie,
}

/// How many other domains an error names.
const NAMED: usize = 3;

impl JarCookie {
    /// Whether the cookie is one of that host (RFC 6265, 5.1.3).
    pub(super) fn is_of(&self, base: &Url) -> bool {
        let domain = self.bare_domain();
        let host = base.host_str().unwrap_or_default();
        if host == domain {
            return true;
        }
        let below = host
            .strip_suffix(&domain)
            .is_some_and(|start| start.ends_with('.'));
        below && !self.host_only && matches!(base.host(), Some(Host::Domain(_)))
    }

    /// The domain in small letters, without the dot before it.
    fn bare_domain(&self) -> String {
        self.domain
            .trim()
            .trim_start_matches('.')
            .to_ascii_lowercase()
    }
}

/// The session that a browser with these cookies has for the server.
pub(super) fn session(
    cookies: Vec<JarCookie>,
    base: &Url,
    format: Format,
) -> Result<BrowserSession, Error> {
    let host = base.host_str().unwrap_or_default();
    let total = cookies.len();
    let domains: BTreeSet<String> = cookies.iter().map(JarCookie::bare_domain).collect();
    let mut taken: Vec<JarCookie> = cookies
        .into_iter()
        .filter(|cookie| cookie.is_of(base))
        .collect();
    if taken.is_empty() {
        let found = match total {
            0 => "it is empty".to_owned(),
            _ => format!("it has cookies for {}", listed(&domains)),
        };
        return Err(invalid(&format!(
            "this {} has no cookie for {host}: {found}",
            format.name()
        )));
    }
    if !is_trustworthy(base) {
        taken.retain(|cookie| !cookie.secure);
        if taken.is_empty() {
            return Err(invalid(&format!(
                "this {} has cookies for {host} that are sent over https only: \
                 use an https base URL",
                format.name()
            )));
        }
    }
    BrowserSession::new(SessionParts {
        address: base.as_str().to_owned(),
        cookies: taken.into_iter().map(|taken| taken.cookie).collect(),
        ..SessionParts::default()
    })
}

/// Whether browsers send cookies that are for https alone.
fn is_trustworthy(base: &Url) -> bool {
    base.scheme() == "https"
        || match base.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        }
}

/// The first few of the domains, and how many more there are.
fn listed(domains: &BTreeSet<String>) -> String {
    // What a file calls a domain may be anything.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let mut names: Vec<&str> = domains
        .iter()
        .map(String::as_str)
        .filter(|name| !name.is_empty() && name.len() < 100 && name.chars().all(is_plain))
        .take(NAMED)
        .collect();
    let more = format!("{} more", domains.len().saturating_sub(names.len()));
    if domains.len() > names.len() {
        names.push(&more);
    }
    names.join(", ")
}
