//! Who may use the gateway: hosts, origins and API keys.

mod keys;
mod origins;
mod pattern;

use std::net::IpAddr;

use chatwire_core::{Error, ErrorKind, Secret};
use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};

pub(crate) use keys::{KeyRefusal, SHORTEST_PUBLIC_KEY};

use keys::Keys;
use origins::AllowedOrigin;
use pattern::Pattern;

use crate::error::ApiError;

/// The header in which a browser says where a request comes from.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The checks of who may use the gateway.
#[derive(Debug, Default)]
pub(crate) struct Access {
    /// Names in lower case, without a port.
    hosts: Vec<Pattern>,
    origins: Vec<AllowedOrigin>,
    keys: Keys,
}

impl Access {
    pub(crate) fn allow_host(&mut self, host: &str) -> Result<(), Error> {
        let is_name = host.is_ascii() && !host.contains('@');
        match host.parse::<Authority>() {
            Ok(authority) if is_name && authority.port().is_none() => {
                let host = authority.host().to_ascii_lowercase();
                self.hosts.push(Pattern::new(host));
                Ok(())
            }
            _ => Err(invalid(format!(
                "{host:?} is not the name of a host, such as chat.example or *.example \
                 (without a scheme and a port)"
            ))),
        }
    }

    pub(crate) fn allow_origin(&mut self, origin: &str) -> Result<(), Error> {
        let allowed = AllowedOrigin::parse(origin).map_err(|why| {
            invalid(format!(
                "{origin:?} is not an origin that a page can have: {why}; expected one such as \
                 https://app.example, http://localhost:* or chrome-extension://*"
            ))
        })?;
        self.origins.push(allowed);
        Ok(())
    }

    pub(crate) fn add_key(&mut self, key: Secret) -> Result<(), Error> {
        self.keys.add(key)
    }

    pub(crate) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Checks that a gateway with these keys may listen there.
    pub(crate) fn check_address(&self, address: IpAddr) -> Result<(), Error> {
        if address.is_loopback() {
            return Ok(());
        }
        if self.keys.is_empty() {
            return Err(invalid(format!(
                "{address} can be reached by others, so an API key must be set; or listen on \
                 127.0.0.1"
            )));
        }
        if self.keys.any_shorter_than(SHORTEST_PUBLIC_KEY) {
            return Err(invalid(format!(
                "{address} can be reached by others, so an API key must have at least \
                 {SHORTEST_PUBLIC_KEY} characters"
            )));
        }
        Ok(())
    }

    /// Refuses a request for another host name, unless there is a key: a page can
    /// make its own name point here, and would then be of the same origin. Over
    /// HTTP/2 the name is part of the address, and there need not be a `Host`.
    pub(crate) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        let mut given = headers.get_all(HOST).iter();
        let refused = |status, why: &str| Err(ApiError::new(status, "host_not_allowed", why));
        let host = match (given.next(), given.next(), uri.authority()) {
            (Some(host), None, _) => host.to_str().ok().and_then(|host| host.parse().ok()),
            (None, _, Some(authority)) => Some(authority.clone()),
            // Probes of load balancers speak HTTP/1.0, which has none.
            (None, _, None) if self.has_keys() => return Ok(()),
            _ => {
                return refused(
                    StatusCode::BAD_REQUEST,
                    "a request must have one Host header",
                );
            }
        };
        let allowed = host.is_some_and(|host: Authority| self.is_allowed(&host))
            && uri.authority().is_none_or(|host| self.is_allowed(host));
        if allowed {
            return Ok(());
        }
        refused(
            StatusCode::FORBIDDEN,
            "this Host is not one of those that the gateway answers to: add it to the allowed \
             hosts, or set an API key",
        )
    }

    fn is_allowed(&self, authority: &Authority) -> bool {
        if authority.as_str().contains('@') {
            return false;
        }
        // A page does not know the key.
        if self.has_keys() {
            return true;
        }
        let host = authority.host().to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        if host == "localhost" || host.ends_with(".localhost") {
            return true;
        }
        // No name server can put an address into `Host`.
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().is_ok() || self.hosts.iter().any(|allowed| allowed.fits(host))
    }

    /// Returns `true` if pages of any other site may use the gateway.
    pub(crate) fn has_origins(&self) -> bool {
        !self.origins.is_empty()
    }

    /// Returns `true` if pages of this origin may use the gateway.
    pub(crate) fn allows_origin(&self, origin: &HeaderValue) -> bool {
        let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        self.origins.iter().any(|allowed| allowed.allows(&origin))
    }

    /// Refuses a request of a page of another site, unless its origin is allowed.
    pub(crate) fn check_origin(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        let refused = |why: &str| {
            Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "origin_not_allowed",
                why,
            ))
        };
        let mut origins = headers.get_all(ORIGIN).iter();
        if let Some(origin) = origins.next() {
            let only = origins.next().is_none();
            if only && (self.allows_origin(origin) || is_own(origin, uri, headers)) {
                return Ok(());
            }
            return refused("pages of this origin are not allowed here; see the allowed origins");
        }
        match headers.get(SEC_FETCH_SITE).map(|site| site.as_bytes()) {
            None | Some(b"none" | b"same-origin") => Ok(()),
            Some(_) => refused("pages of other sites are not allowed here"),
        }
    }

    /// Refuses a request that has none of the keys, if there are any.
    pub(crate) fn check_key(&self, headers: &HeaderMap) -> Result<(), KeyRefusal> {
        self.keys.check(headers)
    }
}

/// Returns `true` if a page's origin is the gateway itself, whose name was
/// checked.
fn is_own(origin: &HeaderValue, uri: &Uri, headers: &HeaderMap) -> bool {
    let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
    let host = match (headers.get(HOST), uri.authority()) {
        (Some(host), _) => host.to_str().unwrap_or_default(),
        (None, authority) => authority.map_or("", Authority::as_str),
    };
    let host = host.to_ascii_lowercase();
    ["http://", "https://"]
        .iter()
        .any(|scheme| origin.strip_prefix(scheme) == Some(host.as_str()))
}

fn invalid(why: String) -> Error {
    Error::new(ErrorKind::InvalidRequest, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(members: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in members {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn hosts() {
        let mut access = Access::default();
        access.allow_host("Chat.Example").unwrap();
        access.allow_host("*.lab.example").unwrap();
        let uri = Uri::from_static("/v1/models");
        for (host, allowed) in [
            ("localhost", true),
            ("LOCALHOST:1337", true),
            ("127.0.0.1:1337", true),
            ("127.9.9.9", true),
            ("[::1]:1337", true),
            ("chat.example:443", true),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("192.168.1.1", true),
            ("[fd00::1]:80", true),
            ("app.localhost", true),
            ("localhost.", true),
            ("notlocalhost", false),
            ("a.lab.example", true),
            ("lab.example", false),
            ("user@localhost", false),
            ("", false),
            ("a b", false),
        ] {
            let result = access.check_host(&uri, &headers(&[("host", host)]));
            assert_eq!(result.is_ok(), allowed, "{host}");
        }
        assert!(access.check_host(&uri, &headers(&[])).is_err());
        let two = headers(&[("host", "localhost"), ("host", "localhost")]);
        assert!(access.check_host(&uri, &two).is_err());
        // As HTTP/2 has it.
        let inside = Uri::from_static("http://localhost:1337/v1/models");
        assert!(access.check_host(&inside, &headers(&[])).is_ok());
        let absolute = Uri::from_static("http://evil.example/v1/models");
        assert!(access.check_host(&absolute, &headers(&[])).is_err());
        assert!(
            access
                .check_host(&absolute, &headers(&[("host", "localhost")]))
                .is_err()
        );
    }

    #[test]
    fn with_a_key_any_host_will_do() {
        let mut access = Access::default();
        access.add_key(Secret::new("the-key")).unwrap();
        let uri = Uri::from_static("/");
        for (host, allowed) in [
            ("host.docker.internal:1337", true),
            ("gateway.example", true),
            ("user@gateway.example", false),
            ("a b", false),
            ("", false),
        ] {
            let result = access.check_host(&uri, &headers(&[("host", host)]));
            assert_eq!(result.is_ok(), allowed, "{host}");
        }
        assert!(access.check_host(&uri, &headers(&[])).is_ok());
        let two = headers(&[("host", "a.example"), ("host", "b.example")]);
        assert!(access.check_host(&uri, &two).is_err());
    }

    #[test]
    fn addresses_that_others_reach_need_long_keys() {
        for (address, key, allowed) in [
            ("127.0.0.1", "", true),
            ("::1", "short", true),
            ("0.0.0.0", "", false),
            ("0.0.0.0", "fifteen-letters", false),
            ("0.0.0.0", "sixteen-letters!", true),
            ("10.0.0.5", "short", false),
            ("::", "sixteen-letters!", true),
        ] {
            let mut access = Access::default();
            if !key.is_empty() {
                access.add_key(Secret::new(key)).unwrap();
            }
            let result = access.check_address(address.parse().unwrap());
            assert_eq!(result.is_ok(), allowed, "{address} {key}");
            if let Err(error) = result {
                assert!(key.is_empty() || !error.to_string().contains(key));
            }
        }
    }

    #[test]
    fn origins() {
        let mut access = Access::default();
        access.allow_origin("https://App.example").unwrap();
        let host = ("host", "localhost:1337");
        for (members, expected) in [
            (&[host][..], true),
            (&[host, ("origin", "https://app.example")], true),
            (&[host, ("origin", "http://localhost:1337")], true),
            (&[host, ("origin", "http://localhost:3000")], false),
            (&[host, ("origin", "https://evil.example")], false),
            (&[host, ("origin", "null")], false),
            (&[host, ("sec-fetch-site", "cross-site")], false),
            (&[host, ("sec-fetch-site", "same-site")], false),
            (&[host, ("sec-fetch-site", "same-origin")], true),
            (&[host, ("sec-fetch-site", "none")], true),
            (
                &[
                    host,
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://app.example"),
                ],
                true,
            ),
        ] {
            let result = access.check_origin(&Uri::from_static("/"), &headers(members));
            assert_eq!(result.is_ok(), expected, "{members:?}");
        }
    }
}
