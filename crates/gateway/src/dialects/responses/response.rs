use chatwire_core::{FinishReason, Usage};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::completion::ReplyHead;

/// What ids of this dialect begin with.
pub(super) const RESPONSE_PREFIX: &str = "resp_";
pub(super) const MESSAGE_PREFIX: &str = "msg_";

/// What a response repeats of its request.
#[derive(Debug, Default)]
pub(super) struct ResponseSettings {
    pub(super) instructions: Option<String>,
    pub(super) metadata: Map<String, Value>,
    pub(super) previous_response_id: Option<String>,
    pub(super) store: bool,
    pub(super) temperature: Option<f64>,
    pub(super) max_output_tokens: Option<u32>,
}

/// How far a response is.
#[derive(Debug)]
pub(super) enum State<'a> {
    InProgress,
    Ended {
        reason: &'a FinishReason,
        text: &'a str,
        usage: Option<Usage>,
        /// In seconds since 1970.
        at: u64,
    },
    Failed {
        text: Option<&'a str>,
        code: &'a str,
        message: &'a str,
    },
}

/// The whole response, with every member that the API has.
#[derive(Debug, Serialize)]
pub(super) struct ResponseObject<'a> {
    id: String,
    object: &'static str,
    created_at: u64,
    completed_at: Option<u64>,
    status: &'static str,
    background: bool,
    error: Option<ResponseError<'a>>,
    incomplete_details: Option<IncompleteDetails>,
    instructions: Option<&'a str>,
    max_output_tokens: Option<u32>,
    max_tool_calls: Option<u32>,
    model: &'a str,
    output: Vec<OutputMessage<'a>>,
    parallel_tool_calls: bool,
    presence_penalty: f64,
    frequency_penalty: f64,
    previous_response_id: Option<&'a str>,
    prompt_cache_key: Option<()>,
    reasoning: Reasoning,
    safety_identifier: Option<()>,
    service_tier: &'static str,
    store: bool,
    temperature: f64,
    text: TextSettings,
    tool_choice: &'static str,
    tools: [(); 0],
    top_logprobs: u32,
    top_p: f64,
    truncation: &'static str,
    usage: Option<ResponseUsage>,
    user: Option<()>,
    metadata: &'a Map<String, Value>,
}

#[derive(Debug, Serialize)]
struct ResponseError<'a> {
    code: &'a str,
    message: &'a str,
}

#[derive(Debug, Serialize)]
struct IncompleteDetails {
    reason: &'static str,
}

#[derive(Debug, Serialize)]
struct Reasoning {
    effort: Option<()>,
    summary: Option<()>,
}

#[derive(Debug, Serialize)]
struct TextSettings {
    format: TextFormat,
}

#[derive(Debug, Serialize)]
struct TextFormat {
    r#type: &'static str,
}

#[derive(Debug, Serialize)]
struct ResponseUsage {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Debug, Serialize)]
struct InputDetails {
    cached_tokens: u64,
}

#[derive(Debug, Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

/// The only item that a response here has.
#[derive(Debug, Serialize)]
pub(super) struct OutputMessage<'a> {
    id: &'a str,
    r#type: &'static str,
    status: &'static str,
    role: &'static str,
    content: Vec<OutputText<'a>>,
}

/// The only content that its message has.
#[derive(Debug, Serialize)]
pub(super) struct OutputText<'a> {
    r#type: &'static str,
    text: &'a str,
    annotations: [(); 0],
    logprobs: [(); 0],
}

impl<'a> OutputText<'a> {
    pub(super) fn new(text: &'a str) -> OutputText<'a> {
        OutputText {
            r#type: "output_text",
            text,
            annotations: [],
            logprobs: [],
        }
    }
}

impl<'a> OutputMessage<'a> {
    /// A message that has only begun.
    pub(super) fn begun(id: &'a str) -> OutputMessage<'a> {
        OutputMessage::new(id, "in_progress", None)
    }

    /// A message with its text.
    pub(super) fn ended(id: &'a str, reason: &FinishReason, text: &'a str) -> OutputMessage<'a> {
        let status = match incomplete(reason) {
            Some(_) => "incomplete",
            None => "completed",
        };
        OutputMessage::new(id, status, Some(text))
    }

    fn new(id: &'a str, status: &'static str, text: Option<&'a str>) -> OutputMessage<'a> {
        OutputMessage {
            id,
            r#type: "message",
            status,
            role: "assistant",
            content: text.map(OutputText::new).into_iter().collect(),
        }
    }
}

impl<'a> ResponseObject<'a> {
    pub(super) fn new(
        head: &'a ReplyHead,
        message_id: &'a str,
        settings: &'a ResponseSettings,
        state: &State<'a>,
    ) -> ResponseObject<'a> {
        let mut object = ResponseObject {
            id: format!("{RESPONSE_PREFIX}{}", head.id),
            object: "response",
            created_at: head.created,
            completed_at: None,
            status: "in_progress",
            background: false,
            error: None,
            incomplete_details: None,
            instructions: settings.instructions.as_deref(),
            max_output_tokens: settings.max_output_tokens,
            max_tool_calls: None,
            model: &head.model,
            output: Vec::new(),
            parallel_tool_calls: true,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
            previous_response_id: settings.previous_response_id.as_deref(),
            prompt_cache_key: None,
            reasoning: Reasoning {
                effort: None,
                summary: None,
            },
            safety_identifier: None,
            service_tier: "default",
            store: settings.store,
            temperature: settings.temperature.unwrap_or(1.0),
            text: TextSettings {
                format: TextFormat { r#type: "text" },
            },
            tool_choice: "auto",
            tools: [],
            top_logprobs: 0,
            top_p: 1.0,
            truncation: "disabled",
            usage: None,
            user: None,
            metadata: &settings.metadata,
        };
        match *state {
            State::InProgress => {}
            State::Ended {
                reason,
                text,
                usage,
                at,
            } => {
                let details = incomplete(reason);
                object.status = match details {
                    Some(_) => "incomplete",
                    None => "completed",
                };
                object.completed_at = details.is_none().then_some(at);
                object.incomplete_details = details.map(|reason| IncompleteDetails { reason });
                object.output = vec![OutputMessage::ended(message_id, reason, text)];
                object.usage = counted(usage);
            }
            State::Failed {
                text,
                code,
                message,
            } => {
                object.status = "failed";
                object.error = Some(ResponseError { code, message });
                let message =
                    text.map(|text| OutputMessage::new(message_id, "incomplete", Some(text)));
                object.output = message.into_iter().collect();
            }
        }
        object
    }
}

/// Why a reply that ended like this is not complete, if it is not.
pub(super) fn incomplete(reason: &FinishReason) -> Option<&'static str> {
    match reason {
        FinishReason::Length => Some("max_output_tokens"),
        FinishReason::ContentFilter => Some("content_filter"),
        _ => None,
    }
}

/// Half a usage is none: strict clients want every number.
fn counted(usage: Option<Usage>) -> Option<ResponseUsage> {
    let usage = usage?;
    let (input_tokens, output_tokens) = (usage.prompt_tokens?, usage.completion_tokens?);
    Some(ResponseUsage {
        input_tokens,
        input_tokens_details: InputDetails { cached_tokens: 0 },
        output_tokens,
        output_tokens_details: OutputDetails {
            reasoning_tokens: 0,
        },
        total_tokens: usage
            .total_tokens
            .unwrap_or(input_tokens.saturating_add(output_tokens)),
    })
}
