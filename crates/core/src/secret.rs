use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderValue;

use crate::{Error, ErrorKind};

/// A text that must not be seen: a nonce, a key, a password. It prints as
/// `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Keeps the text from being seen.
    pub fn new(text: impl Into<Arc<str>>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, to be sent and not to be shown.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The secret as a header value that is marked sensitive.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`] when it has characters that a header cannot
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

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Takes secrets out of errors: servers like to repeat in their messages what
/// they were sent.
///
/// Clones share their secrets, so one that was handed to a running reply also
/// knows those that come later.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Vec<Secret>>>);

impl Redactor {
    /// One that knows no secrets yet.
    pub fn new() -> Redactor {
        Redactor::default()
    }

    /// Adds a secret. Texts below four characters are not taken: they would be
    /// found everywhere.
    pub fn add(&self, secret: &Secret) {
        if secret.expose().len() < 4 {
            return;
        }
        let mut secrets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !secrets.contains(secret) {
            // Old nonces need no memory for ever.
            if secrets.len() >= 64 {
                secrets.remove(0);
            }
            secrets.push(secret.clone());
        }
    }

    /// The error with `[redacted]` wherever a secret stood.
    #[must_use]
    pub fn error(&self, error: Error) -> Error {
        error.map_texts(&|text| self.rewrite(text))
    }

    fn rewrite(&self, text: &str) -> Option<String> {
        let secrets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut rewritten: Option<String> = None;
        for secret in secrets.iter() {
            let current = rewritten.as_deref().unwrap_or(text);
            if current.contains(secret.expose()) {
                rewritten = Some(current.replace(secret.expose(), "[redacted]"));
            }
        }
        rewritten
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor([redacted])")
    }
}
