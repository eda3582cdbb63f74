use serde::Serialize;

use crate::chunks::WholeUsage;

/// An answer in one piece.
#[derive(Serialize)]
pub(crate) struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<WholeUsage>,
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

impl<'a> Completion<'a> {
    pub(crate) fn new(
        id: &'a str,
        created: u64,
        model: &'a str,
        content: &'a str,
        usage: Option<WholeUsage>,
    ) -> Completion<'a> {
        Completion {
            id,
            object: "chat.completion",
            created,
            model,
            choices: [Choice {
                index: 0,
                message: Message {
                    role: "assistant",
                    content,
                    refusal: None,
                },
                logprobs: None,
                finish_reason: "stop",
            }],
            usage,
        }
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        // Texts and numbers cannot fail to be written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
