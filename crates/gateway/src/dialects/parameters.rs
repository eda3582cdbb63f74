use chatwire_core::ChatRequest;
use serde_json::Value;
use serde_json::value::RawValue;

use super::members::JsonValue;
use crate::error::ApiError;

/// How many stop sequences a request may have, and how long each may be.
const MAX_STOPS: usize = 16;
const MAX_STOP_BYTES: usize = 1024;

/// How many parameters are named at most when they are not honoured; the rest
/// would only fill the header.
const MAX_NAMED: usize = 32;

/// The longest value that is looked at to see whether it is a default.
const MAX_DEFAULT: usize = 64;

/// Reads stop sequences: one, or an array of them.
pub(crate) fn stop_sequences(value: JsonValue<'_>) -> Result<Vec<String>, ApiError> {
    let stops = value.strings()?;
    if stops.len() > MAX_STOPS {
        return Err(value.invalid(&format!("has more than {MAX_STOPS} sequences")));
    }
    if stops.iter().any(|stop| stop.len() > MAX_STOP_BYTES) {
        let why = format!("has a sequence of more than {MAX_STOP_BYTES} bytes");
        return Err(value.invalid(&why));
    }
    Ok(stops)
}

/// Checks the request after the parameter of that name was set.
pub(crate) fn validated(request: ChatRequest, name: &str) -> Result<ChatRequest, ApiError> {
    match request.validate() {
        Ok(()) => Ok(request),
        Err(error) => Err(ApiError::invalid(name.to_owned(), error.message())),
    }
}

/// The names of parameters that have no effect: those that the dialect knows
/// of, then those that nobody has read. A parameter counts unless its value
/// asks for what happens anyway; several clients send all their defaults.
pub(crate) fn ignored<'a>(
    known: Vec<String>,
    rest: impl Iterator<Item = (String, &'a RawValue)>,
    is_default: impl Fn(&str, &Value) -> bool,
) -> Vec<String> {
    let unread = rest
        .filter(|(name, raw)| {
            let text = raw.get();
            let value = (text.len() <= MAX_DEFAULT).then(|| serde_json::from_str(text).ok());
            !value
                .flatten()
                .is_some_and(|value: Value| value.is_null() || is_default(name, &value))
        })
        .map(|(name, _)| printable(&name));
    known.into_iter().chain(unread).take(MAX_NAMED).collect()
}

/// A parameter's name as a header can carry it.
fn printable(name: &str) -> String {
    name.chars()
        .take(64)
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' | '.' => c,
            _ => '?',
        })
        .collect()
}
