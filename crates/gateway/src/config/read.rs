use std::cell::RefCell;
use std::net::SocketAddr;
use std::ops::{Range, RangeInclusive};
use std::rc::Rc;
use std::time::Duration;

use chatwire_core::Secret;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::error::{ConfigError, ConfigErrors};
use crate::config::source::{From, Source};
use crate::config::units;

/// A place in the file, by line and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At {
    line: Option<usize>,
    column: Option<usize>,
    key: String,
}

impl At {
    /// A key that should be there and is not.
    pub(super) fn top(key: &str) -> At {
        At {
            line: None,
            column: None,
            key: key.to_owned(),
        }
    }

    pub(super) fn error(&self, message: impl Into<String>) -> ConfigError {
        ConfigError {
            line: self.line,
            column: self.column,
            key: self.key.clone(),
            message: message.into(),
        }
    }
}

/// The whole file, and what is wrong with it so far.
pub(super) struct Sections<'t> {
    text: &'t str,
    table: Spanned<DeTable<'t>>,
    errors: Rc<RefCell<Vec<ConfigError>>>,
}

/// One table of the file. Keys that were never asked for are mistakes.
pub(super) struct Section<'a, 't> {
    text: &'a str,
    path: String,
    span: Range<usize>,
    /// None when the section is not in the file.
    table: Option<&'a DeTable<'t>>,
    known: Vec<String>,
    errors: Rc<RefCell<Vec<ConfigError>>>,
}

const DURATION: &str = "a time such as \"10s\" or \"500ms\", or a number of seconds";
const SIZE: &str = "a size such as \"4MiB\", or a number of bytes";

impl<'t> Sections<'t> {
    /// Reads the TOML. Mistakes in its form end it here: what follows one is
    /// guesswork.
    pub(super) fn parse(text: &'t str) -> Result<Sections<'t>, ConfigErrors> {
        let (table, faults) = DeTable::parse_recoverable(text);
        let errors = faults
            .iter()
            .map(|fault| at(text, "", fault.span().unwrap_or(0..0)).error(fault.message()))
            .collect();
        ConfigErrors::or(
            errors,
            Sections {
                text,
                table,
                errors: Rc::default(),
            },
        )
    }

    pub(super) fn top(&self) -> Section<'_, 't> {
        Section {
            text: self.text,
            path: String::new(),
            span: 0..0,
            table: Some(self.table.get_ref()),
            known: Vec::new(),
            errors: Rc::clone(&self.errors),
        }
    }

    pub(super) fn note(&self, at: &At, message: String) {
        self.errors.borrow_mut().push(at.error(message));
    }

    pub(super) fn into_result<T>(self, value: T) -> Result<T, ConfigErrors> {
        ConfigErrors::or(self.errors.take(), value)
    }
}

impl<'a, 't> Section<'a, 't> {
    /// Where the section begins.
    pub(super) fn at(&self) -> At {
        at(self.text, &self.path, self.span.clone())
    }

    /// The keys there are; each is known from now on.
    pub(super) fn names(&mut self) -> Vec<String> {
        let Some(table) = self.table else {
            return Vec::new();
        };
        let mut names: Vec<(usize, String)> = table
            .keys()
            .map(|key| (key.span().start, key.get_ref().to_string()))
            .collect();
        // In the order of the file.
        names.sort();
        let names: Vec<String> = names.into_iter().map(|(_, name)| name).collect();
        self.known.extend(names.iter().cloned());
        names
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(name))
    }

    /// A table in this one.
    pub(super) fn section(&mut self, name: &str) -> Section<'a, 't> {
        let mut inner = Section {
            text: self.text,
            path: self.path_of(name),
            span: self.span.clone(),
            table: None,
            known: Vec::new(),
            errors: Rc::clone(&self.errors),
        };
        if let Some((value, span)) = self.get(name) {
            inner.span = span.clone();
            match value {
                DeValue::Table(table) => inner.table = Some(table),
                other => self.mismatch(name, &span, "a table", other),
            }
        }
        inner
    }

    /// Says that the section itself is wrong.
    pub(super) fn wrong(&self, expected: &str) {
        let error = self.at().error(format!("expected {expected}"));
        self.errors.borrow_mut().push(error);
    }

    /// Complains of keys that nothing asked for.
    pub(super) fn finish(&self) {
        let Some(table) = self.table else { return };
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if !self.known.iter().any(|known| known == name) {
                let mut known = self.known.clone();
                known.sort();
                let message = format!("unknown key; expected one of: {}", known.join(", "));
                self.note(name, key.span(), message);
            }
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Option<(String, At)> {
        let (value, span) = self.get(name)?;
        match value {
            DeValue::String(text) if !text.trim().is_empty() => {
                Some((text.to_string(), self.at_of(name, span)))
            }
            other => {
                self.mismatch(name, &span, "a text", other);
                None
            }
        }
    }

    pub(super) fn required_text(&mut self, name: &str) -> Option<(String, At)> {
        if self.table.is_some() && !self.has(name) {
            self.note(name, self.span.clone(), "missing: expected a text".into());
        }
        self.text(name)
    }

    /// A text, or a list of texts with at least one.
    pub(super) fn texts(&mut self, name: &str) -> Vec<(String, At)> {
        let Some((value, span)) = self.get(name) else {
            return Vec::new();
        };
        let items: Vec<(&DeValue<'t>, Range<usize>)> = match value {
            DeValue::Array(items) => items
                .iter()
                .map(|item| (item.get_ref(), item.span()))
                .collect(),
            other => vec![(other, span.clone())],
        };
        if items.is_empty() {
            self.note(
                name,
                span,
                "expected a text or a list of texts, found an empty list".into(),
            );
        }
        let mut texts = Vec::new();
        for (item, span) in items {
            match item {
                DeValue::String(text) if !text.trim().is_empty() => {
                    texts.push((text.to_string(), self.at_of(name, span)));
                }
                other => self.mismatch(name, &span, "a text or a list of texts", other),
            }
        }
        texts
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        let (value, span) = self.get(name)?;
        match value {
            DeValue::Boolean(flag) => Some(*flag),
            other => {
                self.mismatch(name, &span, "true or false", other);
                None
            }
        }
    }

    pub(super) fn number(&mut self, name: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let (value, span) = self.get(name)?;
        let number = integer(value).and_then(|number| u32::try_from(number).ok());
        match number {
            Some(number) if range.contains(&number) => Some(number),
            _ => {
                let expected = format!("a whole number from {} to {}", range.start(), range.end());
                self.mismatch(name, &span, &expected, value);
                None
            }
        }
    }

    pub(super) fn duration(&mut self, name: &str) -> Option<Duration> {
        let (value, span) = self.get(name)?;
        let duration = duration(value);
        if duration.is_none() {
            self.mismatch(name, &span, DURATION, value);
        }
        duration
    }

    pub(super) fn duration_or_off(&mut self, name: &str) -> Option<Option<Duration>> {
        let (value, span) = self.get(name)?;
        if is_off(value) {
            return Some(None);
        }
        let duration = duration(value);
        if duration.is_none() {
            self.mismatch(name, &span, &format!("{DURATION}, or \"off\""), value);
        }
        duration.map(Some)
    }

    pub(super) fn size(&mut self, name: &str) -> Option<usize> {
        let (value, span) = self.get(name)?;
        let size = size(value);
        if size.is_none() {
            self.mismatch(name, &span, SIZE, value);
        }
        size
    }

    pub(super) fn size_or_off(&mut self, name: &str) -> Option<Option<usize>> {
        let (value, span) = self.get(name)?;
        if is_off(value) {
            return Some(None);
        }
        let size = size(value);
        if size.is_none() {
            self.mismatch(name, &span, &format!("{SIZE}, or \"off\""), value);
        }
        size.map(Some)
    }

    pub(super) fn address(&mut self, name: &str) -> Option<(SocketAddr, At)> {
        let (value, span) = self.get(name)?;
        let address = value.as_str().and_then(|text| {
            let text = text
                .strip_prefix("localhost:")
                .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
            text.parse().ok()
        });
        match address {
            Some(address) => Some((address, self.at_of(name, span))),
            None => {
                let expected = "an address with a port such as \"127.0.0.1:1337\"";
                self.mismatch(name, &span, expected, value);
                None
            }
        }
    }

    /// A text that may be secret: here, in the environment or in a file.
    pub(super) fn text_or_source(&mut self, name: &str) -> Option<Source> {
        let expected = "a text, { env = \"NAME\" } or { file = \"path\" }";
        let (value, span) = self.get(name)?;
        let at = self.at_of(name, span.clone());
        match value {
            DeValue::String(text) => Some(Source::new(at, From::Here(Secret::new(text.as_ref())))),
            other => self.source(name, other, &span, expected),
        }
    }

    /// As above, and numbers, true and false as their texts.
    pub(super) fn plain_or_source(&mut self, name: &str) -> Option<Source> {
        let (value, span) = self.get(name)?;
        let at = self.at_of(name, span.clone());
        let text = match value {
            DeValue::Integer(_) => integer(value)?.to_string(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Boolean(flag) => flag.to_string(),
            _ => {
                let expected = "a text, a number, true or false, { env = \"NAME\" } or \
                                { file = \"path\" }";
                return match value {
                    DeValue::String(_) => self.text_or_source(name),
                    other => self.source(name, other, &span, expected),
                };
            }
        };
        Some(Source::new(at, From::Here(Secret::new(text))))
    }

    /// Secrets that must not stand in the file.
    pub(super) fn sources(&mut self, name: &str) -> Vec<Source> {
        let expected = "{ env = \"NAME\" } or { file = \"path\" }, or a list of them: keys do not \
                        stand in this file";
        let Some((value, span)) = self.get(name) else {
            return Vec::new();
        };
        match value {
            DeValue::Array(items) => items
                .iter()
                .filter_map(|item| self.source(name, item.get_ref(), &item.span(), expected))
                .collect(),
            other => self
                .source(name, other, &span, expected)
                .into_iter()
                .collect(),
        }
    }

    fn source(
        &self,
        name: &str,
        value: &DeValue<'t>,
        span: &Range<usize>,
        expected: &str,
    ) -> Option<Source> {
        let from = value.as_table().and_then(|table| {
            let mut entries = table.iter();
            match (entries.next(), entries.next()) {
                (Some((key, value)), None) => {
                    let text = value.get_ref().as_str().filter(|text| !text.is_empty())?;
                    match key.get_ref().as_ref() {
                        "env" => Some(From::Variable(text.to_owned())),
                        "file" => Some(From::File(text.into())),
                        _ => None,
                    }
                }
                _ => None,
            }
        });
        match from {
            Some(from) => Some(Source::new(self.at_of(name, span.clone()), from)),
            None => {
                // What stands there may be a secret, so only its kind is said.
                let found = kind(value);
                self.note(
                    name,
                    span.clone(),
                    format!("expected {expected}; found {found}"),
                );
                None
            }
        }
    }

    fn get(&mut self, name: &str) -> Option<(&'a DeValue<'t>, Range<usize>)> {
        if !self.known.iter().any(|known| known == name) {
            self.known.push(name.to_owned());
        }
        let value = self.table?.get(name)?;
        Some((value.get_ref(), value.span()))
    }

    fn mismatch(&self, name: &str, span: &Range<usize>, expected: &str, found: &DeValue<'_>) {
        let found = match found {
            DeValue::String(text) => format!("{text:?}"),
            DeValue::Integer(number) if expected.contains("number") => number.as_str().to_owned(),
            other => kind(other).to_owned(),
        };
        self.note(
            name,
            span.clone(),
            format!("expected {expected}, found {found}"),
        );
    }

    fn note(&self, name: &str, span: Range<usize>, message: String) {
        let error = self.at_of(name, span).error(message);
        self.errors.borrow_mut().push(error);
    }

    fn at_of(&self, name: &str, span: Range<usize>) -> At {
        at(self.text, &self.path_of(name), span)
    }

    fn path_of(&self, name: &str) -> String {
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let name = if !name.is_empty() && name.chars().all(bare) {
            name.to_owned()
        } else {
            format!("{name:?}")
        };
        if self.path.is_empty() {
            name
        } else {
            format!("{}.{name}", self.path)
        }
    }
}

fn at(text: &str, key: &str, span: Range<usize>) -> At {
    let before = text.get(..span.start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before
        .get(line_start..)
        .map_or(0, |line| line.chars().count());
    At {
        line: Some(before.matches('\n').count() + 1),
        column: Some(column + 1),
        key: key.to_owned(),
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn is_off(value: &DeValue<'_>) -> bool {
    value.as_str() == Some("off")
}

fn duration(value: &DeValue<'_>) -> Option<Duration> {
    match value {
        DeValue::String(text) => units::duration(text),
        DeValue::Float(number) => Duration::try_from_secs_f64(number.as_str().parse().ok()?).ok(),
        other => Some(Duration::from_secs(u64::try_from(integer(other)?).ok()?)),
    }
}

fn size(value: &DeValue<'_>) -> Option<usize> {
    match value {
        DeValue::String(text) => units::size(text),
        other => usize::try_from(integer(other)?).ok(),
    }
}
