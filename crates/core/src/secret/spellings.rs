//! How servers write a text when they repeat it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode,
};

use crate::text::{without_controls, without_invisible};

/// Shorter texts would be found in every other word.
pub(super) const MIN_LENGTH: usize = 4;

/// What RFC 3986 lets stand everywhere in an address.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The same in a path.
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// What `encodeURIComponent` encodes in browsers.
const COMPONENT: &AsciiSet = &UNRESERVED
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// What cannot stand in the query of an address.
const QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'%');

/// What is encoded in the user name and password of an address.
const USERINFO: &AsciiSet = &QUERY
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'/')
    .add(b':')
    .add(b';')
    .add(b'=')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'|');

/// Returns the text itself, and as it stands in JSON, in HTML, in addresses and
/// in base64.
pub(super) fn spellings(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    // What is left of it in a text that was cleaned.
    let plain = without_controls(text);
    let visible = without_invisible(&plain).into_owned();
    all.extend(
        [visible, plain.into_owned()]
            .into_iter()
            .filter(|text| text.len() >= MIN_LENGTH),
    );
    // A cookie may be encoded, and is shown as the server reads it.
    let decoded = percent_decode_str(text).decode_utf8().ok();
    all.extend(
        decoded
            .map(Cow::into_owned)
            .filter(|text| text.len() >= MIN_LENGTH),
    );
    all.extend(in_json(text));
    all.extend(in_html(text));
    all.extend(in_addresses(text));
    all.extend(
        [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].map(|engine| engine.encode(text)),
    );
    all.sort_unstable();
    all.dedup();
    all
}

/// In a JSON string: with and without escapes for slashes and for what is not
/// ASCII.
fn in_json(text: &str) -> Vec<String> {
    let Ok(json) = serde_json::to_string(text) else {
        return Vec::new();
    };
    let json = json
        .strip_prefix('"')
        .and_then(|json| json.strip_suffix('"'))
        .unwrap_or_default();
    let (lower, upper) = escape_beyond_ascii(json);
    [json, &lower, &upper]
        .into_iter()
        .flat_map(|json| [json.to_owned(), json.replace('/', "\\/")])
        .collect()
}

/// Escapes what is not ASCII, with digits in lower and in upper case.
fn escape_beyond_ascii(json: &str) -> (String, String) {
    let (mut lower, mut upper) = (String::new(), String::new());
    for unit in json.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => {
                lower.push(byte as char);
                upper.push(byte as char);
            }
            _ => {
                lower.push_str(&format!("\\u{unit:04x}"));
                upper.push_str(&format!("\\u{unit:04X}"));
            }
        }
    }
    (lower, upper)
}

/// In HTML: the apostrophe has several names.
fn in_html(text: &str) -> Vec<String> {
    let html = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let quoted = html.replace('"', "&quot;");
    ["&#039;", "&#39;", "&#x27;", "&apos;", "'"]
        .into_iter()
        .map(|apostrophe| quoted.replace('\'', apostrophe))
        .chain([html])
        .collect()
}

/// In addresses and forms, with either case of the digits.
fn in_addresses(text: &str) -> Vec<String> {
    let mut all: Vec<String> = [UNRESERVED, PATH, COMPONENT, USERINFO, QUERY]
        .into_iter()
        .map(|set| utf8_percent_encode(text, set).to_string())
        .collect();
    let form = utf8_percent_encode(text, UNRESERVED).to_string();
    all.push(form.replace("%20", "+"));
    let lower: Vec<String> = all.iter().map(|text| lower_digits(text)).collect();
    all.extend(lower);
    all
}

/// Writes the digits of percent-encoding in lower case.
fn lower_digits(encoded: &str) -> String {
    let mut digits = 0;
    encoded
        .chars()
        .map(|c| {
            if c == '%' {
                digits = 2;
                return c;
            }
            let is_digit = digits > 0;
            digits = i32::max(0, digits - 1);
            if is_digit { c.to_ascii_lowercase() } else { c }
        })
        .collect()
}
