use std::time::SystemTime;

use chatwire_core::{ChatRequest, Error, ErrorKind, Image, Message, Part, Role};
use httpdate::fmt_http_date;
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
    new_id: impl Fn() -> String,
) -> Result<Value, Error> {
    let system = request.messages().system_prompt();
    let turns = turns(request, parts, &system)?;
    let id = parts.chat_id.map_or_else(&new_id, str::to_owned);
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    if parts.shape != BodyShape::V3 {
        set("id", json!(id));
    }
    if parts.shape == BodyShape::Template {
        let message = turns.last();
        let message = message.map(|turn| template_message(turn, new_id(), parts.now));
        set("message", json!(message));
        set(
            "selectedChatModel",
            json!(parts.model.unwrap_or("chat-model")),
        );
        set("selectedVisibilityType", json!("private"));
    } else {
        let messages = turns.iter().map(|turn| message(turn, parts.shape, &new_id));
        set("messages", messages.collect());
        if let Some(model) = parts.model {
            set("model", json!(model));
        }
    }
    if has_message_ids(parts.shape) {
        set("trigger", json!("submit-message"));
    }
    if let (SystemPrompt::Member(name), false) = (parts.system_prompt, system.is_empty()) {
        set(name, json!(system));
    }
    let asked = request
        .option("extra")
        .map_or(Ok(Members::default()), str::parse);
    let asked = asked.map_err(|why| invalid(format!("the option extra {why}")))?;
    for (name, value) in parts.extra.iter().chain(&asked.0) {
        set(name, value.clone());
    }
    Ok(Value::Object(body))
}

fn invalid(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidRequest, why)
}

/// The conversation as it is sent, with the system prompt where it belongs.
fn turns(
    request: &ChatRequest,
    parts: &BodyParts<'_>,
    system: &str,
) -> Result<Vec<Message>, Error> {
    let said = request.turns()?;
    let is_template = parts.shape == BodyShape::Template;
    if is_template && said.len() > 1 && parts.chat_id.is_none() {
        return Err(invalid(
            "the ai-chatbot template keeps the conversation on its server, under the id of the \
             chat: send one message, or set the conversation's id",
        ));
    }
    let is_user = |turn: &Message| turn.role() == &Role::User;
    let is_first = said.iter().filter(|turn| is_user(turn)).count() == 1;
    // An assistant message without text, which some models refuse, says nothing.
    let said = said
        .into_iter()
        .filter(|turn| is_user(turn) || !turn.is_blank());
    let mut turns: Vec<Message> = said.cloned().collect();
    match parts.system_prompt {
        _ if system.is_empty() => {}
        SystemPrompt::Member(_) => {}
        SystemPrompt::Refuse => return Err(invalid("system messages are refused by the settings")),
        SystemPrompt::Message if is_template => {
            return Err(invalid("the ai-chatbot template takes no system message"));
        }
        SystemPrompt::Message => turns.insert(0, Message::system(system)),
        // The template's server has it since the first message.
        SystemPrompt::FirstUser if is_template && !is_first => {}
        SystemPrompt::FirstUser => {
            if let Some(first) = turns.iter_mut().find(|turn| is_user(turn)) {
                let prompt = Part::Text(format!("{system}\n\n"));
                let parts = [prompt].into_iter().chain(first.parts().iter().cloned());
                *first = Message::from_parts(Role::User, parts);
            }
        }
    }
    Ok(turns)
}

fn has_message_ids(shape: BodyShape) -> bool {
    matches!(shape, BodyShape::Hybrid | BodyShape::V5)
}

fn message(turn: &Message, shape: BodyShape, new_id: impl Fn() -> String) -> Value {
    let mut message = Map::new();
    let mut set = |name: &str, value: Value| message.insert(name.to_owned(), value);
    set("role", json!(turn.role()));
    if has_message_ids(shape) {
        set("id", json!(new_id()));
    }
    if shape != BodyShape::V5 {
        set("content", json!(turn.text()));
    }
    if shape != BodyShape::V3 {
        set("parts", json!(parts_of(turn, shape)));
    }
    // Versions 3 and 4 take images here, the later ones in the parts.
    if turn.images().next().is_some() && shape != BodyShape::V5 {
        let attachments = turn.images().map(|image| {
            let (name, kind) = (name_of(image), image.media_type());
            json!({ "name": name, "contentType": kind, "url": image.to_data_url() })
        });
        set("experimental_attachments", attachments.collect());
    }
    Value::Object(message)
}

/// The parts of a message as the clients of that version send them.
fn parts_of(turn: &Message, shape: BodyShape) -> Vec<Value> {
    let is_assistant = turn.role() == &Role::Assistant;
    let mut parts = match shape {
        BodyShape::V4 => Vec::new(),
        _ => files_of(turn),
    };
    if is_assistant && matches!(shape, BodyShape::V4 | BodyShape::V5) {
        parts.push(json!({ "type": "step-start" }));
    }
    parts.push(match shape {
        BodyShape::V5 if is_assistant => {
            json!({ "type": "text", "text": turn.text(), "state": "done" })
        }
        _ => json!({ "type": "text", "text": turn.text() }),
    });
    parts
}

/// The images of a message as parts, which stand before its text.
fn files_of(turn: &Message) -> Vec<Value> {
    let file = |image: &Image| {
        let (name, kind, url) = (name_of(image), image.media_type(), image.to_data_url());
        // The SDK's own client says filename, the template wants name.
        json!({ "type": "file", "mediaType": kind, "filename": name, "name": name, "url": url })
    };
    turn.images().map(file).collect()
}

fn name_of(image: &Image) -> &str {
    image.file_name().unwrap_or("image")
}

/// A message that the template takes, whichever of its versions it is. A long
/// text goes in several parts, which the older versions refuse.
fn template_message(turn: &Message, id: String, now: SystemTime) -> Value {
    let text = turn.text();
    let texts = split(&text, TEMPLATE_TEXT);
    let mut parts = files_of(turn);
    parts.extend(
        texts
            .iter()
            .map(|text| json!({ "type": "text", "text": text })),
    );
    match texts.as_slice() {
        [text] => json!({
            "id": id,
            "role": turn.role(),
            "content": text,
            "createdAt": fmt_http_date(now),
            "parts": parts,
        }),
        _ => json!({ "id": id, "role": turn.role(), "parts": parts }),
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
