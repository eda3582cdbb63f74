use std::borrow::Cow;

use chatwire_core::FinishReason;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::marker::quoted;
use super::offer::Offer;
use crate::excerpt::shortened;
use crate::json::read;

/// How many calls an answer may have.
const MAX_CALLS: usize = 128;

/// How many calls that are not valid are told of.
const MAX_TOLD: usize = 4;

/// How much of the names of all tools is told, in bytes.
const MAX_NAMES: usize = 1000;

/// A valid call: the name of the tool, and the arguments as JSON text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) arguments: String,
}

/// What is wrong with the calls of an answer.
#[derive(Debug)]
pub(super) struct InvalidCalls {
    /// Words for the model and the user.
    pub(super) words: String,
    /// Whether the model may do better when it is told.
    pub(super) can_be_asked_again: bool,
}

/// The JSON in a call. Models trained with other formats take the other names.
#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default, alias = "parameters", alias = "input")]
    arguments: Option<&'a RawValue>,
}

/// Reads the calls of an answer, from the first one on. What stands between them and
/// after them is left out.
pub(super) fn read_calls(
    text: &str,
    reason: &FinishReason,
    offer: &Offer,
) -> Result<Vec<Call>, InvalidCalls> {
    let (open, close) = (offer.marker.open_call(), offer.marker.close_call());
    let limit = if offer.is_parallel { MAX_CALLS } else { 1 };
    let mut calls = Vec::new();
    let mut invalid: Vec<String> = Vec::new();
    let mut can_be_asked_again = true;
    let mut blocks = text.split(open.as_str()).skip(1).peekable();
    let mut number = 0;
    while let Some(block) = blocks.next() {
        number += 1;
        if number > limit {
            if offer.is_parallel {
                invalid.push(format!("there are more than {MAX_CALLS} calls"));
            }
            break;
        }
        let is_cut = matches!(reason, FinishReason::Length | FinishReason::ContentFilter);
        let (content, is_closed) = match block.split_once(close.as_str()) {
            Some((content, _)) => (content, true),
            None => (block, blocks.peek().is_some()),
        };
        if !is_closed && is_cut {
            invalid.push(format!("call {number}: the answer was cut off in it"));
            can_be_asked_again = false;
            break;
        }
        // After the mark of its end, nothing of a call is still to come.
        let reason = if is_closed {
            &FinishReason::Stop
        } else {
            reason
        };
        match read_call(content, reason, offer) {
            Ok(call) => calls.push(call),
            Err(words) => invalid.push(format!("call {number}: {words}")),
        }
        if invalid.len() == MAX_TOLD {
            break;
        }
    }
    if invalid.is_empty() {
        return Ok(calls);
    }
    Err(InvalidCalls {
        words: invalid.join("; "),
        can_be_asked_again,
    })
}

fn read_call(content: &str, reason: &FinishReason, offer: &Offer) -> Result<Call, String> {
    let json = read(content, reason, None).map_err(|invalid| invalid.to_string())?;
    let Ok(block) = serde_json::from_str::<Block<'_>>(&json) else {
        return Err("a call is an object with \"name\" and \"arguments\"".to_owned());
    };
    let name = block.name.as_ref();
    let Some(schema) = offer.schema(name) else {
        return Err(format!(
            "there is no function {}; the functions are {}",
            shortened(&quoted(name), 100),
            shortened(&offer.names().collect::<Vec<_>>().join(", "), MAX_NAMES)
        ));
    };
    let arguments = block.arguments.map_or("{}", RawValue::get);
    // Some models write the arguments as a string that holds JSON.
    let arguments: Cow<'_, str> = match serde_json::from_str::<Cow<'_, str>>(arguments) {
        Ok(text) => Cow::Owned(text.into_owned()),
        Err(_) if arguments == "null" => Cow::Borrowed("{}"),
        Err(_) => Cow::Borrowed(arguments),
    };
    let arguments = read(&arguments, reason, Some(schema))
        .map_err(|invalid| format!("the arguments of {name}: {invalid}"))?;
    Ok(Call {
        name: name.to_owned(),
        arguments: arguments.into_owned(),
    })
}
