use chatwire_core::{Messages, Part, Role};

use crate::dialects::conversation::{Conversation, RepeatedCall};
use crate::dialects::image;
use crate::dialects::members::{JsonValue, Members};
use crate::error::{ApiError, quoted};

/// Reads the conversation of a request, and where its first image stands.
pub(super) fn read(messages: &JsonValue<'_>) -> Result<(Messages, Option<String>), ApiError> {
    let mut conversation = Conversation::default();
    let mut first_image = None;
    for value in messages.array()? {
        let mut message = value.object()?;
        let role = message.require("role")?;
        let parts = message.read("content", |content| read_parts(&content))?;
        let parts = parts.unwrap_or_default();
        if first_image.is_none() && parts.iter().any(|part| matches!(part, Part::Image(_))) {
            first_image = Some(format!("{}.content", value.path()));
        }
        match role.string()?.as_str() {
            name @ ("system" | "developer" | "user") => conversation.push(Role::from(name), parts),
            "assistant" => {
                let calls = read_calls(&mut message)?;
                conversation.push_assistant(parts, calls);
            }
            "tool" => {
                let id = message.read("tool_call_id", |id| id.string())?;
                conversation.push_tool_result(id.as_deref(), parts, false);
            }
            "function" => {
                let name = message.read("name", |name| name.string())?;
                conversation.push_tool_result(name.as_deref(), parts, false);
            }
            other => {
                return Err(role.invalid(&format!(
                    "is {}, where system, developer, user, assistant, tool or function is \
                     expected",
                    quoted(other)
                )));
            }
        }
    }
    Ok((conversation.into_messages(), first_image))
}

/// Reads a string, or an array of parts.
fn read_parts(content: &JsonValue<'_>) -> Result<Vec<Part>, ApiError> {
    match content.kind() {
        "a string" => Ok(vec![Part::Text(content.string()?)]),
        "an array" => content.array()?.iter().map(read_part).collect(),
        _ => Err(content.expected("a string or an array of parts")),
    }
}

fn read_part(value: &JsonValue<'_>) -> Result<Part, ApiError> {
    if value.is_string() {
        return Ok(Part::Text(value.string()?));
    }
    let mut part = value.object()?;
    let kind = part.read("type", |kind| kind.string())?;
    match kind.as_deref() {
        None | Some("text") => Ok(Part::Text(part.require("text")?.string()?)),
        Some("refusal") => Ok(Part::Text(part.require("refusal")?.string()?)),
        Some("image_url") => {
            let image = part.require("image_url")?;
            let url = match image.is_string() {
                true => image,
                false => image.object()?.require("url")?,
            };
            image::from_url(&url)
        }
        Some(other) => Err(value.invalid(&format!(
            "is of the type {}, which no provider here takes: send text, or images as data URLs",
            quoted(other)
        ))),
    }
}

/// The calls of tools in a message of the model, in the newer and the older
/// form.
fn read_calls(message: &mut Members<'_>) -> Result<Vec<RepeatedCall>, ApiError> {
    let mut calls = Vec::new();
    for value in message
        .read("tool_calls", |calls| calls.array())?
        .unwrap_or_default()
    {
        let mut call = value.object()?;
        let id = call.read("id", |id| id.string())?;
        // Another kind than a function has its input as a text.
        let function = match call.take("function") {
            Some(function) => Some(function),
            None => call.take("custom"),
        };
        if let Some(function) = function {
            calls.push(read_function(id, &function)?);
        }
    }
    if let Some(function) = message.take("function_call") {
        calls.push(read_function(None, &function)?);
    }
    Ok(calls)
}

fn read_function(id: Option<String>, function: &JsonValue<'_>) -> Result<RepeatedCall, ApiError> {
    let mut function = function.object()?;
    let arguments = match function.take("arguments") {
        Some(arguments) => Some(arguments),
        None => function.take("input"),
    };
    Ok(RepeatedCall {
        id,
        name: function.require("name")?.string()?,
        arguments: match arguments {
            Some(arguments) => arguments.string()?,
            None => String::new(),
        },
    })
}
