//! From a text to tables, with all mistakes at once.

use std::ops::Range;

use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

use super::document::{Mistakes, dotted};
use super::tables::File;

/// The lists in which a single value may stand without a list around it.
const LISTS: [(&str, &[&str]); 2] = [
    ("aliases", &[]),
    ("gateway", &["allowed_hosts", "allowed_origins", "api_keys"]),
];

/// Reads the tables of a file, and notes what is wrong. Returns `None` if there
/// is nothing more to be said about the file.
///
/// serde stops at the first mistake. What is wrong is then taken out, and the
/// rest is read again, so that all mistakes are told at once.
pub(crate) fn read(text: &str, mistakes: &mut Mistakes<'_>) -> Option<File> {
    let (mut root, faults) = DeTable::parse_recoverable(text);
    for fault in &faults {
        mistakes.at(fault.span().unwrap_or(0..0), "", fault.message());
    }
    if !mistakes.is_empty() {
        // What follows a mistake in the form is guesswork.
        return None;
    }
    check_tables(root.get_mut(), &mut Vec::new(), mistakes);
    wrap_single_values(root.get_mut());
    loop {
        let error = match File::deserialize(Deserializer::from(root.clone())) {
            Ok(file) => return Some(file),
            Err(error) => error,
        };
        let span = error.span().unwrap_or(0..0);
        let key = take_out(root.get_mut(), &span);
        let path = key.as_deref().unwrap_or_default();
        mistakes.at(span, &dotted(path), plain_words(error.message()));
        if key.is_none() || mistakes.is_full() {
            return None;
        }
    }
}

/// Takes out what stands in the place of a table. Code derived by serde would
/// read a list there, and repeat a text, which can be a secret.
fn check_tables(table: &mut DeTable<'_>, path: &mut Vec<String>, mistakes: &mut Mistakes<'_>) {
    let mut wrong = Vec::new();
    for (key, value) in table.iter_mut() {
        path.push(key.get_ref().to_string());
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let is_table = matches!(
            names.as_slice(),
            ["http" | "endpoints" | "aliases" | "gateway"]
                | ["endpoints", _]
                | ["endpoints", _, "http" | "options"]
                | ["http", "headers"]
                | ["endpoints", _, "http", "headers"]
                | ["gateway", "limits"]
        );
        let kind = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        if let DeValue::Table(inner) = value.get_mut() {
            check_tables(inner, path, mistakes);
        } else if is_table {
            let why = format!("expected a table, found {kind}");
            mistakes.at(value.span(), &dotted(&*path), why);
            wrong.push(key.get_ref().to_string());
        }
        path.pop();
    }
    for key in wrong {
        table.remove(key.as_str());
    }
}

fn wrap_single_values(root: &mut DeTable<'_>) {
    for (name, lists) in LISTS {
        let Some(DeValue::Table(table)) = root.get_mut(name).map(Spanned::get_mut) else {
            continue;
        };
        for (key, value) in table.iter_mut() {
            let is_list = lists.is_empty() || lists.contains(&key.get_ref().as_ref());
            if !is_list || value.get_ref().is_array() {
                continue;
            }
            let mut list = DeArray::new();
            list.push(value.clone());
            *value = Spanned::new(value.span(), DeValue::Array(list));
        }
    }
}

/// Takes out the entry whose key, value or element stands at `span`, and
/// returns its path; `None` if there is no such entry.
fn take_out(table: &mut DeTable<'_>, span: &Range<usize>) -> Option<Vec<String>> {
    let stands_there = |value: &Spanned<DeValue<'_>>| {
        let element = |item: &Spanned<DeValue<'_>>| item.span() == *span;
        value.span() == *span
            || value
                .get_ref()
                .as_array()
                .is_some_and(|items| items.iter().any(element))
    };
    let found = table
        .iter()
        .find(|(key, value)| key.span() == *span || stands_there(value))
        .map(|(key, _)| key.get_ref().to_string());
    if let Some(name) = found {
        table.remove(name.as_str());
        return Some(vec![name]);
    }
    for (key, value) in table.iter_mut() {
        if let DeValue::Table(inner) = value.get_mut()
            && let Some(mut path) = take_out(inner, span)
        {
            path.insert(0, key.get_ref().to_string());
            return Some(path);
        }
    }
    None
}

/// serde's message for an unknown key, in the words of the other messages.
fn plain_words(message: &str) -> String {
    if message.starts_with("unknown field ") {
        // `unknown field `a`, expected one of `b`, `c``
        let mut known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        known.sort_unstable();
        let name = message.split('`').nth(1).unwrap_or_default();
        let mut hint = "";
        if known.contains(&"options") && is_setting(name) {
            hint = "; settings of the provider stand in options";
        }
        return format!("unknown key; expected one of: {}{hint}", known.join(", "));
    }
    message.to_owned()
}

/// Returns whether any provider has a setting or an option of requests of this name.
fn is_setting(name: &str) -> bool {
    let mut kinds = chatwire::providers().iter();
    kinds.any(|kind| kind.setting(name).is_some())
}
