//! How the server writes a reply.

use serde_json::{Value, json};

use crate::answers::Answer;
use crate::protocols::model_api::{ApiReply, End, Events, Part, failure, server_error, whole};
use crate::server::{Pacing, RecordedRequest};

const CREATED: u64 = 1_700_000_000;

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
        id: format!("chatcmpl-mock{number}"),
        model: body.get("model").cloned().unwrap_or_default(),
    };
    if body.get("stream") == Some(&Value::Bool(true)) {
        let wants_usage = body.pointer("/stream_options/include_usage") == Some(&json!(true));
        streamed(&head, reply, wants_usage, pacing)
    } else {
        whole(reply, &completion(&head, reply), failure)
    }
}

struct Head {
    id: String,
    model: Value,
}

impl Head {
    fn chunk(&self, choices: &Value, usage: Option<&Value>) -> Value {
        let mut chunk = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": self.model,
            "system_fingerprint": null,
            "choices": choices,
        });
        if let (Some(usage), Some(members)) = (usage, chunk.as_object_mut()) {
            members.insert("usage".to_owned(), usage.clone());
        }
        chunk
    }
}

fn finish_reason(reply: &ApiReply) -> &'static str {
    match (reply.is_cut_at_limit, reply.tools().next()) {
        (true, _) => "length",
        (false, Some(_)) => "tool_calls",
        (false, None) => "stop",
    }
}

fn usage(reply: &ApiReply) -> Value {
    let (prompt, completion) = reply.usage;
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt.saturating_add(completion),
    })
}

fn streamed(head: &Head, reply: &ApiReply, wants_usage: bool, pacing: &Pacing) -> Answer {
    let mut events = Events::new(pacing);
    // A client that asks for usage gets the member in every chunk.
    let none = wants_usage.then_some(&Value::Null);
    let chunk = |delta: Value, reason: Option<&str>| {
        let choice =
            json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]);
        head.chunk(&choice, none)
    };
    events.data(&chunk(
        json!({"role": "assistant", "content": "", "refusal": null}),
        None,
    ));
    let mut calls = 0;
    for part in &reply.parts {
        match part {
            Part::Text(_) | Part::Piece(_) => {
                for piece in part.pieces(pacing) {
                    events.data(&chunk(json!({"content": piece}), None));
                }
            }
            Part::Tool { name, arguments } => {
                let call = |function: Value| json!({"tool_calls": [function]});
                events.data(&chunk(
                    call(json!({
                        "index": calls,
                        "id": format!("call_mock{calls}"),
                        "type": "function",
                        "function": {"name": name, "arguments": ""},
                    })),
                    None,
                ));
                events.data(&chunk(
                    call(json!({"index": calls, "function": {"arguments": arguments}})),
                    None,
                ));
                calls += 1;
            }
            Part::Wait(gate) => events.wait(gate),
        }
    }
    match &reply.end {
        End::Whole => {
            events.data(&chunk(json!({}), Some(finish_reason(reply))));
            if wants_usage {
                events.data(&head.chunk(&json!([]), Some(&usage(reply))));
            }
            events.send("data: [DONE]\n\n".to_owned());
        }
        End::Error(message) => events.send(error_event(message)),
        End::Missing => {}
    }
    events.answer()
}

/// The event with which a stream that has begun fails.
pub(super) fn error_event(message: &str) -> String {
    format!("data: {}\n\n", server_error(message))
}

fn completion(head: &Head, reply: &ApiReply) -> Value {
    let calls: Vec<Value> = reply
        .tools()
        .enumerate()
        .map(|(index, (name, arguments))| {
            json!({
                "id": format!("call_mock{index}"),
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            })
        })
        .collect();
    let text = reply.text();
    let mut message = json!({"role": "assistant", "content": text, "refusal": null});
    if let (false, Some(members)) = (calls.is_empty(), message.as_object_mut()) {
        if text.is_empty() {
            members.insert("content".to_owned(), Value::Null);
        }
        members.insert("tool_calls".to_owned(), Value::Array(calls));
    }
    json!({
        "id": head.id,
        "object": "chat.completion",
        "created": CREATED,
        "model": head.model,
        "choices": [{
            "index": 0,
            "message": message,
            "logprobs": null,
            "finish_reason": finish_reason(reply),
        }],
        "usage": usage(reply),
        "system_fingerprint": null,
    })
}
