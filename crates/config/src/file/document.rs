use std::fmt;
use std::ops::Range;

use crate::error::{ConfigError, ConfigErrors};

/// A file with so many mistakes is another kind of file. The bound also keeps
/// the work for a file linear in its size.
const MAX_MISTAKES: usize = 20;

/// The text of a file, to find line and column of what stands in it.
#[derive(Clone, Default)]
pub(crate) struct Document {
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Document {
    pub(crate) fn new(text: &str) -> Document {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Document {
            lines: std::iter::once(0).chain(breaks).collect(),
            text: text.to_owned(),
        }
    }

    /// A mistake in the value or key at `span`.
    pub(crate) fn error(&self, span: Range<usize>, key: &str, message: String) -> ConfigError {
        let line = self.lines.partition_point(|start| *start <= span.start);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..span.start).unwrap_or_default();
        ConfigError {
            line: Some(line),
            column: Some(before.chars().count() + 1),
            key: key.to_owned(),
            message,
        }
    }
}

/// Without the text, which can have secrets in it.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").finish_non_exhaustive()
    }
}

/// Collects the mistakes of one document.
pub(crate) struct Mistakes<'d> {
    document: &'d Document,
    errors: Vec<ConfigError>,
}

impl<'d> Mistakes<'d> {
    pub(crate) fn new(document: &'d Document) -> Mistakes<'d> {
        Mistakes {
            document,
            errors: Vec::new(),
        }
    }

    /// Notes a mistake in the value or key at `span`.
    pub(crate) fn at(&mut self, span: Range<usize>, key: &str, message: impl Into<String>) {
        if !self.is_full() {
            let error = self.document.error(span, key, message.into());
            self.errors.push(error);
        }
    }

    /// Notes that a key is missing.
    pub(crate) fn missing(&mut self, key: &str, message: impl Into<String>) {
        self.errors.push(ConfigError {
            line: None,
            column: None,
            key: key.to_owned(),
            message: message.into(),
        });
    }

    pub(crate) fn extend(&mut self, errors: ConfigErrors) {
        self.errors.extend(errors);
    }

    /// Whether something is wrong with the value of `key` itself.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.errors.iter().any(|error| error.key == key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.errors.len() >= MAX_MISTAKES
    }

    /// The value if there was no mistake.
    pub(crate) fn or<T>(self, value: T) -> Result<T, ConfigErrors> {
        ConfigErrors::or(self.errors, value)
    }
}

/// The key with the tables it is in, quoted as TOML quotes it.
pub(crate) fn dotted<K: AsRef<str>>(path: impl IntoIterator<Item = K>) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut whole = String::new();
    for key in path {
        let key = key.as_ref();
        if !whole.is_empty() {
            whole.push('.');
        }
        if !key.is_empty() && key.chars().all(bare) {
            whole.push_str(key);
        } else {
            whole.push_str(&format!("{key:?}"));
        }
    }
    whole
}
