use chatwire_core::{Error, ErrorKind, Secret};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, StatusCode};
use subtle::{Choice, ConstantTimeEq as _};

use crate::error::ApiError;

/// The headers in which clients of other APIs send a key.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const API_KEY: HeaderName = HeaderName::from_static("api-key");

/// The shortest key of a gateway that others can reach, in characters: shorter
/// ones can be guessed.
pub(crate) const SHORTEST_PUBLIC_KEY: usize = 16;

/// The API keys of a gateway.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<Secret>);

/// Why a request is refused for its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyRefusal {
    Missing,
    Wrong,
}

impl Keys {
    pub(super) fn add(&mut self, key: Secret) -> Result<(), Error> {
        let text = key.expose();
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "an API key must have at least one character, all of them printable ASCII",
            ));
        }
        self.0.push(key);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn any_shorter_than(&self, length: usize) -> bool {
        self.0.iter().any(|key| key.expose().len() < length)
    }

    /// Refuses a request that has none of the keys, if there are any.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), KeyRefusal> {
        if self.0.is_empty() {
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
            .map(<[u8]>::trim_ascii)
            .ok_or(KeyRefusal::Missing)?;
        // All keys are compared, whichever matches: the time taken says nothing
        // about them.
        let mut found = Choice::from(0);
        for key in &self.0 {
            found |= key.expose().as_bytes().ct_eq(given);
        }
        if found.into() {
            Ok(())
        } else {
            Err(KeyRefusal::Wrong)
        }
    }
}

impl From<KeyRefusal> for ApiError {
    fn from(refusal: KeyRefusal) -> ApiError {
        let why = match refusal {
            KeyRefusal::Missing => {
                "an API key is needed: send it as Authorization: Bearer …, x-api-key or api-key"
            }
            KeyRefusal::Wrong => "the API key is not one of those that are taken here",
        };
        ApiError::new(StatusCode::UNAUTHORIZED, "invalid_api_key", why)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_table_of_keys() {
        let headers = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_str(value).unwrap());
            headers
        };
        let mut keys = Keys::default();
        assert!(keys.check(&HeaderMap::new()).is_ok(), "none are needed");
        keys.add(Secret::new("first-key")).unwrap();
        keys.add(Secret::new("other-key")).unwrap();
        for (value, checked) in [
            ("Bearer first-key", Ok(())),
            ("bearer other-key", Ok(())),
            ("Bearer first-ke", Err(KeyRefusal::Wrong)),
            ("Bearer ", Err(KeyRefusal::Wrong)),
            ("Basic first-key", Err(KeyRefusal::Missing)),
            ("first-key", Err(KeyRefusal::Missing)),
        ] {
            assert_eq!(
                keys.check(&headers("authorization", value)),
                checked,
                "{value}"
            );
        }
        for name in ["x-api-key", "api-key"] {
            assert_eq!(keys.check(&headers(name, "other-key")), Ok(()));
            assert_eq!(keys.check(&headers(name, "other")), Err(KeyRefusal::Wrong));
        }
        assert_eq!(keys.check(&HeaderMap::new()), Err(KeyRefusal::Missing));
        assert!(keys.add(Secret::new("")).is_err());
        assert!(!format!("{keys:?}").contains("first-key"));
    }
}
