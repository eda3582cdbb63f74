use bytes::{BufMut as _, BytesMut};

use super::events::{Event, Numbered};
use super::response::{
    MESSAGE_PREFIX, OutputMessage, OutputText, ResponseObject, ResponseSettings, State, incomplete,
};
use crate::completion::{Completion, CompletionEnd, ReplyHead};
use crate::dialects::conversation::Conversation;
use crate::dialects::dialect::ReplyWriter;
use crate::dialects::recall::KeptReply;
use crate::dialects::sse;
use crate::error::ApiError;

/// Writes a response, whole or as the published sequence of events.
///
/// What is the same in every delta is written once, when the reply begins.
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
    message_id: String,
    /// From `event:` up to the number of the event.
    delta_head: Vec<u8>,
    text: String,
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

    fn keep(&mut self, head: &ReplyHead, body: &[u8], text: &str) {
        if let Some(conversation) = self.conversation.take() {
            self.kept = Some(KeptReply {
                id: head.id.clone(),
                body: body.to_vec(),
                conversation,
                text: text.to_owned(),
            });
        }
    }
}

impl ReplyWriter for ResponseWriter {
    fn whole(&mut self, head: &ReplyHead, completion: &Completion) -> Vec<u8> {
        let message_id = message_id(head);
        let end = &completion.end;
        let state = State::Ended {
            reason: &end.reason,
            text: &completion.text,
            usage: end.usage,
            at: head.created + end.timing.total.as_secs(),
        };
        let object = ResponseObject::new(head, &message_id, &self.settings, &state);
        // Serializing texts and numbers cannot fail, here and below.
        let body = serde_json::to_vec(&object).unwrap_or_default();
        self.keep(head, &body, &completion.text);
        body
    }

    fn stream_type(&self) -> &'static str {
        "text/event-stream"
    }

    fn keep_alive(&mut self, out: &mut BytesMut, _: &ReplyHead) {
        sse::keep_alive(out);
    }

    fn begin(&mut self, out: &mut BytesMut, head: &ReplyHead) {
        let message_id = message_id(head);
        let settings = &self.settings;
        let response = |state| Event::Response {
            response: Box::new(ResponseObject::new(head, &message_id, settings, &state)),
        };
        for (name, event) in [
            ("response.created", response(State::InProgress)),
            ("response.in_progress", response(State::InProgress)),
            (
                "response.output_item.added",
                Event::Item {
                    output_index: 0,
                    item: OutputMessage::begun(&message_id),
                },
            ),
            ("response.content_part.added", part_event(&message_id, "")),
        ] {
            write(out, &mut self.number, name, event);
        }
        let mut delta_head =
            b"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"item_id\":"
                .to_vec();
        let _ = serde_json::to_writer(&mut delta_head, &message_id);
        delta_head.extend_from_slice(
            b",\"output_index\":0,\"content_index\":0,\"logprobs\":[],\"sequence_number\":",
        );
        self.begun = Some(Started {
            head: head.clone(),
            message_id,
            delta_head,
            text: String::new(),
        });
    }

    fn delta(&mut self, out: &mut BytesMut, text: &str) {
        let Some(begun) = &mut self.begun else {
            return;
        };
        begun.text.push_str(text);
        out.put_slice(&begun.delta_head);
        let _ = serde_json::to_writer(out.writer(), &self.number);
        self.number += 1;
        out.put_slice(b",\"delta\":");
        let _ = serde_json::to_writer(out.writer(), text);
        out.put_slice(b"}\n\n");
    }

    fn doubt(&mut self, out: &mut BytesMut, words: &str) {
        sse::doubt(out, words);
    }

    fn end(&mut self, out: &mut BytesMut, end: &CompletionEnd) {
        let Some(begun) = self.begun.take() else {
            return;
        };
        let Started {
            head,
            message_id,
            text,
            ..
        } = begun;
        for (name, event) in [
            (
                "response.output_text.done",
                Event::TextDone {
                    item_id: &message_id,
                    output_index: 0,
                    content_index: 0,
                    text: &text,
                    logprobs: [],
                },
            ),
            ("response.content_part.done", part_event(&message_id, &text)),
            (
                "response.output_item.done",
                Event::Item {
                    output_index: 0,
                    item: OutputMessage::ended(&message_id, &end.reason, &text),
                },
            ),
        ] {
            write(out, &mut self.number, name, event);
        }
        let name = match incomplete(&end.reason) {
            Some(_) => "response.incomplete",
            None => "response.completed",
        };
        let state = State::Ended {
            reason: &end.reason,
            text: &text,
            usage: end.usage,
            at: head.created + end.timing.total.as_secs(),
        };
        let response = ResponseObject::new(&head, &message_id, &self.settings, &state);
        let response = Box::new(response);
        if self.conversation.is_some() {
            let body = serde_json::to_vec(&response).unwrap_or_default();
            write(out, &mut self.number, name, Event::Response { response });
            self.keep(&head, &body, &text);
        } else {
            write(out, &mut self.number, name, Event::Response { response });
        }
    }

    /// `response.failed`, after the events that begin a response.
    fn error(&mut self, out: &mut BytesMut, head: &ReplyHead, error: &ApiError) {
        let begun = self.begun.take();
        let text = begun.as_ref().map(|begun| begun.text.as_str());
        let head = begun.as_ref().map_or(head, |begun| &begun.head);
        let message_id = message_id(head);
        let settings = &self.settings;
        let response = |state| Event::Response {
            response: Box::new(ResponseObject::new(head, &message_id, settings, &state)),
        };
        if begun.is_none() {
            for name in ["response.created", "response.in_progress"] {
                write(out, &mut self.number, name, response(State::InProgress));
            }
        }
        let failed = response(State::Failed {
            text,
            code: error.code,
            message: &error.message,
        });
        write(out, &mut self.number, "response.failed", failed);
    }

    fn kept(&mut self) -> Option<KeptReply> {
        self.kept.take()
    }
}

fn message_id(head: &ReplyHead) -> String {
    format!("{MESSAGE_PREFIX}{}", head.id)
}

fn part_event<'a>(item_id: &'a str, text: &'a str) -> Event<'a> {
    Event::Part {
        item_id,
        output_index: 0,
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
    use chatwire_core::{FinishReason, Usage};
    use serde_json::{Value, json};

    use super::*;
    use crate::dialects::testing::{end, head, sse, whole};

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
