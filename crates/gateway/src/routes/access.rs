use std::net::IpAddr;

use chatwire_core::{Error, ErrorKind, Secret};
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use subtle::{Choice, ConstantTimeEq as _};

use crate::error::ApiError;

/// The headers in which clients of other APIs send a key.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const API_KEY: HeaderName = HeaderName::from_static("api-key");

/// The header in which a browser says where a request comes from.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The checks of who may use the gateway: hosts, origins and API keys.
#[derive(Debug, Default)]
pub(crate) struct Access {
    /// Names in lower case, without a port.
    hosts: Vec<String>,
    /// The addresses that the gateway listens on, beyond loopback.
    addresses: Addresses,
    /// Origins in lower case, such as `https://app.example`.
    origins: Vec<String>,
    keys: Vec<Secret>,
}

/// Addresses that may stand in a `Host` header.
#[derive(Debug, Default, PartialEq, Eq)]
enum Addresses {
    #[default]
    Loopback,
    /// This one too.
    One(IpAddr),
    /// All of them, because the gateway listens on all. This is safe: no name
    /// server can put an address into `Host`.
    All,
}

impl Access {
    pub(crate) fn allow_host(&mut self, host: &str) -> Result<(), Error> {
        match host.parse::<Authority>() {
            Ok(authority) if authority.port().is_none() && !host.contains('@') => {
                self.hosts.push(authority.host().to_ascii_lowercase());
                Ok(())
            }
            _ => Err(invalid(format!(
                "{host:?} is not the name of a host, such as chat.example (without a port)"
            ))),
        }
    }

    pub(crate) fn allow_origin(&mut self, origin: &str) -> Result<(), Error> {
        let uri: Option<Uri> = origin.parse().ok();
        match uri {
            Some(uri)
                if matches!(uri.scheme_str(), Some("http" | "https"))
                    && uri.path_and_query().is_none_or(|path| path == "/")
                    && !origin.ends_with('/') =>
            {
                self.origins.push(origin.to_ascii_lowercase());
                Ok(())
            }
            _ => Err(invalid(format!(
                "{origin:?} is not an origin, such as https://app.example or \
                 http://localhost:3000 (without a path)"
            ))),
        }
    }

    pub(crate) fn add_key(&mut self, key: Secret) -> Result<(), Error> {
        let text = key.expose();
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(invalid(
                "an API key must have at least one character, all of them printable ASCII".into(),
            ));
        }
        self.keys.push(key);
        Ok(())
    }

    pub(crate) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Adds the address that the gateway listens on.
    pub(crate) fn listen_on(&mut self, address: IpAddr) {
        self.addresses = match address {
            address if address.is_loopback() => Addresses::Loopback,
            address if address.is_unspecified() => Addresses::All,
            address => Addresses::One(address),
        };
    }

    /// Refuses a request for another host name: a page can make its own name
    /// point here, and would then be of the same origin. Over HTTP/2 the name is
    /// part of the address, and there need not be a `Host`.
    pub(crate) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        let mut given = headers.get_all(HOST).iter();
        let refused = |status, why: &str| Err(ApiError::new(status, "host_not_allowed", why));
        let host = match (given.next(), given.next(), uri.authority()) {
            (Some(host), None, _) => host.to_str().ok().and_then(|host| host.parse().ok()),
            (None, _, Some(authority)) => Some(authority.clone()),
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
            "this Host is not one of those that the gateway answers to; add it to the allowed hosts",
        )
    }

    fn is_allowed(&self, authority: &Authority) -> bool {
        if authority.as_str().contains('@') {
            return false;
        }
        let host = authority.host().to_ascii_lowercase();
        if host == "localhost" || self.hosts.contains(&host) {
            return true;
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().is_ok_and(|address| {
            address.is_loopback()
                || match self.addresses {
                    Addresses::Loopback => false,
                    Addresses::One(one) => one == address,
                    Addresses::All => true,
                }
        })
    }

    /// Returns `true` if pages of any other site may use the gateway.
    pub(crate) fn has_origins(&self) -> bool {
        !self.origins.is_empty()
    }

    /// Returns `true` if pages of this origin may use the gateway.
    pub(crate) fn allows_origin(&self, origin: &HeaderValue) -> bool {
        let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        self.origins.contains(&origin)
    }

    /// Refuses a request of a page of another site, unless its origin is allowed.
    pub(crate) fn check_origin(&self, headers: &HeaderMap) -> Result<(), ApiError> {
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
            if only && (self.allows_origin(origin) || is_own(origin, headers)) {
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
    pub(crate) fn check_key(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let bearer = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.as_bytes().split_at_checked(7))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "))
            .map(|(_, key)| key);
        let plain = || headers.get(X_API_KEY).or_else(|| headers.get(API_KEY));
        let given = bearer
            .or_else(|| plain().map(|key| key.as_bytes()))
            .map(<[u8]>::trim_ascii);
        let why = match given {
            None => {
                "an API key is needed: send it as Authorization: Bearer …, x-api-key or api-key"
            }
            Some(given) => {
                // All keys are compared, whichever matches: the time taken says
                // nothing about them.
                let mut found = Choice::from(0);
                for key in &self.keys {
                    found |= key.expose().as_bytes().ct_eq(given);
                }
                if found.into() {
                    return Ok(());
                }
                "the API key is not one of those that are taken here"
            }
        };
        Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "invalid_api_key",
            why,
        ))
    }
}

/// Returns `true` if a page's origin is the gateway itself, whose name was
/// checked.
fn is_own(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase();
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
            ("192.168.1.1", false),
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
    fn addresses_that_are_listened_on() {
        let uri = Uri::from_static("/");
        for (listen, host, allowed) in [
            ("127.0.0.1", "10.0.0.5", false),
            ("10.0.0.5", "10.0.0.5:1337", true),
            ("10.0.0.5", "10.0.0.6:1337", false),
            ("0.0.0.0", "10.0.0.6:1337", true),
            ("0.0.0.0", "evil.example", false),
            ("::", "[fd00::1]:1337", true),
        ] {
            let mut access = Access::default();
            access.listen_on(listen.parse().unwrap());
            let result = access.check_host(&uri, &headers(&[("host", host)]));
            assert_eq!(result.is_ok(), allowed, "{listen} {host}");
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
            let result = access.check_origin(&headers(members));
            assert_eq!(result.is_ok(), expected, "{members:?}");
        }
        for bad in [
            "*",
            "app.example",
            "https://app.example/",
            "https://a/b",
            "file:///x",
        ] {
            assert!(access.allow_origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys() {
        let mut access = Access::default();
        assert!(access.check_key(&headers(&[])).is_ok(), "none are needed");
        access.add_key(Secret::new("first-key")).unwrap();
        access.add_key(Secret::new("other-key")).unwrap();
        for (value, allowed) in [
            ("Bearer first-key", true),
            ("bearer other-key", true),
            ("Bearer first-ke", false),
            ("Bearer ", false),
            ("Basic first-key", false),
            ("first-key", false),
        ] {
            let result = access.check_key(&headers(&[("authorization", value)]));
            assert_eq!(result.is_ok(), allowed, "{value}");
        }
        for name in ["x-api-key", "api-key"] {
            assert!(access.check_key(&headers(&[(name, "other-key")])).is_ok());
            assert!(access.check_key(&headers(&[(name, "other")])).is_err());
        }
        assert!(access.check_key(&headers(&[])).is_err());
        assert!(access.add_key(Secret::new("")).is_err());
        assert!(!format!("{access:?}").contains("first-key"));
    }
}
