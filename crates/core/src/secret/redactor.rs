use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::secret::Secret;
use super::spellings::{MIN_LENGTH, spellings};
use crate::error::Error;
use crate::text::{CUT, without_controls, without_invisible};

/// Removes secrets from texts that come from a server: servers repeat in their
/// messages what they were sent.
///
/// Control characters are removed first, so that none hides a secret. Each
/// secret is found as it is and as servers write it: escaped for JSON, HTML or
/// an address, and in base64, as in a `Basic` header.
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
    /// All that is looked for, the longest first: a secret within another must
    /// not leave the rest of it behind. `None` after a change, until it is
    /// needed: few answers are errors.
    spellings: Option<Arc<[String]>>,
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

    /// Adds a secret that is never forgotten, such as a configured key.
    /// Otherwise as [`add`](Redactor::add).
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
            known.spellings = None;
        }
    }

    /// Returns the error with `[redacted]` in place of each secret.
    #[must_use]
    pub fn error(&self, error: Error) -> Error {
        let spellings = self.spellings();
        error.map_texts(&|text| match clean(text, &spellings) {
            Cow::Borrowed(_) => None,
            Cow::Owned(text) => Some(text),
        })
    }

    /// Returns the text with `[redacted]` in place of each secret, and without
    /// control characters.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        clean(text, &self.spellings())
    }

    fn spellings(&self) -> Arc<[String]> {
        let secrets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(spellings) = &secrets.spellings {
            return spellings.clone();
        }
        drop(secrets);
        let mut secrets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let spellings = secrets.spell();
        secrets.spellings = Some(spellings.clone());
        spellings
    }
}

impl Secrets {
    fn spell(&self) -> Arc<[String]> {
        let all = self.kept.iter().chain(self.learnt.iter().flatten());
        let mut all: Vec<String> = all.flat_map(|secret| spellings(secret.expose())).collect();
        all.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        all.into()
    }
}

/// Returns the text without control characters and secrets.
fn clean<'a>(text: &'a str, spellings: &[String]) -> Cow<'a, str> {
    let text = without_controls(text);
    // Characters that show nothing belong to some scripts, so they go only
    // where they hide something.
    let visible = without_invisible(&text);
    if let Cow::Owned(visible) = &visible
        && let Cow::Owned(masked) = mask(visible, spellings)
    {
        return Cow::Owned(masked);
    }
    match mask(&text, spellings) {
        Cow::Owned(masked) => Cow::Owned(masked),
        Cow::Borrowed(_) => text,
    }
}

fn mask<'a>(text: &'a str, spellings: &[String]) -> Cow<'a, str> {
    let mut masked = Cow::Borrowed(text);
    for secret in spellings {
        if masked.contains(secret.as_str()) {
            masked = Cow::Owned(masked.replace(secret.as_str(), MASK));
        }
        if let Some(rest) = mask_cut(&masked, secret) {
            masked = Cow::Owned(rest);
        }
    }
    masked
}

/// Masks what is left of the secret where a text was cut within it.
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
