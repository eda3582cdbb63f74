use chatwire_core::{FinishReason, Usage};
use serde::Serialize;
use serde_json::{Map, Value};

use super::incomplete::incomplete;
use super::items::{Items, OutputItem};
use crate::completion::ReplyHead;

/// What ids of this dialect begin with.
pub(super) const RESPONSE_PREFIX: &str = "resp_";

/// What a response repeats of its request.
#[derive(Debug, Default)]
pub(super) struct ResponseSettings {
    pub(super) instructions: Option<String>,
    pub(super) metadata: Map<String, Value>,
    pub(super) previous_response_id: Option<String>,
    pub(super) store: bool,
    pub(super) temperature: Option<f64>,
    pub(super) max_output_tokens: Option<u32>,
    pub(super) tools: Vec<Value>,
    pub(super) tool_choice: Option<Value>,
    pub(super) parallel_tool_calls: Option<bool>,
    /// The format of the text, if it is not plain.
    pub(super) format: Option<Value>,
}

/// How far a response is.
#[derive(Debug)]
pub(super) enum State<'a> {
    InProgress,
    Ended {
        reason: &'a FinishReason,
        items: &'a Items,
        usage: Option<Usage>,
        /// In seconds since 1970.
        at: u64,
    },
    Failed {
        items: &'a Items,
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
    output: Vec<OutputItem<'a>>,
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
    text: TextSettings<'a>,
    tool_choice: ToolChoiceObject<'a>,
    tools: &'a [Value],
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
struct TextSettings<'a> {
    format: TextFormat<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum TextFormat<'a> {
    Given(&'a Value),
    Plain { r#type: &'static str },
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ToolChoiceObject<'a> {
    Given(&'a Value),
    Word(&'static str),
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

impl<'a> ResponseObject<'a> {
    pub(super) fn new(
        head: &'a ReplyHead,
        settings: &'a ResponseSettings,
        state: &State<'a>,
    ) -> ResponseObject<'a> {
        // What a model cannot be given is not repeated either.
        let choice = settings.tool_choice.as_ref().filter(|_| head.has_tools);
        let tools = match head.has_tools {
            true => settings.tools.as_slice(),
            false => &[],
        };
        let plain = TextFormat::Plain { r#type: "text" };
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
            parallel_tool_calls: settings.parallel_tool_calls.unwrap_or(true),
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
                format: settings.format.as_ref().map_or(plain, TextFormat::Given),
            },
            tool_choice: choice.map_or(ToolChoiceObject::Word("auto"), ToolChoiceObject::Given),
            tools,
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
                items,
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
                let items = items.items.iter();
                object.output = items.map(|item| OutputItem::ended(item, reason)).collect();
                object.usage = counted(usage);
            }
            State::Failed {
                items,
                code,
                message,
            } => {
                object.status = "failed";
                object.error = Some(ResponseError { code, message });
                object.output = items.items.iter().map(OutputItem::failed).collect();
            }
        }
        object
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
