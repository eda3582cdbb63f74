use chatwire_core::{Message, Messages, Part, Role};

use super::marker::Marker;

/// Writes the calls and results of a conversation as text. Results that follow one
/// another become one message of the user.
pub(crate) fn written(messages: Messages, marker: &Marker) -> Messages {
    let mut written: Vec<Message> = Vec::new();
    // The ids and names of the newest calls.
    let mut calls: Vec<(String, String)> = Vec::new();
    let mut last_has_results = false;
    for message in messages {
        let has_results = message.tool_results().next().is_some();
        if message.tool_calls().next().is_some() {
            let newest = message.tool_calls();
            calls = newest
                .map(|call| (call.id().to_owned(), call.name().to_owned()))
                .collect();
        }
        let text = as_text(message, marker, &calls);
        match written.last_mut() {
            Some(last) if has_results && last_has_results => {
                last.push("\n");
                last.extend(text.parts().iter().cloned());
            }
            _ => written.push(text),
        }
        last_has_results = has_results;
    }
    Messages::from(written)
}

fn as_text(message: Message, marker: &Marker, calls: &[(String, String)]) -> Message {
    if !message.has_tool_parts() {
        return message;
    }
    let role = match message.role() {
        Role::Tool => Role::User,
        role => role.clone(),
    };
    let mut text = Message::from_parts(role, []);
    for part in message.parts() {
        let block = match part {
            Part::ToolCall(call) => marker.call(call.name(), call.arguments()),
            Part::ToolResult(result) => {
                let number = calls.iter().position(|(id, _)| id == result.call_id());
                let known = number.and_then(|number| calls.get(number));
                let name = result.name().or(known.map(|(_, name)| name.as_str()));
                let number = number.map(|number| number + 1);
                marker.result(number, name, result.content(), result.is_error())
            }
            other => {
                text.push(other.clone());
                continue;
            }
        };
        if !text.is_blank() {
            text.push("\n");
        }
        text.push(block);
    }
    text
}
