use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use serde::{Deserialize, Deserializer};

use crate::error::{Error, ErrorKind};

/// A text that must not be shown: a nonce, a key or a password. `Debug` prints
/// `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Wraps a text that must not be shown.
    pub fn new(text: impl Into<Arc<str>>) -> Secret {
        Secret(text.into())
    }

    /// Returns the text itself, to send it. Do not show it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the secret as a header value that is marked sensitive.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`] if it has characters that a header cannot
    /// carry; `what` names it in the message.
    pub fn header_value(&self, what: &str) -> Result<HeaderValue, Error> {
        let mut value = HeaderValue::from_str(&self.0).map_err(|_| {
            Error::new(
                ErrorKind::Credentials,
                format!("{what} has characters that an HTTP header cannot carry"),
            )
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// Deserializes from a string, for configurations.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret::new)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
