use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;

use super::needles::Needles;
use super::secret::Secret;
use super::spellings::{MIN_LENGTH, spellings};
use crate::error::Error;
use crate::text::without_controls;

/// Removes secrets from texts that come from a server: servers repeat in their
/// messages what they were sent.
///
/// Each secret is found as it is and as servers write it: escaped for JSON,
/// JavaScript, HTML or an address, also one within the other; in base64, as in a
/// `Basic` header; and in hexadecimal digits. Characters that show nothing do not
/// hide it, and control characters are removed.
///
/// Clones share their secrets, so one that was handed to a running reply also
/// knows those that come later.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Secrets>>);

#[derive(Default)]
struct Secrets {
    /// Those that hold as long as the client.
    kept: Vec<Secret>,
    /// Those that are learnt while it runs, the oldest first, those together
    /// that were learnt together.
    learnt: VecDeque<Vec<Secret>>,
    /// All that is looked for. `None` after a change, until it is needed: few
    /// answers are errors.
    needles: Option<Arc<Needles>>,
}

/// How often secrets can be learnt before the oldest are forgotten: nonces of
/// last week need no memory.
const MAX_LEARNT: usize = 64;

const MASK: &str = "[redacted]";

impl Redactor {
    /// Creates an empty redactor.
    pub fn new() -> Redactor {
        Redactor::default()
    }

    /// Adds a secret that was learnt, such as a nonce. It is forgotten after
    /// many later ones. Texts below four bytes are not added: they would be
    /// found everywhere.
    pub fn add(&self, secret: &Secret) {
        self.add_all([secret.clone()]);
    }

    /// Adds secrets that were learnt together, such as the cookies of a
    /// session, and are forgotten together. Otherwise as
    /// [`add`](Redactor::add).
    pub fn add_all(&self, secrets: impl IntoIterator<Item = Secret>) {
        self.insert(secrets, |known, new| {
            if known.learnt.len() >= MAX_LEARNT {
                known.learnt.pop_front();
            }
            known.learnt.push_back(new);
        });
    }

    /// Adds a secret that is never forgotten, such as a configured key. Otherwise
    /// as [`add`](Redactor::add). Of one that is JSON, the texts in it are secrets,
    /// too.
    pub fn keep(&self, secret: &Secret) {
        self.insert([secret.clone()], |known, new| known.kept.extend(new));
    }

    fn insert(
        &self,
        secrets: impl IntoIterator<Item = Secret>,
        insert: impl FnOnce(&mut Secrets, Vec<Secret>),
    ) {
        let mut new: Vec<Secret> = secrets
            .into_iter()
            .flat_map(|secret| {
                let members = members(secret.expose());
                std::iter::once(secret).chain(members)
            })
            .filter(|secret| secret.expose().len() >= MIN_LENGTH)
            .collect();
        // Most secrets are known already, and reading keeps no one waiting.
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        new.retain(|secret| !known.kept.contains(secret));
        let is_known = new.is_empty() || known.learnt.contains(&new);
        drop(known);
        if !is_known {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            insert(&mut known, new);
            known.needles = None;
        }
    }

    /// Returns the error with `[redacted]` in place of each secret.
    #[must_use]
    pub fn error(&self, error: Error) -> Error {
        let needles = self.needles();
        error.map_texts(&|text| match clean(text, &needles) {
            Cow::Borrowed(_) => None,
            Cow::Owned(text) => Some(text),
        })
    }

    /// Returns the text with `[redacted]` in place of each secret, and without
    /// control characters. The time it takes is linear in the length of the
    /// text.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        clean(text, &self.needles())
    }

    /// Replaces each secret in the text with `[redacted]`. A text without any
    /// stays as it is, with its control characters.
    pub(crate) fn mask(&self, text: &mut String) {
        let needles = self.needles();
        let found = needles.find(text);
        if !found.is_empty() {
            *text = masked(text, &found);
        }
    }

    fn needles(&self) -> Arc<Needles> {
        let secrets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(needles) = &secrets.needles {
            return needles.clone();
        }
        drop(secrets);
        let mut secrets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let needles = Arc::new(secrets.spell());
        secrets.needles = Some(needles.clone());
        needles
    }
}

impl Secrets {
    fn spell(&self) -> Needles {
        let all = self.kept.iter().chain(self.learnt.iter().flatten());
        Needles::new(all.flat_map(|secret| spellings(secret.expose())))
    }
}

/// The texts in a secret that is JSON, such as members of a body. Short ones are
/// words like `true` and `default`.
fn members(json: &str) -> Vec<Secret> {
    const MIN_MEMBER: usize = 8;

    if !json.trim_start().starts_with(['{', '[']) {
        return Vec::new();
    }
    let Ok(whole) = serde_json::from_str::<Value>(json) else {
        return Vec::new();
    };
    let mut members = Vec::new();
    let mut rest = vec![&whole];
    while let Some(value) = rest.pop() {
        match value {
            Value::String(text) if text.len() >= MIN_MEMBER => {
                members.push(Secret::new(text.as_str()));
            }
            Value::Array(values) => rest.extend(values),
            Value::Object(values) => rest.extend(values.values()),
            _ => {}
        }
    }
    members
}

/// Returns the text without control characters, and with a mask in place of each
/// secret.
fn clean<'a>(text: &'a str, needles: &Needles) -> Cow<'a, str> {
    let found = needles.find(text);
    if found.is_empty() {
        without_controls(text)
    } else {
        Cow::Owned(masked(text, &found))
    }
}

/// Returns the text without control characters, and with a mask in place of what
/// was found in it.
fn masked(text: &str, found: &[Range<usize>]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for secret in found {
        masked.push_str(&without_controls(
            text.get(at..secret.start).unwrap_or_default(),
        ));
        masked.push_str(MASK);
        at = secret.end;
    }
    masked.push_str(&without_controls(text.get(at..).unwrap_or_default()));
    masked
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor([redacted])")
    }
}
