use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderValue;
use serde::{Deserialize, Deserializer};

use crate::error::{Error, ErrorKind};
use crate::text::CUT;

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

/// Reads a text, for configurations.
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

/// Takes secrets out of errors: servers like to repeat in their messages what
/// they were sent.
///
/// Clones share their secrets, so one that was handed to a running reply also
/// knows those that come later.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Secrets>>);

#[derive(Default)]
struct Secrets {
    /// Those that hold as long as the client.
    kept: Vec<Secret>,
    /// Those that are learnt while it runs, the oldest first.
    learnt: VecDeque<Secret>,
}

/// How many learnt secrets are known: old nonces need no memory for ever.
const MAX_LEARNT: usize = 64;

/// Texts below this length would be found everywhere.
const MIN_LENGTH: usize = 4;

impl Redactor {
    /// One that knows no secrets yet.
    pub fn new() -> Redactor {
        Redactor::default()
    }

    /// Adds a secret that was learnt, such as a nonce; after many others it is
    /// forgotten. Texts below four bytes are not taken: they would be found
    /// everywhere.
    pub fn add(&self, secret: &Secret) {
        self.change(secret, |secrets| {
            if secrets.learnt.len() >= MAX_LEARNT {
                secrets.learnt.pop_front();
            }
            secrets.learnt.push_back(secret.clone());
        });
    }

    /// Adds a secret that is never forgotten, such as a configured key.
    /// Otherwise as [`add`](Redactor::add).
    pub fn keep(&self, secret: &Secret) {
        self.change(secret, |secrets| secrets.kept.push(secret.clone()));
    }

    fn change(&self, secret: &Secret, add: impl FnOnce(&mut Secrets)) {
        // Most secrets are known already, and looking keeps no one waiting.
        let is_known =
            |secrets: &Secrets| secrets.kept.contains(secret) || secrets.learnt.contains(secret);
        if secret.expose().len() < MIN_LENGTH
            || is_known(&self.0.read().unwrap_or_else(PoisonError::into_inner))
        {
            return;
        }
        let mut secrets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !is_known(&secrets) {
            add(&mut secrets);
        }
    }

    /// The error with `[redacted]` wherever a secret stood.
    #[must_use]
    pub fn error(&self, error: Error) -> Error {
        let secrets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut secrets: Vec<&str> = secrets
            .kept
            .iter()
            .chain(&secrets.learnt)
            .map(Secret::expose)
            .collect();
        // A secret within another must not leave the rest of it behind.
        secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        error.map_texts(&|text| rewrite(text, &secrets))
    }
}

/// The text without the secrets; none when there are none in it.
fn rewrite(text: &str, secrets: &[&str]) -> Option<String> {
    let mut rewritten: Option<String> = None;
    for secret in secrets {
        let current = rewritten.as_deref().unwrap_or(text);
        if current.contains(secret) {
            rewritten = Some(current.replace(secret, MASK));
        }
        let current = rewritten.as_deref().unwrap_or(text);
        if let Some(masked) = mask_cut(current, secret) {
            rewritten = Some(masked);
        }
    }
    rewritten
}

const MASK: &str = "[redacted]";

/// Takes out what is left of the secret where a text was cut within it.
fn mask_cut(text: &str, secret: &str) -> Option<String> {
    let mut masked: Option<String> = None;
    // From the end, so that the places found stay where they are.
    for (at, _) in text.rmatch_indices(CUT) {
        let before = text.get(..at)?;
        let longest = (MIN_LENGTH..secret.len())
            .rev()
            .filter_map(|length| secret.get(..length))
            .find(|start| before.ends_with(start));
        if let Some(start) = longest {
            let current = masked.get_or_insert_with(|| text.to_owned());
            current.replace_range(at - start.len()..at, MASK);
        }
    }
    masked
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor([redacted])")
    }
}
