//! How the server writes a reply.

use serde_json::{Value, json};

use super::request::ApiError;
use crate::answers::Answer;
use crate::protocols::model_api::{ApiReply, End, Events, Part, whole};
use crate::server::{Pacing, RecordedRequest};

/// Writes a reply as the request asks for it.
pub(super) fn write(
    reply: &ApiReply,
    request: &RecordedRequest,
    number: u64,
    pacing: &Pacing,
) -> Answer {
    // A test may answer what is not a question.
    let body = request.json().unwrap_or_default();
    let head = Head {
        id: format!("msg_mock{number}"),
        model: body.get("model").cloned().unwrap_or_default(),
    };
    if body.get("stream") == Some(&Value::Bool(true)) {
        streamed(&head, reply, pacing)
    } else {
        let message = head.message(&blocks(reply), Some(reply));
        whole(reply, &message, |message| {
            ApiError::new(500, "api_error", message).answer()
        })
    }
}

struct Head {
    id: String,
    model: Value,
}

impl Head {
    fn message(&self, content: &[Value], ended: Option<&ApiReply>) -> Value {
        json!({
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": content,
            "stop_reason": ended.map(stop_reason),
            "stop_sequence": null,
            "usage": ended.map_or_else(
                || json!({"input_tokens": 11, "output_tokens": 1}),
                |reply| json!({"input_tokens": reply.usage.0, "output_tokens": reply.usage.1}),
            ),
        })
    }
}

fn stop_reason(reply: &ApiReply) -> &'static str {
    match (reply.is_cut_at_limit, reply.tools().next()) {
        (true, _) => "max_tokens",
        (false, Some(_)) => "tool_use",
        (false, None) => "end_turn",
    }
}

/// The input of a tool: JSON, or the text where it is none.
fn input(arguments: &str) -> Value {
    serde_json::from_str(arguments).unwrap_or_else(|_| json!(arguments))
}

fn tool_id(index: usize) -> String {
    format!("toolu_mock{index}")
}

fn blocks(reply: &ApiReply) -> Vec<Value> {
    let block = |(index, part): (usize, &Part)| match part {
        Part::Text(text) | Part::Piece(text) => Some(json!({"type": "text", "text": text})),
        Part::Tool { name, arguments } => Some(json!({
            "type": "tool_use", "id": tool_id(index), "name": name, "input": input(arguments),
        })),
        Part::Wait(_) => None,
    };
    reply.parts.iter().enumerate().filter_map(block).collect()
}

/// A stream of blocks; at most one is open.
struct Blocks<'a> {
    events: Events<'a>,
    index: usize,
    is_text_open: bool,
}

impl Blocks<'_> {
    fn start(&mut self, block: &Value) {
        self.events.named(
            &json!({"type": "content_block_start", "index": self.index, "content_block": block}),
        );
    }

    fn delta(&mut self, delta: &Value) {
        self.events
            .named(&json!({"type": "content_block_delta", "index": self.index, "delta": delta}));
    }

    fn stop(&mut self) {
        self.events
            .named(&json!({"type": "content_block_stop", "index": self.index}));
        self.index += 1;
    }

    fn close_text(&mut self) {
        if std::mem::take(&mut self.is_text_open) {
            self.stop();
        }
    }

    fn part(&mut self, number: usize, part: &Part) {
        match part {
            Part::Text(_) | Part::Piece(_) => {
                if !self.is_text_open {
                    self.start(&json!({"type": "text", "text": ""}));
                    self.is_text_open = true;
                }
                for piece in part.pieces(self.events.pacing()) {
                    self.delta(&json!({"type": "text_delta", "text": piece}));
                }
            }
            Part::Tool { name, arguments } => {
                self.close_text();
                self.start(&json!({
                    "type": "tool_use", "id": tool_id(number), "name": name, "input": {},
                }));
                self.delta(&json!({"type": "input_json_delta", "partial_json": arguments}));
                self.stop();
            }
            Part::Wait(gate) => self.events.wait(gate),
        }
    }
}

fn streamed(head: &Head, reply: &ApiReply, pacing: &Pacing) -> Answer {
    let mut blocks = Blocks {
        events: Events::new(pacing),
        index: 0,
        is_text_open: false,
    };
    let message = head.message(&[], None);
    blocks
        .events
        .named(&json!({"type": "message_start", "message": message}));
    blocks.events.named(&json!({"type": "ping"}));
    for (number, part) in reply.parts.iter().enumerate() {
        blocks.part(number, part);
    }
    match &reply.end {
        End::Whole => {
            blocks.close_text();
            blocks.events.named(&json!({
                "type": "message_delta",
                "delta": {"stop_reason": stop_reason(reply), "stop_sequence": null},
                "usage": {"output_tokens": reply.usage.1},
            }));
            blocks.events.named(&json!({"type": "message_stop"}));
        }
        End::Error(message) => blocks.events.send(error_event(message)),
        End::Missing => {}
    }
    blocks.events.answer()
}

/// The event with which a stream that has begun fails.
pub(super) fn error_event(message: &str) -> String {
    let error = json!({"type": "error", "error": {"type": "api_error", "message": message}});
    format!("event: error\ndata: {error}\n\n")
}
