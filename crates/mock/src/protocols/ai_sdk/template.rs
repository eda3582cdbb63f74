//! What the ai-chatbot template takes: its schemas by time.

use serde_json::Value;

use super::bodies::Verdict;
use crate::received_message::ReceivedMessage;

/// What the template of that time makes of a body; `None` where it refuses it.
pub(super) fn judge(schema: u8, body: &Value) -> Option<Verdict> {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    is_uuid(text("id")?).then_some(())?;
    let model = text("selectedChatModel")?;
    let is_known = matches!(model, "chat-model" | "chat-model-reasoning");
    (schema >= 3 || is_known).then_some(())?;
    let visibility = text("selectedVisibilityType");
    (schema == 0 || matches!(visibility, Some("public" | "private"))).then_some(())?;
    let messages = match (body.get("messages"), body.get("message")) {
        (Some(messages), _) if schema >= 4 => messages
            .as_array()?
            .iter()
            .map(|message| {
                message.get("id")?.as_str()?;
                received(message)
            })
            .collect::<Option<_>>()?,
        (_, Some(message)) => vec![the_message(schema, message)?],
        (_, None) if schema >= 4 => Vec::new(),
        (_, None) => return None,
    };
    Some(Verdict::Takes(messages))
}

fn the_message(schema: u8, message: &Value) -> Option<ReceivedMessage> {
    is_uuid(message.get("id")?.as_str()?).then_some(())?;
    (message.get("role")? == "user").then_some(())?;
    if schema < 2 {
        let date = message.get("createdAt")?.as_str()?;
        // What JavaScript reads as a date: as JSON has it, or as HTTP.
        let mut begin = date.get(..10)?.bytes();
        let is_json = begin.all(|byte| byte.is_ascii_digit() || byte == b'-');
        (is_json || date.ends_with(" GMT")).then_some(())?;
        is_short(message.get("content")?.as_str()?).then_some(())?;
    }
    let parts = message.get("parts")?.as_array()?;
    let all_short = parts.iter().all(|part| {
        let text = part.get("text").and_then(Value::as_str);
        part.get("type").is_some_and(|kind| kind == "file") || text.is_some_and(is_short)
    });
    all_short.then_some(())?;
    received(message)
}

fn received(message: &Value) -> Option<ReceivedMessage> {
    let parts = message.get("parts")?.as_array()?;
    let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
    Some(ReceivedMessage {
        role: message.get("role")?.as_str()?.to_owned(),
        content: texts.collect(),
    })
}

/// 1 to 2,000 UTF-16 units.
fn is_short(text: &str) -> bool {
    (1..=2000).contains(&text.encode_utf16().count())
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}
