//! Finds the values in the words of an answer, in one pass over it.

use super::mend::mend_at_start;
use super::token::{Quote, Unmendable, is_name, is_name_start};
use super::value::value_at_start;
use std::borrow::Cow;

/// Where an object or an array may begin.
enum Look {
    /// Here.
    Value,
    /// Not before this place.
    Words(usize),
}

/// The values of a text, one after the other, until one cannot be read: then
/// the search ends, since what comes after it may be a part of it.
pub(super) struct Candidates<'a> {
    text: &'a str,
    position: usize,
    may_close: bool,
}

impl<'a> Candidates<'a> {
    pub(super) fn new(text: &'a str, may_close: bool) -> Candidates<'a> {
        Candidates {
            text,
            position: 0,
            may_close,
        }
    }

    fn read(&mut self, start: usize) -> Result<Cow<'a, str>, Unmendable> {
        let rest = self.text.get(start..).unwrap_or_default();
        let (json, length, is_closed) = match value_at_start(rest) {
            Ok((_, length)) => {
                let json = rest.get(..length).unwrap_or_default();
                (Cow::Borrowed(json), length, false)
            }
            Err(_) => {
                let mended = mend_at_start(rest, self.may_close).map_err(|error| Unmendable {
                    at: start + error.at,
                    ..error
                })?;
                (Cow::Owned(mended.json), mended.length, mended.is_closed)
            }
        };
        self.position = start + length;
        let before = self.text.get(..start).unwrap_or_default();
        let after = self.text.get(self.position..).unwrap_or_default();
        if !is_closed && (is_inside_before(before) || is_inside_after(before, after)) {
            let why = "this seems to be a part of a larger value that is broken";
            return Err(Unmendable { at: start, why });
        }
        Ok(json)
    }
}

impl<'a> Iterator for Candidates<'a> {
    type Item = Result<Cow<'a, str>, Unmendable>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.text.get(self.position..)?;
            let start = self.position + rest.find(['{', '['])?;
            match look(self.text, start) {
                Look::Words(next) => self.position = next,
                Look::Value => {
                    let read = self.read(start);
                    if read.is_err() {
                        self.position = self.text.len();
                    }
                    return Some(read);
                }
            }
        }
    }
}

/// Tells a value from brackets in words, by the first token after them.
fn look(text: &str, start: usize) -> Look {
    let rest = text.get(start..).unwrap_or_default();
    let brackets = rest.len()
        - rest
            .trim_start_matches(|c: char| c == '[' || c.is_whitespace())
            .len();
    if brackets == 0 {
        let is_value = is_like_object(rest);
        return if is_value {
            Look::Value
        } else {
            Look::Words(start + 1)
        };
    }
    let inner = rest.get(brackets..).unwrap_or_default();
    // `see [1]`, `- [ ] to do`: arrays stand alone, or after a colon.
    let line = text
        .get(..start)
        .unwrap_or_default()
        .trim_end_matches([' ', '\t']);
    let stands_alone = line.is_empty() || line.ends_with(['\n', ':', '=', '`', '\u{ff1a}']);
    let is_value = match inner.chars().next() {
        Some('{') => is_like_object(inner),
        Some(']' | '-' | '0'..='9') => true,
        Some(first) if Quote::opened_by(first).is_some() => true,
        Some(_) => ["true", "false", "null", "True", "False", "None"]
            .iter()
            .any(|word| {
                inner
                    .strip_prefix(word)
                    .is_some_and(|rest| !rest.starts_with(is_name))
            }),
        None => false,
    };
    if stands_alone && is_value {
        Look::Value
    } else {
        Look::Words(start + brackets)
    }
}

fn is_like_object(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('{') else {
        return false;
    };
    let inner = inner.trim_start();
    match inner.chars().next() {
        Some('}') => true,
        Some(first) if Quote::opened_by(first).is_some() => true,
        Some(first) if is_name_start(first) => inner
            .trim_start_matches(is_name)
            .trim_start()
            .starts_with(':'),
        Some('/') => inner.starts_with("//") || inner.starts_with("/*"),
        Some('#') => true,
        _ => false,
    }
}

/// `"name": ` before a value: it is a member of something.
fn is_inside_before(before: &str) -> bool {
    let before = before.trim_end();
    before
        .strip_suffix(':')
        .is_some_and(|name| name.trim_end().ends_with(['"', '\'', '”', '’']))
}

/// What goes on with a container around the value.
fn is_inside_after(before: &str, after: &str) -> bool {
    let begins_at_once = |c: char| matches!(c, '{' | '[' | '_') || c.is_alphanumeric();
    if after.starts_with(begins_at_once) {
        return true;
    }
    // A bracket that closes what was not opened.
    let bracket = after.find(['{', '[', '}', ']']);
    if bracket.is_some_and(|at| {
        after
            .get(at..)
            .is_some_and(|rest| rest.starts_with(['}', ']']))
    }) {
        return true;
    }
    let quoted = before
        .chars()
        .next_back()
        .is_some_and(|quote| after.starts_with(quote));
    let after = after.trim_start();
    let next = |rest: &str| rest.chars().next();
    let is_quote = |next: char| Quote::opened_by(next).is_some();
    let follows = |next: char| matches!(next, '{' | '[') || is_quote(next);
    let is_listed = after
        .strip_prefix(',')
        .and_then(|rest| next(rest.trim_start()));
    after.starts_with(':')
        || is_listed.is_some_and(follows)
        || !quoted && next(after).is_some_and(is_quote)
}
