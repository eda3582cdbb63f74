use chatwire_core::{FinishReason, ToolCall};
use serde::Serialize;

use crate::completion::{Completion, ReplyHead};
use crate::dialects::completion_usage::CompletionUsage;
use crate::dialects::tools::prefixed;

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
    content: Option<&'a str>,
    refusal: Option<()>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CallObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<FunctionObject<'a>>,
}

/// A call of a tool.
#[derive(Serialize)]
pub(super) struct CallObject<'a> {
    /// Its number among the calls, in a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<usize>,
    id: String,
    r#type: &'static str,
    pub(super) function: FunctionObject<'a>,
}

#[derive(Serialize)]
pub(super) struct FunctionObject<'a> {
    name: &'a str,
    pub(super) arguments: &'a str,
}

impl<'a> CallObject<'a> {
    pub(super) fn new(call: &'a ToolCall) -> CallObject<'a> {
        CallObject {
            index: None,
            id: prefixed("call_", call.id()),
            r#type: "function",
            function: FunctionObject::new(call),
        }
    }
}

impl<'a> FunctionObject<'a> {
    pub(super) fn new(call: &'a ToolCall) -> FunctionObject<'a> {
        FunctionObject {
            name: call.name(),
            arguments: call.arguments(),
        }
    }
}

/// How calls are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallForm {
    /// Any number, in `tool_calls`.
    Tools,
    /// One, in `function_call`: the older form.
    Function,
}

pub(super) fn whole(head: &ReplyHead, completion: &Completion, form: CallForm) -> Vec<u8> {
    let calls = completion.calls.as_slice();
    let function = match form {
        CallForm::Tools => None,
        CallForm::Function => calls.first(),
    };
    let tools = match form {
        CallForm::Tools => calls,
        CallForm::Function => &[],
    };
    let text = completion.text.as_str();
    let body = ChatCompletion {
        id: format!("{ID_PREFIX}{}", head.id),
        object: "chat.completion",
        created: head.created,
        model: &head.model,
        choices: [Choice {
            index: 0,
            message: Message {
                role: "assistant",
                content: Some(text).filter(|text| !text.is_empty() || calls.is_empty()),
                refusal: None,
                tool_calls: tools.iter().map(CallObject::new).collect(),
                function_call: function.map(FunctionObject::new),
            },
            logprobs: None,
            finish_reason: finish_reason(&completion.end.reason, !calls.is_empty(), form),
        }],
        usage: CompletionUsage::complete(completion.end.usage),
    };
    // Serializing texts and numbers cannot fail.
    serde_json::to_vec(&body).unwrap_or_default()
}

/// The API knows few reasons; strict clients refuse others.
pub(super) fn finish_reason(
    reason: &FinishReason,
    has_calls: bool,
    form: CallForm,
) -> &'static str {
    match reason {
        _ if has_calls && form == CallForm::Tools => "tool_calls",
        _ if has_calls => "function_call",
        FinishReason::Length => "length",
        FinishReason::ContentFilter => "content_filter",
        // Without a call, there is nothing that a client could answer.
        _ => "stop",
    }
}
