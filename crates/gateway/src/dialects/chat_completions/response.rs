use chatwire_core::FinishReason;
use serde::Serialize;

use crate::completion::{Completion, ReplyHead};
use crate::dialects::completion_usage::CompletionUsage;

/// What ids of this dialect begin with.
pub(super) const ID_PREFIX: &str = "chatcmpl-";

/// The body of a reply that is not streamed.
#[derive(Serialize)]
struct ChatCompletion<'a> {
    id: String,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<CompletionUsage>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    message: Message<'a>,
    logprobs: Option<()>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
    refusal: Option<()>,
}

pub(super) fn whole(head: &ReplyHead, completion: &Completion) -> Vec<u8> {
    let body = ChatCompletion {
        id: format!("{ID_PREFIX}{}", head.id),
        object: "chat.completion",
        created: head.created,
        model: &head.model,
        choices: [Choice {
            index: 0,
            message: Message {
                role: "assistant",
                content: &completion.text,
                refusal: None,
            },
            logprobs: None,
            finish_reason: finish_reason(&completion.end.reason),
        }],
        usage: CompletionUsage::complete(completion.end.usage),
    };
    // Serializing texts and numbers cannot fail.
    serde_json::to_vec(&body).unwrap_or_default()
}

/// The API knows few reasons; strict clients refuse others.
pub(super) fn finish_reason(reason: &FinishReason) -> &'static str {
    match reason {
        FinishReason::Length => "length",
        FinishReason::ContentFilter => "content_filter",
        // Tools are not passed on, so that no client could answer a call.
        _ => "stop",
    }
}
