use std::time::SystemTime;

use chatwire_core::{ChatRequest, Error, ErrorKind, Image, Message, Role};
use humantime::format_rfc3339_millis;
use serde_json::{Map, Value, json};

use crate::config::{BodyShape, Members, SystemPrompt};

/// What a body is made of besides the request.
pub(crate) struct BodyParts<'a> {
    pub(crate) shape: BodyShape,
    pub(crate) system_prompt: &'a SystemPrompt,
    /// Members of the app's own, which take the place of others of their name.
    pub(crate) extra: &'a Map<String, Value>,
    pub(crate) model: Option<&'a str>,
    /// The id of the conversation, if there is one already.
    pub(crate) chat_id: Option<&'a str>,
    pub(crate) now: SystemTime,
}

/// The longest text part that the ai-chatbot template takes, in UTF-16 units.
const TEMPLATE_TEXT: usize = 2000;

/// The body of a request, with ids from `new_id`.
pub(crate) fn body(
    request: &ChatRequest,
    parts: &BodyParts<'_>,
    mut new_id: impl FnMut() -> String,
) -> Result<Value, Error> {
    let system = request.messages().system_prompt();
    let mut turns = turns(request, parts, &system)?;
    let mut body = Map::new();
    if !matches!(parts.shape, BodyShape::V3) {
        let id = parts.chat_id.map_or_else(&mut new_id, str::to_owned);
        body.insert("id".to_owned(), json!(id));
    }
    if parts.shape == BodyShape::Template {
        let message = turns
            .pop()
            .map(|turn| template_message(&turn, new_id(), parts.now));
        body.insert("message".to_owned(), json!(message));
        let model = parts.model.unwrap_or("chat-model");
        body.insert("selectedChatModel".to_owned(), json!(model));
        body.insert("selectedVisibilityType".to_owned(), json!("private"));
    } else {
        let messages = turns
            .iter()
            .map(|turn| message(turn, parts.shape, &mut new_id));
        body.insert("messages".to_owned(), messages.collect());
        if matches!(parts.shape, BodyShape::Hybrid | BodyShape::V5) {
            body.insert("trigger".to_owned(), json!("submit-message"));
        }
        if let Some(model) = parts.model {
            body.insert("model".to_owned(), json!(model));
        }
    }
    if let (SystemPrompt::Member(name), false) = (parts.system_prompt, system.is_empty()) {
        body.insert(name.clone(), json!(system));
    }
    let asked: Members = match request.option("extra") {
        Some(json) => json.parse().map_err(|why| {
            Error::new(ErrorKind::InvalidRequest, format!("the option extra {why}"))
        })?,
        None => Members::default(),
    };
    for (name, value) in parts.extra.iter().chain(&asked.0) {
        body.insert(name.clone(), value.clone());
    }
    Ok(Value::Object(body))
}

/// One message as it is sent.
struct Turn<'a> {
    role: Role,
    text: String,
    images: Vec<&'a Image>,
}

/// The conversation as it is sent, with the system prompt where it belongs.
fn turns<'a>(
    request: &'a ChatRequest,
    parts: &BodyParts<'_>,
    system: &str,
) -> Result<Vec<Turn<'a>>, Error> {
    let invalid = |why: &str| Err(Error::new(ErrorKind::InvalidRequest, why));
    let said = request.turns()?;
    let is_template = parts.shape == BodyShape::Template;
    if is_template && said.len() > 1 && parts.chat_id.is_none() {
        return invalid(
            "the ai-chatbot template keeps the conversation on its server, under the id of the \
             chat: send one message, or set the conversation's id",
        );
    }
    let is_first = said
        .iter()
        .filter(|turn| turn.role() == &Role::User)
        .count()
        == 1;
    // An assistant message without text, which some models refuse, says nothing.
    let mut turns: Vec<Turn<'_>> = said
        .into_iter()
        .filter(|turn| turn.role() == &Role::User || !turn.is_blank())
        .map(turn_of)
        .collect();
    if is_template {
        let last = turns.pop();
        turns = last.into_iter().collect();
    }
    if system.is_empty() {
        return Ok(turns);
    }
    match parts.system_prompt {
        SystemPrompt::Member(_) => {}
        SystemPrompt::Refuse => {
            return invalid("system messages are refused by this endpoint's settings");
        }
        SystemPrompt::Message if is_template => {
            return invalid("the ai-chatbot template takes no system message");
        }
        SystemPrompt::Message => turns.insert(
            0,
            Turn {
                role: Role::System,
                text: system.to_owned(),
                images: Vec::new(),
            },
        ),
        // The template's server has it since the first message.
        SystemPrompt::FirstUser if is_template && !is_first => {}
        SystemPrompt::FirstUser => {
            if let Some(first) = turns.iter_mut().find(|turn| turn.role == Role::User) {
                first.text = format!("{system}\n\n{}", first.text);
            }
        }
    }
    Ok(turns)
}

fn turn_of(message: &Message) -> Turn<'_> {
    Turn {
        role: message.role().clone(),
        text: message.text().into_owned(),
        images: message.images().collect(),
    }
}

fn message(turn: &Turn<'_>, shape: BodyShape, new_id: &mut impl FnMut() -> String) -> Value {
    let mut message = Map::new();
    message.insert("role".to_owned(), json!(turn.role));
    if matches!(shape, BodyShape::Hybrid | BodyShape::V5) {
        message.insert("id".to_owned(), json!(new_id()));
    }
    if shape != BodyShape::V5 {
        message.insert("content".to_owned(), json!(turn.text));
    }
    if shape != BodyShape::V3 {
        message.insert("parts".to_owned(), json!(parts_of(turn, shape)));
    }
    // Versions 3 and 4 take images here, the later ones in the parts.
    if !turn.images.is_empty() && shape != BodyShape::V5 {
        let attachments = turn.images.iter().map(|image| {
            json!({
                "name": name_of(image),
                "contentType": image.media_type(),
                "url": image.to_data_url(),
            })
        });
        message.insert("experimental_attachments".to_owned(), attachments.collect());
    }
    Value::Object(message)
}

/// The parts of a message as the clients of that version send them.
fn parts_of(turn: &Turn<'_>, shape: BodyShape) -> Vec<Value> {
    let is_assistant = turn.role == Role::Assistant;
    let mut parts = match shape {
        BodyShape::V4 => Vec::new(),
        _ => files_of(turn),
    };
    if is_assistant && matches!(shape, BodyShape::V4 | BodyShape::V5) {
        parts.push(json!({ "type": "step-start" }));
    }
    parts.push(match shape {
        BodyShape::V5 if is_assistant => {
            json!({ "type": "text", "text": turn.text, "state": "done" })
        }
        _ => json!({ "type": "text", "text": turn.text }),
    });
    parts
}

/// The images of a message as parts, which stand before its text.
fn files_of(turn: &Turn<'_>) -> Vec<Value> {
    let files = turn.images.iter().map(|image| {
        let name = name_of(image);
        json!({
            "type": "file",
            "mediaType": image.media_type(),
            // The SDK's own client says filename, the template wants name.
            "filename": name,
            "name": name,
            "url": image.to_data_url(),
        })
    });
    files.collect()
}

fn name_of(image: &Image) -> &str {
    image.file_name().unwrap_or("image")
}

/// A message that the template takes, whichever of its versions it is. A long
/// text goes in several parts, which the older versions refuse.
fn template_message(turn: &Turn<'_>, id: String, now: SystemTime) -> Value {
    let texts = split(&turn.text, TEMPLATE_TEXT);
    let mut parts = files_of(turn);
    parts.extend(
        texts
            .iter()
            .map(|text| json!({ "type": "text", "text": text })),
    );
    match texts.as_slice() {
        [text] => json!({
            "id": id,
            "role": turn.role,
            "content": text,
            "createdAt": format_rfc3339_millis(now).to_string(),
            "parts": parts,
        }),
        _ => json!({ "id": id, "role": turn.role, "parts": parts }),
    }
}

/// Cuts a text into pieces of at most `limit` UTF-16 units.
fn split(text: &str, limit: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut units) = (0, 0);
    for (at, character) in text.char_indices() {
        if units + character.len_utf16() > limit {
            pieces.extend(text.get(start..at));
            (start, units) = (at, 0);
        }
        units += character.len_utf16();
    }
    pieces.extend(text.get(start..));
    pieces
}
