use chatwire_core::{Part, Role};

use super::items::{CALL_PREFIX, MESSAGE_PREFIX};
use crate::dialects::conversation::{Conversation, RepeatedCall};
use crate::dialects::image;
use crate::dialects::members::{JsonValue, Members};
use crate::dialects::recall::Recall;
use crate::error::{ApiError, quoted};

/// Reads the input of a request, a text or items, into a conversation. Returns
/// where the first image stands.
pub(super) fn read(
    input: &JsonValue<'_>,
    conversation: &mut Conversation,
    recall: &dyn Recall,
) -> Result<Option<String>, ApiError> {
    if input.is_string() {
        conversation.push(Role::User, vec![Part::Text(input.string()?)]);
        return Ok(None);
    }
    if input.kind() != "an array" {
        return Err(input.expected("a string or an array of items"));
    }
    let mut first_image = None;
    for value in input.array()? {
        let parts = read_item(&value, conversation, recall)?;
        if first_image.is_none() && parts.has_image {
            first_image = Some(format!("{}.content", value.path()));
        }
    }
    Ok(first_image)
}

/// What was read of an item.
#[derive(Default)]
struct ItemParts {
    has_image: bool,
}

fn read_item(
    value: &JsonValue<'_>,
    conversation: &mut Conversation,
    recall: &dyn Recall,
) -> Result<ItemParts, ApiError> {
    let mut item = value.object()?;
    let kind = item.take("type");
    let name = match &kind {
        Some(kind) => kind.string()?,
        None => "message".to_owned(),
    };
    match name.as_str() {
        "message" => return read_message(&mut item, conversation),
        "function_call" | "custom_tool_call" | "local_shell_call" => {
            let call = read_call(&mut item, &name)?;
            conversation.push_assistant(Vec::new(), vec![call]);
        }
        "function_call_output" | "custom_tool_call_output" | "local_shell_call_output" => {
            let id = match item.take("call_id") {
                Some(id) => Some(id),
                None => item.take("id"),
            };
            let id = id.map(|id| id.string()).transpose()?;
            let parts = read_parts(&item.require("output")?)?;
            let has_image = has_image(&parts);
            conversation.push_tool_result(id.as_deref(), parts, false);
            return Ok(ItemParts { has_image });
        }
        "item_reference" => {
            let id = item.require("id")?;
            let (parts, calls) = referred(&id, recall)?;
            conversation.push_assistant(parts, calls);
        }
        // What a model thought is for that model alone.
        "reasoning" => {}
        other => {
            let kind = kind.as_ref().unwrap_or(value);
            return Err(kind.invalid(&format!(
                "is {}, an item that no provider here can be sent",
                quoted(other)
            )));
        }
    }
    Ok(ItemParts::default())
}

fn read_message(
    item: &mut Members<'_>,
    conversation: &mut Conversation,
) -> Result<ItemParts, ApiError> {
    let role = item.require("role")?;
    let parts = item.read("content", |content| read_parts(&content))?;
    let parts = parts.unwrap_or_default();
    let has_image = has_image(&parts);
    match role.string()?.as_str() {
        name @ ("system" | "developer" | "user") => conversation.push(Role::from(name), parts),
        "assistant" => conversation.push_assistant(parts, Vec::new()),
        other => {
            return Err(role.invalid(&format!(
                "is {}, where user, assistant, system or developer is expected",
                quoted(other)
            )));
        }
    }
    Ok(ItemParts { has_image })
}

fn has_image(parts: &[Part]) -> bool {
    parts.iter().any(|part| matches!(part, Part::Image(_)))
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
    let kind = part.require("type")?;
    match kind.string()?.as_str() {
        "input_text" | "output_text" | "text" => Ok(Part::Text(part.require("text")?.string()?)),
        "refusal" => Ok(Part::Text(part.require("refusal")?.string()?)),
        "input_image" => match part.take("image_url") {
            Some(url) => image::from_url(&url),
            None => Err(value.invalid("has no image_url: send the image as a data URL")),
        },
        other => Err(kind.invalid(&format!(
            "is {}, which no provider here takes: send input_text, or input_image with a data URL",
            quoted(other)
        ))),
    }
}

/// Reads a call of a tool. Its kinds differ in what they call the arguments.
fn read_call(item: &mut Members<'_>, kind: &str) -> Result<RepeatedCall, ApiError> {
    let id = match item.take("call_id") {
        Some(id) => Some(id),
        None => item.take("id"),
    };
    let (name, arguments) = match kind {
        "function_call" => (item.require("name")?.string()?, item.take("arguments")),
        "custom_tool_call" => (item.require("name")?.string()?, item.take("input")),
        _ => ("shell".to_owned(), item.take("action")),
    };
    Ok(RepeatedCall {
        id: id.map(|id| id.string()).transpose()?,
        name,
        arguments: match arguments {
            Some(arguments) if arguments.is_string() => arguments.string()?,
            Some(arguments) => arguments.json().to_owned(),
            None => String::new(),
        },
    })
}

/// What the model said or called in an earlier response that an item refers to.
fn referred(
    id: &JsonValue<'_>,
    recall: &dyn Recall,
) -> Result<(Vec<Part>, Vec<RepeatedCall>), ApiError> {
    let name = id.string()?;
    if let Some(id) = name.strip_prefix(MESSAGE_PREFIX) {
        // Messages after a call have a number; the text is kept in one.
        let id = id.split_once('_').map_or(id, |(id, _)| id);
        if let Some(reply) = recall.recall(id) {
            return Ok((vec![Part::Text(reply.text.clone())], Vec::new()));
        }
    } else if let Some((id, number)) = name
        .strip_prefix(CALL_PREFIX)
        .and_then(|id| id.split_once('_'))
        && let Some(reply) = recall.recall(id)
        && let Some(call) = number
            .parse()
            .ok()
            .and_then(|at: usize| reply.calls.get(at))
    {
        return Ok((Vec::new(), vec![RepeatedCall::from(call)]));
    }
    Err(ApiError::not_kept(
        id.path().to_owned(),
        format!("{} is {}, which is not kept here", id.path(), quoted(&name)),
    ))
}
