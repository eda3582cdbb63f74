use serde::Deserialize;
use serde_json::Value;

use super::judged::JUDGED;
use super::page::is_html_page;

/// Finds the first JSON object in a body that reads as `T` and is wanted. PHP
/// puts warnings around its answers, so anything may stand before and after it.
///
/// An object that starts after the first [64 KiB](super::JUDGED) is not found,
/// and neither is one within an HTML page: pages have JSON in their scripts.
/// The time it takes is linear in the length of the body.
///
/// ```
/// use chatwire_core::provider_kit::refusal::json_in;
///
/// #[derive(serde::Deserialize)]
/// struct Answer<'a> {
///     reply: &'a str,
/// }
/// let body = "Warning: {closure} in x.php\n{\"reply\":\"Hello\"}";
/// let answer: Answer<'_> = json_in(body, |_| true).unwrap();
/// assert_eq!(answer.reply, "Hello");
/// ```
pub fn json_in<'a, T: Deserialize<'a>>(
    body: &'a str,
    mut is_wanted: impl FnMut(&T) -> bool,
) -> Option<T> {
    if is_html_page(body) {
        return None;
    }
    // What is read in vain, of all candidates together.
    let mut budget = body.len().saturating_add(JUDGED);
    let mut at = 0;
    loop {
        at += body.get(at..)?.find('{')?;
        if at >= JUDGED {
            return None;
        }
        let candidate = body.get(at..)?;
        let mut values = serde_json::Deserializer::from_str(candidate).into_iter::<T>();
        let read = match values.next()? {
            Ok(value) if is_wanted(&value) => return Some(value),
            Ok(_) => {
                at += values.byte_offset();
                values.byte_offset()
            }
            Err(error) => {
                at += 1;
                position(candidate, &error)
            }
        };
        budget = budget.checked_sub(read)?;
    }
}

/// How many bytes were read until the error.
fn position(text: &str, error: &serde_json::Error) -> usize {
    let lines = text.split_inclusive('\n').map(str::len);
    let before: usize = lines.take(error.line().saturating_sub(1)).sum();
    before + error.column()
}

/// Finds the message in a JSON error, in one of the shapes that servers use:
/// `{"message": …}`, `{"error": …}`, `{"error": {"message": …}}` or
/// `{"detail": …}`, or deeper in these, as in `{"errors": [{"detail": …}]}`.
/// Members of other types are passed over, for example `"error": true`. Anything may
/// stand around the JSON, as in [`json_in`].
pub fn message_in_json(body: &str) -> Option<String> {
    let whole: Value = json_in(body, |value| message_of(value).is_some())?;
    message_of(&whole).map(str::to_owned)
}

fn message_of(whole: &Value) -> Option<&str> {
    let error = whole.get("error");
    let usual = [
        whole.get("message"),
        error,
        error.and_then(|error| error.get("message")),
        whole.get("detail"),
    ];
    let mut usual = usual.into_iter().flatten().filter_map(Value::as_str);
    let usual = usual.find(|message| !message.is_empty());
    usual.or_else(|| words_in(whole, DEPTH))
}

/// What servers call the words of an error, and what these stand in. The first
/// that has any counts.
const NAMES: [&str; 8] = [
    "message",
    "error",
    "detail",
    "errors",
    "issues",
    "msg",
    "error_message",
    "error_description",
];

/// How deep the words are looked for.
const DEPTH: usize = 5;

/// The words in a value: itself, or those of its first member or item that has any.
fn words_in(value: &Value, depth: usize) -> Option<&str> {
    let depth = depth.checked_sub(1)?;
    match value {
        Value::String(words) => (!words.is_empty()).then_some(words),
        Value::Array(items) => items.iter().find_map(|item| words_in(item, depth)),
        Value::Object(members) => NAMES
            .iter()
            .filter_map(|name| members.get(*name))
            .find_map(|member| words_in(member, depth)),
        _ => None,
    }
}
