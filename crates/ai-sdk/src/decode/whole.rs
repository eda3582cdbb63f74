use chatwire_core::provider_kit::refusal::message_in_json;
use chatwire_core::{Error, Finish, FinishReason};
use serde_json::Value;

use super::failure::server_failure;
use super::reason::reason;
use super::stray::no_answer;
use super::usage::usage_of;

/// Where the text stands in an answer that does not stream.
const TEXT: &[&str] = &[
    "text", "content", "parts", "reply", "response", "answer", "output",
];

/// A whole answer in JSON, of an app that does not stream, or its error.
pub(crate) fn whole_answer(body: &str) -> Result<(String, Finish), Error> {
    let Ok(answer) = serde_json::from_str::<Value>(body.trim_start_matches('\u{feff}')) else {
        return Err(no_answer(body));
    };
    let has_error = answer.get("error").is_some_and(|error| !error.is_null());
    let text = (!has_error).then(|| text_of(&answer)).flatten();
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Err(match (message_in_json(body), has_error) {
            (Some(message), _) => server_failure(&message),
            (None, true) => server_failure(""),
            (None, false) => no_answer(body),
        });
    };
    let word = answer.get("finishReason").and_then(Value::as_str);
    let usage = answer.get("usage").and_then(usage_of);
    let finish = Finish::new(word.map_or(FinishReason::Stop, reason)).with_usage(usage);
    Ok((text, finish))
}

fn text_of(answer: &Value) -> Option<String> {
    if let Some(text) = answer.as_str() {
        return Some(text.to_owned());
    }
    let message = answer.get("message").filter(|message| message.is_object());
    [Some(answer), message]
        .into_iter()
        .flatten()
        .flat_map(|object| TEXT.iter().filter_map(|name| object.get(*name)))
        .find_map(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Array(parts) => {
                let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
                Some(texts.collect())
            }
            _ => None,
        })
}
