use std::borrow::Cow;

use chatwire_core::FinishReason;
use serde_json::Value;

use super::find::Candidates;
use super::invalid::{Invalid, InvalidKind};
use super::schema::Schema;
use super::value::whole_value;
use crate::excerpt::excerpt;

/// Reads the JSON that an answer contains.
///
/// Returns JSON text that the schema allows: the answer's own bytes, unless
/// they had to be mended. Without a schema, any object is allowed.
///
/// Brackets that are missing at the end are added only if the model said that it
/// had finished ([`FinishReason::Stop`]) and they can have stood nowhere else.
///
/// # Errors
///
/// Fails if the answer has no JSON, if it cannot be read in exactly one way, or
/// if the schema does not allow it. The error says so in words for the model.
pub fn read<'a>(
    text: &'a str,
    reason: &FinishReason,
    schema: Option<&Schema>,
) -> Result<Cow<'a, str>, Invalid> {
    let text = without_thoughts(text.trim_start_matches('\u{feff}').trim());
    let answer = match whole_value(text) {
        Ok(value) => check(&value, schema).map(|()| Cow::Borrowed(text)),
        Err(_) => search(text, *reason == FinishReason::Stop, schema),
    };
    answer.map_err(|invalid| match (reason, invalid.kind()) {
        (FinishReason::Length | FinishReason::ContentFilter, kind)
            if !matches!(kind, InvalidKind::Violations(_)) =>
        {
            let words = format!("the answer was cut ({}): {invalid}", reason.as_str());
            Invalid::new(InvalidKind::Cut, words)
        }
        _ => invalid,
    })
}

fn search<'a>(
    text: &'a str,
    may_close: bool,
    schema: Option<&Schema>,
) -> Result<Cow<'a, str>, Invalid> {
    let mut found: Option<(Value, Cow<'a, str>)> = None;
    let mut wrong = None;
    for candidate in Candidates::new(text, may_close) {
        let json = candidate.map_err(|error| {
            let place = excerpt(text.get(error.at..).unwrap_or_default());
            broken(format!("the JSON cannot be read: {}, {place}", error.why))
        })?;
        let value = whole_value(&json)
            .map_err(|error| broken(format!("the JSON cannot be read: {error}")))?;
        match (check(&value, schema), &found) {
            (Err(invalid), _) => wrong = Some(invalid),
            (Ok(()), None) => found = Some((value, json)),
            (Ok(()), Some((first, _))) if *first == value => {}
            (Ok(()), Some(_)) => {
                let words = "there are several JSON values; write only the one that is the answer";
                return Err(Invalid::new(InvalidKind::Several, words));
            }
        }
    }
    if let Some((_, json)) = found {
        return Ok(json);
    }
    // Numbers, strings and the like are looked for in a code block alone.
    if let Some(block) = only_code_block(text)
        && let Ok(value) = whole_value(block)
    {
        return check(&value, schema).map(|()| Cow::Borrowed(block));
    }
    Err(wrong.unwrap_or_else(|| Invalid::new(InvalidKind::Missing, "the answer has no JSON")))
}

fn broken(words: String) -> Invalid {
    Invalid::new(InvalidKind::Broken, words)
}

fn check(value: &Value, schema: Option<&Schema>) -> Result<(), Invalid> {
    match schema {
        Some(schema) => schema.check(value).map_err(Invalid::violations),
        None if value.is_object() => Ok(()),
        None => Err(Invalid::new(
            InvalidKind::Missing,
            "the answer is no JSON object",
        )),
    }
}

/// Models that think aloud try out JSON there.
fn without_thoughts(text: &str) -> &str {
    let thoughts = text.strip_prefix("<think>");
    let answer = thoughts.and_then(|thoughts| thoughts.split_once("</think>"));
    answer.map_or(text, |(_, answer)| answer.trim())
}

/// Returns what the only code block of a text contains.
fn only_code_block(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("```")?;
    let (block, rest) = rest.split_once("```")?;
    let (_, content) = block.split_once('\n')?;
    (!rest.contains("```")).then(|| content.trim())
}
