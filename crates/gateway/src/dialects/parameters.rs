use chatwire_core::{ChatRequest, JsonSchema, ResponseFormat};
use serde_json::Value;
use serde_json::value::RawValue;

use super::members::{JsonValue, Members};
use super::tools::read_schema;
use crate::error::{ApiError, quoted};
use crate::request::printable;

/// How many stop sequences a request may have, and how long each may be.
const MAX_STOPS: usize = 16;
const MAX_STOP_BYTES: usize = 1024;

/// How many parameters are named at most when they are not honoured; the rest
/// would only fill the header.
const MAX_NAMED: usize = 32;

/// The longest value that is looked at to see whether it is a default.
const MAX_DEFAULT: usize = 64;

/// Reads the name of the model, which must be there.
pub(crate) fn read_model(members: &mut Members<'_>) -> Result<String, ApiError> {
    model_name(members.take("model"))
}

/// Reads the value that names the model.
pub(crate) fn model_name(model: Option<JsonValue<'_>>) -> Result<String, ApiError> {
    let model = model.map(|model| model.string()).transpose()?;
    model
        .filter(|model| !model.trim().is_empty())
        .ok_or_else(|| ApiError::invalid("model", "model is missing: say which to ask"))
}

/// Refuses to write several answers.
pub(crate) fn only_one_answer(members: &mut Members<'_>, name: &str) -> Result<(), ApiError> {
    match members.take(name) {
        Some(n) if n.number()? != 1.0 => {
            Err(n.invalid("must be 1: there is one answer to a request"))
        }
        _ => Ok(()),
    }
}

/// Reads whether a stream is to end with the tokens that it took.
pub(crate) fn read_include_usage(members: &mut Members<'_>) -> Result<bool, ApiError> {
    let include = members.read("stream_options", |options| {
        let mut options = options.object()?;
        options.read("include_usage", |usage| usage.boolean())
    })?;
    Ok(include.flatten().unwrap_or(false))
}

/// Adds the temperature, if there is one.
pub(crate) fn read_temperature(
    chat: ChatRequest,
    members: &mut Members<'_>,
) -> Result<ChatRequest, ApiError> {
    match members.take("temperature") {
        Some(value) => {
            let chat = chat.with_temperature(value.number()? as f32);
            validated(chat, value.path())
        }
        None => Ok(chat),
    }
}

/// Adds the limit of tokens that the parameter of this name sets, if it does.
pub(crate) fn read_limit(
    chat: ChatRequest,
    members: &mut Members<'_>,
    name: &str,
) -> Result<ChatRequest, ApiError> {
    match members.read(name, |limit| limit.limit())?.flatten() {
        Some(limit) => validated(chat.with_max_tokens(limit), name),
        None => Ok(chat),
    }
}

/// Reads the format that the answer must have. The schema stands one level deeper
/// in the older API.
pub(crate) fn response_format(format: &JsonValue<'_>) -> Result<ResponseFormat, ApiError> {
    let mut members = format.object()?;
    let kind = members.require("type")?.string()?;
    match kind.as_str() {
        "text" => Ok(ResponseFormat::Text),
        "json_object" => Ok(ResponseFormat::JsonObject),
        "json_schema" => {
            let mut members = match members.take("json_schema") {
                Some(inner) => inner.object()?,
                None => members,
            };
            let name = members.read("name", |name| name.string())?;
            let schema = read_schema(&members.require("schema")?)?;
            let mut format = JsonSchema::new(name.unwrap_or_else(|| "answer".to_owned()), schema);
            if let Some(description) = members.read("description", |words| words.string())? {
                format = format.with_description(description);
            }
            if let Some(strict) = members.read("strict", |strict| strict.boolean())? {
                format = format.with_strict(strict);
            }
            Ok(ResponseFormat::JsonSchema(format))
        }
        other => Err(format.invalid(&format!(
            "is {}, where text, json_object or json_schema is expected",
            quoted(other)
        ))),
    }
}

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
