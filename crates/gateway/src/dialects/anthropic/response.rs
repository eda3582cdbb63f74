use chatwire_core::{FinishReason, Usage};
use serde::Serialize;

use crate::completion::{CompletionEnd, ReplyHead};

/// What ids of this dialect begin with.
const ID_PREFIX: &str = "msg_";

/// A message of the model, whole or as it begins.
#[derive(Serialize)]
pub(super) struct MessageObject<'a> {
    id: String,
    r#type: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<TextBlock<'a>>,
    stop_reason: Option<&'static str>,
    stop_sequence: Option<&'a str>,
    usage: MessageUsage,
}

/// The only kind of content that an answer here has.
#[derive(Serialize)]
pub(super) struct TextBlock<'a> {
    r#type: &'static str,
    pub(super) text: &'a str,
}

/// The tokens of a message. The API knows none that are not counted.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct MessageUsage {
    pub(super) input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
}

impl<'a> TextBlock<'a> {
    pub(super) fn new(text: &'a str) -> TextBlock<'a> {
        TextBlock {
            r#type: "text",
            text,
        }
    }
}

impl MessageUsage {
    fn new(input_tokens: u64, output_tokens: u64) -> MessageUsage {
        MessageUsage {
            input_tokens,
            cache_creation_input_tokens: 0,
            cache_read_input_tokens: 0,
            output_tokens,
        }
    }

    /// The tokens at the end; 0 for a count that nobody knows.
    pub(super) fn at_end(usage: Option<Usage>) -> MessageUsage {
        let usage = usage.unwrap_or_default();
        MessageUsage::new(
            usage.prompt_tokens.unwrap_or_default(),
            usage.completion_tokens.unwrap_or_default(),
        )
    }
}

impl<'a> MessageObject<'a> {
    /// A message without content. What the backend counts is not known yet.
    pub(super) fn begun(head: &'a ReplyHead) -> MessageObject<'a> {
        MessageObject {
            id: format!("{ID_PREFIX}{}", head.id),
            r#type: "message",
            role: "assistant",
            model: &head.model,
            content: Vec::new(),
            stop_reason: None,
            stop_sequence: None,
            usage: MessageUsage::new(head.prompt_tokens, 0),
        }
    }

    pub(super) fn ended(
        head: &'a ReplyHead,
        text: &'a str,
        end: &'a CompletionEnd,
    ) -> MessageObject<'a> {
        MessageObject {
            content: vec![TextBlock::new(text)],
            stop_reason: Some(stop_reason(end)),
            stop_sequence: end.stop_sequence.as_deref(),
            usage: MessageUsage::at_end(end.usage),
            ..MessageObject::begun(head)
        }
    }
}

/// The API knows few reasons; strict clients refuse others.
pub(super) fn stop_reason(end: &CompletionEnd) -> &'static str {
    match end.reason {
        _ if end.stop_sequence.is_some() => "stop_sequence",
        FinishReason::Length => "max_tokens",
        FinishReason::ContentFilter => "refusal",
        _ => "end_turn",
    }
}
