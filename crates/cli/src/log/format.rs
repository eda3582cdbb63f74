//! The form of a log line.

use std::fmt;
use std::fmt::Write as _;
use std::time::SystemTime;

use serde_json::{Map, Value};
use tracing::Metadata;
use tracing::field::{Field, Visit};

/// The message of an event, and its fields in order.
#[derive(Debug, Default)]
pub(super) struct Fields {
    message: String,
    others: Vec<(&'static str, Value)>,
}

impl Fields {
    pub(super) fn named(message: &str) -> Fields {
        Fields {
            message: message.to_owned(),
            others: Vec::new(),
        }
    }

    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        self.others.push((field.name(), value.into()));
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            _ => self.add(field, text),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            _ => self.add(field, value),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }
}

/// `TIME LEVEL MESSAGE NAME=VALUE …`; a value with other characters than
/// visible ASCII is quoted.
pub(super) fn text_line(now: SystemTime, metadata: &Metadata<'_>, fields: &Fields) -> String {
    let time = humantime::format_rfc3339_millis(now);
    let mut line = format!("{time} {:5} {}", metadata.level(), plain(&fields.message));
    for (name, value) in &fields.others {
        // Writing to a text cannot fail.
        let _ = match value {
            Value::String(text) => write!(line, " {name}={}", quoted(text)),
            number => write!(line, " {name}={number}"),
        };
    }
    line
}

/// The same as one JSON object.
pub(super) fn json_line(now: SystemTime, metadata: &Metadata<'_>, fields: &Fields) -> String {
    let mut object = Map::new();
    let time = humantime::format_rfc3339_millis(now).to_string();
    object.insert("time".to_owned(), time.into());
    let level = metadata.level().as_str().to_ascii_lowercase();
    object.insert("level".to_owned(), level.into());
    object.insert("target".to_owned(), metadata.target().into());
    object.insert("message".to_owned(), fields.message.as_str().into());
    for (name, value) in &fields.others {
        object.insert((*name).to_owned(), value.clone());
    }
    let mut line = String::new();
    for c in Value::Object(object).to_string().chars() {
        if is_visible(c) {
            line.push(c);
        } else {
            // Only texts have such characters.
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(line, "\\u{unit:04x}");
            }
        }
    }
    line
}

/// A text without what changes a terminal.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        match is_visible(c) {
            true => plain.push(c),
            false => plain.extend(c.escape_default()),
        }
    }
    plain
}

fn quoted(text: &str) -> String {
    let is_simple = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '=');
    match !text.is_empty() && text.chars().all(is_simple) {
        true => text.to_owned(),
        false => format!("{text:?}"),
    }
}

/// Whether a terminal shows the character and does nothing else.
fn is_visible(c: char) -> bool {
    // What Rust escapes in quotes but for the quotes themselves.
    matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        for (text, shown) in [
            ("home/m", "home/m"),
            ("", "\"\""),
            ("two words", "\"two words\""),
            ("a=b", "\"a=b\""),
            ("a\"b", "\"a\\\"b\""),
            ("\u{1b}[2J\n", "\"\\u{1b}[2J\\n\""),
            ("\u{202e}x\u{9b}", "\"\\u{202e}x\\u{9b}\""),
            ("é", "\"é\""),
        ] {
            assert_eq!(quoted(text), shown);
        }
        assert_eq!(plain("a\n\u{202e}é"), "a\\n\\u{202e}é");
        assert!(is_visible('\\') && is_visible('"') && is_visible('é'));
        assert!(!is_visible('\u{7f}') && !is_visible('\u{200b}'));
    }
}
