use bytes::{BufMut as _, BytesMut};
use chatwire_core::{FinishReason, ToolCall};

use super::events::{Event, Numbered};
use super::incomplete::incomplete;
use super::items::{Item, Items, OutputItem, OutputText};
use super::response::{ResponseObject, ResponseSettings, State};
use crate::completion::{Completion, CompletionEnd, ReplyHead};
use crate::dialects::conversation::Conversation;
use crate::dialects::dialect::ReplyWriter;
use crate::dialects::recall::KeptReply;
use crate::dialects::sse;
use crate::error::ApiError;

/// Writes a response, whole or as the published sequence of events.
///
/// What is the same in every delta is written once, when a message begins.
#[derive(Debug)]
pub(super) struct ResponseWriter {
    settings: ResponseSettings,
    /// The conversation, if the response is to be kept.
    conversation: Option<Conversation>,
    kept: Option<KeptReply>,
    /// The number of the next event.
    number: u64,
    begun: Option<Started>,
}

/// What there is once the reply has begun.
#[derive(Debug)]
struct Started {
    head: ReplyHead,
    items: Items,
    /// From `event:` up to the number of the event, while the last item is a
    /// message that has not ended.
    delta_head: Option<Vec<u8>>,
}

impl ResponseWriter {
    /// Keeps the conversation with the reply, if there is one.
    pub(super) fn new(
        settings: ResponseSettings,
        conversation: Option<Conversation>,
    ) -> ResponseWriter {
        ResponseWriter {
            settings,
            conversation,
            kept: None,
            number: 0,
            begun: None,
        }
    }

    fn keep(&mut self, head: &ReplyHead, body: &[u8], items: &Items) {
        if let Some(conversation) = self.conversation.take() {
            self.kept = Some(KeptReply {
                id: head.id.clone(),
                body: body.to_vec(),
                conversation,
                text: items.text(),
                calls: items.calls(),
            });
        }
    }
}

impl ReplyWriter for ResponseWriter {
    fn whole(&mut self, head: &ReplyHead, completion: &Completion) -> Vec<u8> {
        let items = Items::of(head, completion);
        let end = &completion.end;
        let state = State::Ended {
            reason: &end.reason,
            items: &items,
            usage: end.usage,
            at: head.created + end.timing.total.as_secs(),
        };
        let object = ResponseObject::new(head, &self.settings, &state);
        // Serializing texts and numbers cannot fail, here and below.
        let body = serde_json::to_vec(&object).unwrap_or_default();
        self.keep(head, &body, &items);
        body
    }

    fn stream_type(&self) -> &'static str {
        "text/event-stream"
    }

    fn keep_alive(&mut self, out: &mut BytesMut, _: &ReplyHead) {
        sse::keep_alive(out);
    }

    fn begin(&mut self, out: &mut BytesMut, head: &ReplyHead) {
        for name in ["response.created", "response.in_progress"] {
            let response = ResponseObject::new(head, &self.settings, &State::InProgress);
            let response = Box::new(response);
            write(out, &mut self.number, name, Event::Response { response });
        }
        self.begun = Some(Started {
            head: head.clone(),
            items: Items::default(),
            delta_head: None,
        });
    }

    fn delta(&mut self, out: &mut BytesMut, text: &str) {
        let Some(begun) = &mut self.begun else {
            return;
        };
        let delta_head = begun.open_message(out, &mut self.number);
        out.put_slice(delta_head);
        let _ = serde_json::to_writer(out.writer(), &self.number);
        self.number += 1;
        out.put_slice(b",\"delta\":");
        let _ = serde_json::to_writer(out.writer(), text);
        out.put_slice(b"}\n\n");
        begun.items.add_text(text);
    }

    /// An item of its own, whose arguments come in one piece.
    fn call(&mut self, out: &mut BytesMut, call: &ToolCall) {
        let Some(begun) = &mut self.begun else {
            return;
        };
        begun.close_message(out, &mut self.number, None);
        let output_index = begun.items.len();
        let id = begun.items.push_call(&begun.head, call.clone());
        let Some(item) = begun.items.items.last() else {
            return;
        };
        let item_id = id.as_str();
        for (name, event) in [
            (
                "response.output_item.added",
                Event::Item {
                    output_index,
                    item: OutputItem::begun(item),
                },
            ),
            (
                "response.function_call_arguments.delta",
                Event::ArgumentsDelta {
                    item_id,
                    output_index,
                    delta: call.arguments(),
                },
            ),
            (
                "response.function_call_arguments.done",
                Event::ArgumentsDone {
                    item_id,
                    output_index,
                    name: call.name(),
                    arguments: call.arguments(),
                },
            ),
            (
                "response.output_item.done",
                Event::Item {
                    output_index,
                    item: OutputItem::ended(item, &FinishReason::ToolCalls),
                },
            ),
        ] {
            write(out, &mut self.number, name, event);
        }
    }

    fn doubt(&mut self, out: &mut BytesMut, words: &str) {
        sse::doubt(out, words);
    }

    fn end(&mut self, out: &mut BytesMut, end: &CompletionEnd) {
        let Some(mut begun) = self.begun.take() else {
            return;
        };
        // A response has an item, if it says nothing.
        if begun.items.len() == 0 {
            begun.open_message(out, &mut self.number);
        }
        begun.close_message(out, &mut self.number, Some(&end.reason));
        let Started { head, items, .. } = begun;
        let name = match incomplete(&end.reason) {
            Some(_) => "response.incomplete",
            None => "response.completed",
        };
        let state = State::Ended {
            reason: &end.reason,
            items: &items,
            usage: end.usage,
            at: head.created + end.timing.total.as_secs(),
        };
        let response = ResponseObject::new(&head, &self.settings, &state);
        let response = Box::new(response);
        if self.conversation.is_some() {
            let body = serde_json::to_vec(&response).unwrap_or_default();
            write(out, &mut self.number, name, Event::Response { response });
            self.keep(&head, &body, &items);
        } else {
            write(out, &mut self.number, name, Event::Response { response });
        }
    }

    /// `response.failed`, after the events that begin a response.
    fn error(&mut self, out: &mut BytesMut, head: &ReplyHead, error: &ApiError) {
        let begun = self.begun.take();
        let nothing = Items::default();
        let items = begun.as_ref().map_or(&nothing, |begun| &begun.items);
        let head = begun.as_ref().map_or(head, |begun| &begun.head);
        let settings = &self.settings;
        let response = |state| Event::Response {
            response: Box::new(ResponseObject::new(head, settings, &state)),
        };
        if begun.is_none() {
            for name in ["response.created", "response.in_progress"] {
                write(out, &mut self.number, name, response(State::InProgress));
            }
        }
        let failed = response(State::Failed {
            items,
            code: error.code,
            message: &error.message,
        });
        write(out, &mut self.number, "response.failed", failed);
    }

    fn kept(&mut self) -> Option<KeptReply> {
        self.kept.take()
    }
}

impl Started {
    /// Begins a message, unless one is open. Returns what its deltas begin with.
    fn open_message(&mut self, out: &mut BytesMut, number: &mut u64) -> &[u8] {
        let Started {
            head,
            items,
            delta_head,
        } = self;
        delta_head.get_or_insert_with(|| {
            let output_index = items.len();
            let id = items.push_message(head, String::new());
            if let Some(item) = items.items.last() {
                let item = OutputItem::begun(item);
                let added = Event::Item { output_index, item };
                write(out, number, "response.output_item.added", added);
            }
            let part = part_event(&id, output_index, "");
            write(out, number, "response.content_part.added", part);
            let mut delta_head =
                b"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"item_id\":"
                    .to_vec();
            let _ = serde_json::to_writer(&mut delta_head, &id);
            delta_head.extend_from_slice(b",\"output_index\":");
            let _ = serde_json::to_writer(&mut delta_head, &output_index);
            delta_head
                .extend_from_slice(b",\"content_index\":0,\"logprobs\":[],\"sequence_number\":");
            delta_head
        })
    }

    /// Ends the message that is open, if one is. It is complete if something
    /// follows it.
    fn close_message(
        &mut self,
        out: &mut BytesMut,
        number: &mut u64,
        reason: Option<&FinishReason>,
    ) {
        let Some(item) = self.items.items.last() else {
            return;
        };
        let (Some(_), Item::Message { id, text }) = (self.delta_head.take(), item) else {
            return;
        };
        let output_index = self.items.len().saturating_sub(1);
        for (name, event) in [
            (
                "response.output_text.done",
                Event::TextDone {
                    item_id: id,
                    output_index,
                    content_index: 0,
                    text,
                    logprobs: [],
                },
            ),
            (
                "response.content_part.done",
                part_event(id, output_index, text),
            ),
            (
                "response.output_item.done",
                Event::Item {
                    output_index,
                    item: OutputItem::ended(item, reason.unwrap_or(&FinishReason::Stop)),
                },
            ),
        ] {
            write(out, number, name, event);
        }
    }
}

fn part_event<'a>(item_id: &'a str, output_index: usize, text: &'a str) -> Event<'a> {
    Event::Part {
        item_id,
        output_index,
        content_index: 0,
        part: OutputText::new(text),
    }
}

fn write(out: &mut BytesMut, number: &mut u64, name: &'static str, event: Event<'_>) {
    out.put_slice(b"event: ");
    out.put_slice(name.as_bytes());
    out.put_slice(b"\ndata: ");
    let event = Numbered {
        r#type: name,
        sequence_number: *number,
        event,
    };
    *number += 1;
    let _ = serde_json::to_writer(out.writer(), &event);
    out.put_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use chatwire_core::Usage;
    use serde_json::{Value, json};

    use super::*;
    use crate::dialects::testing::{call, end, head, sse, whole};

    fn writer(store: bool) -> ResponseWriter {
        let settings = ResponseSettings {
            store,
            temperature: Some(0.5),
            ..ResponseSettings::default()
        };
        ResponseWriter::new(settings, store.then(Conversation::default))
    }

    fn stream(writer: &mut ResponseWriter, deltas: &[&str], end: &CompletionEnd) -> Vec<Value> {
        let mut out = BytesMut::new();
        writer.keep_alive(&mut out, &head());
        writer.begin(&mut out, &head());
        for delta in deltas {
            writer.delta(&mut out, delta);
        }
        writer.end(&mut out, end);
        sse(&out)
    }

    fn names(events: &[Value]) -> Vec<&str> {
        events
            .iter()
            .map(|event| event["type"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn a_stream_in_full() {
        let usage = Usage::new()
            .with_prompt_tokens(Some(2))
            .with_completion_tokens(Some(3));
        for (reason, last, status, item, details) in [
            (
                FinishReason::Eof,
                "response.completed",
                "completed",
                "completed",
                Value::Null,
            ),
            (
                FinishReason::Length,
                "response.incomplete",
                "incomplete",
                "incomplete",
                json!({"reason": "max_output_tokens"}),
            ),
            (
                FinishReason::ContentFilter,
                "response.incomplete",
                "incomplete",
                "incomplete",
                json!({"reason": "content_filter"}),
            ),
        ] {
            let mut writer = writer(true);
            let deltas = ["é \"\n\u{1}", "🙂"];
            let text = deltas.concat();
            let events = stream(&mut writer, &deltas, &end(reason, Some(usage)));
            assert_eq!(
                names(&events),
                [
                    "response.created",
                    "response.in_progress",
                    "response.output_item.added",
                    "response.content_part.added",
                    "response.output_text.delta",
                    "response.output_text.delta",
                    "response.output_text.done",
                    "response.content_part.done",
                    "response.output_item.done",
                    last,
                ]
            );
            for (number, event) in events.iter().enumerate() {
                assert_eq!(event["sequence_number"], number, "{event}");
            }
            let content =
                json!([{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]);
            let item = json!({"id": "msg_id\"1", "type": "message", "status": item,
                              "role": "assistant", "content": content});
            assert_eq!(events[0]["response"]["status"], "in_progress");
            assert_eq!(events[0]["response"]["output"], json!([]));
            assert_eq!(events[2]["item"]["content"], json!([]));
            assert_eq!(events[3]["part"]["text"], "");
            assert_eq!(
                events[5],
                json!({"type": "response.output_text.delta", "item_id": "msg_id\"1", "output_index": 0,
                       "content_index": 0, "logprobs": [], "sequence_number": 5, "delta": "🙂"})
            );
            assert_eq!(events[6]["text"], text);
            assert_eq!(events[7]["part"], content[0]);
            assert_eq!(events[8]["item"], item);
            let response = &events[9]["response"];
            assert_eq!(response["output"], json!([item]));
            assert_eq!(response["status"], status);
            assert_eq!(response["incomplete_details"], details);
            assert_eq!(response["usage"]["total_tokens"], 5);
            let kept = writer.kept().unwrap();
            assert_eq!(
                serde_json::from_slice::<Value>(&kept.body).unwrap(),
                *response
            );
            assert_eq!((kept.id.as_str(), kept.text), ("id\"1", text));
        }
    }

    #[test]
    fn calls_of_tools() {
        let calls = [call(1, "a", "{\"x\":1}"), call(2, "b", "{}")];
        let item = |number: u32, name: &str, arguments: &str, status: &str| {
            json!({"id": format!("fc_id\"1_{}", number - 1), "type": "function_call",
                   "status": status, "call_id": format!("call_{number}"), "name": name,
                   "arguments": arguments})
        };
        let mut writer = writer(true);
        writer.settings.tools = vec![json!({"type": "function", "name": "a"})];
        writer.settings.tool_choice = Some(json!("required"));
        let mut out = BytesMut::new();
        writer.begin(&mut out, &head());
        writer.delta(&mut out, "Well");
        for call in &calls {
            writer.call(&mut out, call);
        }
        writer.delta(&mut out, "so");
        writer.end(&mut out, &end(FinishReason::ToolCalls, None));
        let events = sse(&out);
        let message = [
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
        ];
        let one = [
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
        ];
        let expected: Vec<&str> = ["response.created", "response.in_progress"]
            .into_iter()
            .chain(message)
            .chain(one)
            .chain(one)
            .chain(message)
            .chain(["response.completed"])
            .collect();
        assert_eq!(names(&events), expected);
        assert_eq!(events[8]["item"], item(1, "a", "", "in_progress"));
        assert_eq!(events[9]["delta"], "{\"x\":1}");
        assert_eq!(
            events[10],
            json!({"type": "response.function_call_arguments.done", "sequence_number": 10,
                   "item_id": "fc_id\"1_0", "output_index": 1, "name": "a",
                   "arguments": "{\"x\":1}"})
        );
        assert_eq!(events[11]["item"], item(1, "a", "{\"x\":1}", "completed"));
        assert_eq!(events[12]["output_index"], 2);
        assert_eq!(events[18]["item_id"], "msg_id\"1_1");
        let response = &events.last().unwrap()["response"];
        let output = response["output"].as_array().unwrap();
        assert_eq!(output.len(), 4);
        assert_eq!(output[0]["content"][0]["text"], "Well");
        assert_eq!(output[1], item(1, "a", "{\"x\":1}", "completed"));
        assert_eq!(output[2], item(2, "b", "{}", "completed"));
        assert_eq!(response["tools"][0]["name"], "a");
        assert_eq!(response["tool_choice"], "required");
        let kept = writer.kept().unwrap();
        assert_eq!(
            (kept.text.as_str(), kept.calls.as_slice()),
            ("Wellso", &calls[..])
        );

        let mut completion = whole("", FinishReason::ToolCalls);
        completion.calls = calls.to_vec();
        let mut plain = head();
        plain.has_tools = false;
        let body = writer.whole(&plain, &completion);
        let body: Value = serde_json::from_slice(&body).unwrap();
        let output = [
            item(1, "a", "{\"x\":1}", "completed"),
            item(2, "b", "{}", "completed"),
        ];
        assert_eq!(body["output"], json!(output));
        assert_eq!(
            (&body["tools"], &body["tool_choice"]),
            (&json!([]), &json!("auto"))
        );
    }

    #[test]
    fn a_response_in_full() {
        let mut writer = writer(true);
        let body = writer.whole(&head(), &whole("Hello", FinishReason::Stop));
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            body,
            json!({
                "id": "resp_id\"1", "object": "response", "created_at": 7, "completed_at": 9,
                "status": "completed", "background": false, "error": null,
                "incomplete_details": null, "instructions": null, "max_output_tokens": null,
                "max_tool_calls": null, "model": "home/m",
                "output": [{"id": "msg_id\"1", "type": "message", "status": "completed", "role": "assistant",
                            "content": [{"type": "output_text", "text": "Hello", "annotations": [], "logprobs": []}]}],
                "parallel_tool_calls": true, "presence_penalty": 0.0, "frequency_penalty": 0.0,
                "previous_response_id": null, "prompt_cache_key": null,
                "reasoning": {"effort": null, "summary": null}, "safety_identifier": null,
                "service_tier": "default", "store": true, "temperature": 0.5,
                "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [],
                "top_logprobs": 0, "top_p": 1.0, "truncation": "disabled", "usage": null,
                "user": null, "metadata": {},
            })
        );
        assert!(writer.kept().is_some());
        let mut writer = super::tests::writer(false);
        writer.whole(&head(), &whole("Hello", FinishReason::Stop));
        assert!(writer.kept().is_none());
    }

    #[test]
    fn a_failed_stream_does_not_look_complete() {
        for begun in [false, true] {
            let mut writer = writer(true);
            let mut out = BytesMut::new();
            if begun {
                writer.begin(&mut out, &head());
                writer.delta(&mut out, "half");
            } else {
                writer.keep_alive(&mut out, &head());
            }
            writer.error(&mut out, &head(), &ApiError::internal());
            let events = sse(&out);
            let names = names(&events);
            assert_eq!(names[..2], ["response.created", "response.in_progress"]);
            assert_eq!(names.last(), Some(&"response.failed"));
            assert!(!names.iter().any(|name| name.ends_with(".done")));
            let response = &events.last().unwrap()["response"];
            assert_eq!(response["status"], "failed");
            assert_eq!(response["error"]["code"], "internal_error");
            assert_eq!(response["output"] == json!([]), !begun);
            assert!(writer.kept().is_none());
        }
    }
}
