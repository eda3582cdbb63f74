//! How the server writes a reply.

use serde_json::{Value, json};

use crate::answers::Answer;
use crate::protocols::model_api::{ApiReply, End, Events, Part, failure, whole};
use crate::server::{Pacing, RecordedRequest};

/// What the ids of responses begin with; the number of the reply follows.
pub(super) const ID_PREFIX: &str = "resp_mock";
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
        number,
        body: &body,
    };
    if body.get("stream") == Some(&Value::Bool(true)) {
        streamed(&head, reply, pacing)
    } else {
        let status = match reply.is_cut_at_limit {
            true => "incomplete",
            false => "completed",
        };
        let object = head.response(status, &output(number, reply), Some(reply), None);
        whole(reply, &object, failure)
    }
}

struct Head<'a> {
    number: u64,
    body: &'a Value,
}

impl Head<'_> {
    /// The response object.
    fn response(
        &self,
        status: &str,
        output: &[Value],
        ended: Option<&ApiReply>,
        error: Option<&str>,
    ) -> Value {
        let asked = |name: &str| self.body.get(name).cloned().unwrap_or_default();
        let or = |name: &str, default: Value| match asked(name) {
            Value::Null => default,
            value => value,
        };
        let usage = ended.map(|reply| {
            let (input, output) = reply.usage;
            json!({
                "input_tokens": input,
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": output,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": input.saturating_add(output),
            })
        });
        json!({
            "id": format!("{ID_PREFIX}{}", self.number),
            "object": "response",
            "created_at": CREATED,
            "status": status,
            "background": false,
            "error": error.map(|message| json!({"code": "server_error", "message": message})),
            "incomplete_details":
                (status == "incomplete").then(|| json!({"reason": "max_output_tokens"})),
            "instructions": asked("instructions"),
            "max_output_tokens": asked("max_output_tokens"),
            "model": asked("model"),
            "output": output,
            "parallel_tool_calls": or("parallel_tool_calls", json!(true)),
            "previous_response_id": asked("previous_response_id"),
            "reasoning": {"effort": null, "summary": null},
            "service_tier": "default",
            "store": or("store", json!(true)),
            "temperature": or("temperature", json!(1.0)),
            "text": or("text", json!({"format": {"type": "text"}})),
            "tool_choice": or("tool_choice", json!("auto")),
            "tools": or("tools", json!([])),
            "top_p": or("top_p", json!(1.0)),
            "truncation": or("truncation", json!("disabled")),
            "usage": usage,
            "user": asked("user"),
            "metadata": or("metadata", json!({})),
        })
    }
}

fn text_part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

fn message_item(id: &str, status: &str, text: Option<&str>) -> Value {
    let content: Vec<Value> = text.map(text_part).into_iter().collect();
    json!({"id": id, "type": "message", "status": status, "role": "assistant", "content": content})
}

fn call_item(id: &str, status: &str, name: &str, arguments: &str) -> Value {
    json!({
        "id": id, "type": "function_call", "status": status, "call_id": format!("call_{id}"),
        "name": name, "arguments": arguments,
    })
}

/// What the items of a reply are: consecutive texts are one message.
enum Item<'a> {
    Message(Vec<&'a Part>),
    Call(&'a str, &'a str),
}

fn items(reply: &ApiReply) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    for part in &reply.parts {
        match (part, items.last_mut()) {
            (Part::Tool { name, arguments }, _) => items.push(Item::Call(name, arguments)),
            (part, Some(Item::Message(parts))) => parts.push(part),
            (part, _) => items.push(Item::Message(vec![part])),
        }
    }
    items
}

fn text_in(parts: &[&Part]) -> String {
    parts.iter().filter_map(|part| part.text()).collect()
}

fn item_id(number: u64, index: usize, item: &Item<'_>) -> String {
    match item {
        Item::Message(_) => format!("msg_mock{number}_{index}"),
        Item::Call(..) => format!("fc_mock{number}_{index}"),
    }
}

fn output(number: u64, reply: &ApiReply) -> Vec<Value> {
    let items = items(reply);
    let written = items.iter().enumerate().map(|(index, item)| {
        let id = item_id(number, index, item);
        match item {
            Item::Message(parts) => message_item(&id, "completed", Some(&text_in(parts))),
            Item::Call(name, arguments) => call_item(&id, "completed", name, arguments),
        }
    });
    written.collect()
}

/// Numbers the events.
struct Numbered<'a> {
    events: Events<'a>,
    count: u64,
}

impl Numbered<'_> {
    fn send(&mut self, kind: &str, mut data: Value) {
        if let Some(members) = data.as_object_mut() {
            members.insert("type".to_owned(), json!(kind));
            members.insert("sequence_number".to_owned(), json!(self.count));
        }
        self.count += 1;
        self.events.named(&data);
    }
}

fn streamed(head: &Head<'_>, reply: &ApiReply, pacing: &Pacing) -> Answer {
    let mut to = Numbered {
        events: Events::new(pacing),
        count: 0,
    };
    for kind in ["response.created", "response.in_progress"] {
        let response = head.response("in_progress", &[], None, None);
        to.send(kind, json!({"response": response}));
    }
    let items = items(reply);
    for (index, item) in items.iter().enumerate() {
        let id = item_id(head.number, index, item);
        // An item at which the reply breaks off is not closed.
        let is_open = index + 1 == items.len() && reply.end != End::Whole;
        match item {
            Item::Message(parts) => message(&mut to, &id, index, parts, is_open),
            Item::Call(name, arguments) => call(&mut to, &id, index, (name, arguments), is_open),
        }
    }
    let written = output(head.number, reply);
    match &reply.end {
        End::Whole => {
            let status = match reply.is_cut_at_limit {
                true => "incomplete",
                false => "completed",
            };
            let response = head.response(status, &written, Some(reply), None);
            to.send(&format!("response.{status}"), json!({"response": response}));
        }
        End::Error(message) => {
            let response = head.response("failed", &[], None, Some(message));
            to.send("response.failed", json!({"response": response}));
        }
        End::Missing => {}
    }
    to.events.answer()
}

fn message(to: &mut Numbered<'_>, id: &str, index: usize, parts: &[&Part], is_open: bool) {
    let place = |more: Value| {
        let mut data = json!({"item_id": id, "output_index": index, "content_index": 0});
        if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
            data.extend(more);
        }
        data
    };
    let item = message_item(id, "in_progress", None);
    to.send(
        "response.output_item.added",
        json!({"output_index": index, "item": item}),
    );
    to.send(
        "response.content_part.added",
        place(json!({"part": text_part("")})),
    );
    for part in parts {
        match part {
            Part::Text(_) | Part::Piece(_) => {
                for piece in part.pieces(to.events.pacing()) {
                    to.send(
                        "response.output_text.delta",
                        place(json!({"delta": piece, "logprobs": []})),
                    );
                }
            }
            Part::Wait(gate) => to.events.wait(gate),
            Part::Tool { .. } => {}
        }
    }
    if is_open {
        return;
    }
    let text = text_in(parts);
    to.send(
        "response.output_text.done",
        place(json!({"text": text, "logprobs": []})),
    );
    to.send(
        "response.content_part.done",
        place(json!({"part": text_part(&text)})),
    );
    let item = message_item(id, "completed", Some(&text));
    to.send(
        "response.output_item.done",
        json!({"output_index": index, "item": item}),
    );
}

fn call(
    to: &mut Numbered<'_>,
    id: &str,
    index: usize,
    (name, arguments): (&str, &str),
    is_open: bool,
) {
    let item = call_item(id, "in_progress", name, "");
    to.send(
        "response.output_item.added",
        json!({"output_index": index, "item": item}),
    );
    let place = json!({"item_id": id, "output_index": index});
    let with = |key: &str| {
        let mut data = place.clone();
        if let Some(members) = data.as_object_mut() {
            members.insert(key.to_owned(), json!(arguments));
        }
        data
    };
    to.send("response.function_call_arguments.delta", with("delta"));
    if is_open {
        return;
    }
    to.send("response.function_call_arguments.done", with("arguments"));
    let item = call_item(id, "completed", name, arguments);
    to.send(
        "response.output_item.done",
        json!({"output_index": index, "item": item}),
    );
}

/// The event with which a stream that has begun fails.
pub(super) fn error_event(message: &str) -> String {
    // OpenAI numbers it as the others; clients read no order out of it.
    let error = json!({
        "type": "error", "sequence_number": 1000, "code": "server_error",
        "message": message, "param": null,
    });
    format!("event: error\ndata: {error}\n\n")
}
