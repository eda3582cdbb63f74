use chatwire_core::{FinishReason, ToolCall, Usage};
use serde::Serialize;

use crate::completion::{Completion, CompletionEnd, ReplyHead};
use crate::dialects::tools::{CallInput, prefixed};

/// What ids of this dialect begin with.
const ID_PREFIX: &str = "msg_";
const CALL_PREFIX: &str = "toolu_";

/// A message of the model, whole or as it begins.
#[derive(Serialize)]
pub(super) struct MessageObject<'a> {
    id: String,
    r#type: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<Block<'a>>,
    stop_reason: Option<&'static str>,
    stop_sequence: Option<&'a str>,
    usage: MessageUsage,
}

/// A block of the content of an answer.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        text: &'a str,
    },
    ToolUse {
        id: String,
        name: &'a str,
        input: CallInput<'a>,
    },
}

/// The tokens of a message. The API knows none that are not counted.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct MessageUsage {
    pub(super) input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
}

impl<'a> Block<'a> {
    pub(super) fn call(call: &'a ToolCall) -> Block<'a> {
        Block::ToolUse {
            id: prefixed(CALL_PREFIX, call.id()),
            name: call.name(),
            input: CallInput::of(call),
        }
    }

    /// A call as it begins: the input follows.
    pub(super) fn begun_call(call: &'a ToolCall) -> Block<'a> {
        Block::ToolUse {
            id: prefixed(CALL_PREFIX, call.id()),
            name: call.name(),
            input: CallInput::Nothing {},
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

    pub(super) fn ended(head: &'a ReplyHead, completion: &'a Completion) -> MessageObject<'a> {
        let (text, end) = (completion.text.as_str(), &completion.end);
        let has_calls = !completion.calls.is_empty();
        let text = (!text.is_empty() || !has_calls).then_some(Block::Text { text });
        let calls = completion.calls.iter().map(Block::call);
        MessageObject {
            content: text.into_iter().chain(calls).collect(),
            stop_reason: Some(stop_reason(end, has_calls)),
            stop_sequence: end.stop_sequence.as_deref(),
            usage: MessageUsage::at_end(end.usage),
            ..MessageObject::begun(head)
        }
    }
}

/// The API knows few reasons; strict clients refuse others.
pub(super) fn stop_reason(end: &CompletionEnd, has_calls: bool) -> &'static str {
    match end.reason {
        _ if has_calls => "tool_use",
        _ if end.stop_sequence.is_some() => "stop_sequence",
        FinishReason::Length => "max_tokens",
        FinishReason::ContentFilter => "refusal",
        _ => "end_turn",
    }
}
