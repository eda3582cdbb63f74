use chatwire_core::{Part, Role};

use crate::dialects::conversation::{Conversation, RepeatedCall};
use crate::dialects::image;
use crate::dialects::members::{JsonValue, Members};
use crate::error::{ApiError, quoted};

/// Reads the system prompt: a string, or an array of texts.
pub(super) fn read_system(system: &JsonValue<'_>) -> Result<String, ApiError> {
    if system.is_string() {
        return system.string();
    }
    if system.kind() != "an array" {
        return Err(system.expected("a string or an array of blocks"));
    }
    let mut texts = Vec::new();
    for value in system.array()? {
        let mut block = value.object()?;
        let kind = block.require("type")?;
        if kind.string()? != "text" {
            return Err(kind.invalid("must be text in a system prompt"));
        }
        texts.push(block.require("text")?.string()?);
    }
    Ok(texts.join("\n\n"))
}

/// Reads the messages into a conversation, and returns where the first image
/// stands.
pub(super) fn read(
    messages: &JsonValue<'_>,
    conversation: &mut Conversation,
) -> Result<Option<String>, ApiError> {
    let mut first_image = None;
    for value in messages.array()? {
        let mut message = value.object()?;
        let role = message.require("role")?;
        let content = message.require("content")?;
        let turn = read_turn(&content)?;
        if first_image.is_none() && turn.has_image {
            first_image = Some(content.path().to_owned());
        }
        match role.string()?.as_str() {
            name @ ("user" | "system") => turn.add_to(Role::from(name), conversation),
            "assistant" => turn.add_to(Role::Assistant, conversation),
            other => {
                return Err(role.invalid(&format!(
                    "is {}, where user or assistant is expected",
                    quoted(other)
                )));
            }
        }
    }
    Ok(first_image)
}

/// The content of a message. Several results of tools may stand in one.
#[derive(Default)]
struct Turn {
    parts: Vec<Part>,
    calls: Vec<RepeatedCall>,
    results: Vec<TurnResult>,
    has_image: bool,
}

/// The result of a tool.
struct TurnResult {
    /// The id of the call.
    id: String,
    parts: Vec<Part>,
    is_error: bool,
}

impl Turn {
    /// The results stand before the rest, as the API wants them.
    fn add_to(self, role: Role, conversation: &mut Conversation) {
        let has_results = !self.results.is_empty();
        for result in self.results {
            conversation.push_tool_result(Some(&result.id), result.parts, result.is_error);
        }
        if role == Role::Assistant {
            conversation.push_assistant(self.parts, self.calls);
        } else if !(has_results && self.parts.is_empty()) {
            conversation.push(role, self.parts);
        }
    }

    fn push(&mut self, part: Part) {
        self.has_image |= matches!(part, Part::Image(_));
        self.parts.push(part);
    }
}

fn read_turn(content: &JsonValue<'_>) -> Result<Turn, ApiError> {
    let mut turn = Turn::default();
    match content.kind() {
        "a string" => turn.push(Part::Text(content.string()?)),
        "an array" => {
            for value in content.array()? {
                read_block(&value, &mut turn)?;
            }
        }
        _ => return Err(content.expected("a string or an array of blocks")),
    }
    Ok(turn)
}

fn read_block(value: &JsonValue<'_>, turn: &mut Turn) -> Result<(), ApiError> {
    if value.is_string() {
        turn.push(Part::Text(value.string()?));
        return Ok(());
    }
    let mut block = value.object()?;
    let kind = block.require("type")?;
    match kind.string()?.as_str() {
        "text" => turn.push(Part::Text(block.require("text")?.string()?)),
        "image" => turn.push(read_source(&block.require("source")?)?),
        "document" => turn.push(read_document(&block.require("source")?)?),
        "tool_use" => turn.calls.push(RepeatedCall {
            id: block.read("id", |id| id.string())?,
            name: block.require("name")?.string()?,
            arguments: block
                .take("input")
                .map(|input| input.json().to_owned())
                .unwrap_or_default(),
        }),
        "tool_result" => {
            let id = block.require("tool_use_id")?.string()?;
            let is_error = block.read("is_error", |is_error| is_error.boolean())?;
            let result = read_result(&mut block)?;
            turn.has_image |= result.has_image;
            turn.results.push(TurnResult {
                id,
                parts: result.parts,
                is_error: is_error.unwrap_or(false),
            });
        }
        // What a model thought is for that model alone.
        "thinking" | "redacted_thinking" => {}
        other => return Err(not_taken(&kind, other)),
    }
    Ok(())
}

/// Reads the content of a tool's result, which may be absent.
fn read_result(block: &mut Members<'_>) -> Result<Turn, ApiError> {
    let mut result = Turn::default();
    let Some(content) = block.take("content") else {
        return Ok(result);
    };
    if content.is_string() {
        result.push(Part::Text(content.string()?));
        return Ok(result);
    }
    for (index, value) in content.array()?.iter().enumerate() {
        let mut block = value.object()?;
        let kind = block.require("type")?;
        let part = match kind.string()?.as_str() {
            "text" => Part::Text(block.require("text")?.string()?),
            "image" => read_source(&block.require("source")?)?,
            "document" => read_document(&block.require("source")?)?,
            // Names a tool, and says nothing of its own.
            "tool_reference" => continue,
            other => return Err(not_taken(&kind, other)),
        };
        if index > 0 {
            result.push(Part::Text("\n".into()));
        }
        result.push(part);
    }
    Ok(result)
}

/// Reads an image from base64, or from a data URL.
fn read_source(source: &JsonValue<'_>) -> Result<Part, ApiError> {
    let mut members = source.object()?;
    let kind = members.require("type")?;
    match kind.string()?.as_str() {
        "base64" => {
            let media_type = members.require("media_type")?.string()?;
            let data = members.require("data")?;
            let url = format!("data:{media_type};base64,{}", data.string()?);
            let image = chatwire_core::Image::from_data_url(&url);
            let refused = |error: chatwire_core::Error| {
                source.invalid(&format!("is not taken: {}", error.message()))
            };
            image.map(Part::Image).map_err(refused)
        }
        "url" => image::from_url(&members.require("url")?),
        other => Err(kind.invalid(&format!("is {}, where base64 is expected", quoted(other)))),
    }
}

/// Reads a document that is plain text.
fn read_document(source: &JsonValue<'_>) -> Result<Part, ApiError> {
    let mut members = source.object()?;
    let kind = members.require("type")?;
    match kind.string()?.as_str() {
        "text" => Ok(Part::Text(members.require("data")?.string()?)),
        other => Err(kind.invalid(&format!(
            "is {}, which no provider here takes: send documents as text",
            quoted(other)
        ))),
    }
}

fn not_taken(kind: &JsonValue<'_>, name: &str) -> ApiError {
    kind.invalid(&format!(
        "is {}, which no provider here takes: send text, or images as base64",
        quoted(name)
    ))
}
