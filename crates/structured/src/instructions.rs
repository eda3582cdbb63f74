//! Where the instructions stand in a conversation.

use chatwire_core::{ChatRequest, Message, Messages, Part, ProviderInfo, Role};

/// How much of an answer that is not valid is sent back, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Adds instructions to a conversation: as a system message where those reach the
/// model, otherwise below the newest question.
pub(crate) fn instruct(request: &mut ChatRequest, info: &ProviderInfo, instructions: &str) {
    let mut messages = std::mem::take(request.messages_mut()).into_vec();
    if info.capabilities.system {
        let first = messages.iter().position(|it| !it.role().is_system());
        let at = first.unwrap_or(messages.len());
        messages.insert(at, Message::system(instructions));
    } else {
        match messages.last_mut() {
            Some(last) if last.role() == &Role::User => {
                last.push(format!("\n\n{instructions}"));
            }
            _ => messages.push(Message::user(instructions)),
        }
    }
    *request.messages_mut() = Messages::from(messages);
}

/// Adds an answer that is not valid and what to do about it. `words` makes that of
/// the cases and the answer.
pub(crate) fn ask_again(
    request: &mut ChatRequest,
    info: &ProviderInfo,
    answer: &str,
    words: impl Fn(&[&str], &str) -> String,
) {
    let answer = beginning(answer.trim(), MAX_ANSWER);
    let messages = request.messages_mut();
    if info.capabilities.history {
        if !answer.is_empty() {
            messages.push(Message::assistant(answer));
        }
        messages.push(Message::user(words(&[], answer)));
        return;
    }
    let words = words(&["alone"], answer);
    match messages.last_mut() {
        Some(last) if last.role() == &Role::User => last.push(Part::Text(format!("\n\n{words}"))),
        _ => messages.push(Message::user(words)),
    }
}

/// Returns at most so many bytes from the start of a text.
fn beginning(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
