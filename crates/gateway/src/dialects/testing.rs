//! What the tests of the writers share.

use std::time::Duration;

use chatwire_core::{FinishReason, ToolCall, Usage};
use serde_json::{Value, json};

use crate::completion::{Completion, CompletionEnd, ReplyHead, Timing};

pub(crate) fn head() -> ReplyHead {
    ReplyHead {
        id: "id\"1".into(),
        created: 7,
        model: "home/m".into(),
        prompt_tokens: 9,
        has_tools: true,
    }
}

pub(crate) fn end(reason: FinishReason, usage: Option<Usage>) -> CompletionEnd {
    CompletionEnd {
        reason,
        stop_sequence: None,
        usage,
        is_estimated: false,
        text: None,
        doubt: None,
        emulation: None,
        timing: Timing {
            first_text: Duration::from_millis(500),
            total: Duration::from_millis(2500),
        },
    }
}

pub(crate) fn whole(text: &str, reason: FinishReason) -> Completion {
    Completion {
        text: text.into(),
        calls: Vec::new(),
        end: end(reason, None),
    }
}

/// A call with an id as the core makes them.
pub(crate) fn call(number: u32, name: &str, arguments: &str) -> ToolCall {
    ToolCall::new(format!("call_{number}"), name, arguments)
}

/// The data of server-sent events, comments left out. An event's name, if it
/// has one, must be its type.
pub(crate) fn sse(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.ends_with("\n\n"), "{text}");
    let mut events = Vec::new();
    for event in text.split_terminator("\n\n") {
        let (name, data) = match event.split_once('\n') {
            Some((name, data)) => (name.strip_prefix("event: "), data),
            None => (None, event),
        };
        let Some(data) = data.strip_prefix("data: ") else {
            assert!(event.starts_with(':'), "{event}");
            continue;
        };
        let data: Value = serde_json::from_str(data).unwrap_or_else(|_| json!(data));
        if let Some(name) = name {
            assert_eq!(data["type"], name);
        }
        events.push(data);
    }
    events
}
