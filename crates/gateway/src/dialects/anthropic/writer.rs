use bytes::{BufMut as _, BytesMut};
use chatwire_core::ToolCall;
use serde::Serialize;

use super::error::error_body;
use super::response::{Block, MessageObject, MessageUsage, stop_reason};
use crate::completion::{Completion, CompletionEnd, ReplyHead};
use crate::dialects::dialect::ReplyWriter;
use crate::dialects::sse;
use crate::error::ApiError;

/// Writes a message, whole or as the published sequence of events.
#[derive(Debug, Default)]
pub(super) struct MessageWriter {
    has_begun: bool,
    /// How many blocks have begun.
    blocks: u32,
    /// Whether the last of them is a text that has not ended.
    is_text_open: bool,
    has_calls: bool,
}

/// The data of the events that are not the same every time.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event<'a> {
    MessageStart {
        message: MessageObject<'a>,
    },
    ContentBlockStart {
        index: u32,
        content_block: Block<'a>,
    },
    ContentBlockDelta {
        index: u32,
        delta: InputDelta<'a>,
    },
    ContentBlockStop {
        index: u32,
    },
    MessageDelta {
        delta: EndDelta<'a>,
        usage: MessageUsage,
    },
}

#[derive(Serialize)]
struct InputDelta<'a> {
    r#type: &'static str,
    partial_json: &'a str,
}

#[derive(Serialize)]
struct EndDelta<'a> {
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
}

const PING: &[u8] = b"event: ping\ndata: {\"type\":\"ping\"}\n\n";

/// A delta up to the number of its block, from there to its text, and after it.
const DELTA_HEAD: &[u8] =
    b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":";
const DELTA_TEXT: &[u8] = b",\"delta\":{\"type\":\"text_delta\",\"text\":";
const DELTA_TAIL: &[u8] = b"}}\n\n";

impl MessageWriter {
    /// Begins a block, and returns its number.
    fn start(&mut self, out: &mut BytesMut, content_block: Block<'_>) -> u32 {
        let index = self.blocks;
        self.blocks += 1;
        let block = Event::ContentBlockStart {
            index,
            content_block,
        };
        write(out, "content_block_start", &block);
        index
    }

    /// Begins a text, unless one is open.
    fn open_text(&mut self, out: &mut BytesMut) {
        if !self.is_text_open {
            self.is_text_open = true;
            let index = self.start(out, Block::Text { text: "" });
            if index == 0 {
                out.put_slice(PING);
            }
        }
    }

    fn close_text(&mut self, out: &mut BytesMut) {
        if std::mem::take(&mut self.is_text_open) {
            let index = self.blocks.saturating_sub(1);
            write(
                out,
                "content_block_stop",
                &Event::ContentBlockStop { index },
            );
        }
    }
}

impl ReplyWriter for MessageWriter {
    fn whole(&mut self, head: &ReplyHead, completion: &Completion) -> Vec<u8> {
        let message = MessageObject::ended(head, completion);
        // Serializing texts and numbers cannot fail, here and below.
        serde_json::to_vec(&message).unwrap_or_default()
    }

    fn stream_type(&self) -> &'static str {
        "text/event-stream"
    }

    /// A ping is an event of the message, so there is none before it.
    fn keep_alive(&mut self, out: &mut BytesMut, _: &ReplyHead) {
        if self.has_begun {
            out.put_slice(PING);
        } else {
            sse::keep_alive(out);
        }
    }

    fn begin(&mut self, out: &mut BytesMut, head: &ReplyHead) {
        self.has_begun = true;
        let message = MessageObject::begun(head);
        write(out, "message_start", &Event::MessageStart { message });
    }

    fn delta(&mut self, out: &mut BytesMut, text: &str) {
        self.open_text(out);
        out.put_slice(DELTA_HEAD);
        let _ = serde_json::to_writer(out.writer(), &self.blocks.saturating_sub(1));
        out.put_slice(DELTA_TEXT);
        let _ = serde_json::to_writer(out.writer(), text);
        out.put_slice(DELTA_TAIL);
    }

    /// A block of its own, whose input comes in one piece.
    fn call(&mut self, out: &mut BytesMut, call: &ToolCall) {
        self.close_text(out);
        self.has_calls = true;
        let index = self.start(out, Block::begun_call(call));
        let delta = InputDelta {
            r#type: "input_json_delta",
            partial_json: call.arguments(),
        };
        let delta = Event::ContentBlockDelta { index, delta };
        write(out, "content_block_delta", &delta);
        write(
            out,
            "content_block_stop",
            &Event::ContentBlockStop { index },
        );
    }

    fn doubt(&mut self, out: &mut BytesMut, words: &str) {
        sse::doubt(out, words);
    }

    fn end(&mut self, out: &mut BytesMut, end: &CompletionEnd) {
        // A message has a block, if it says nothing.
        if self.blocks == 0 {
            self.open_text(out);
        }
        self.close_text(out);
        let delta = Event::MessageDelta {
            delta: EndDelta {
                stop_reason: stop_reason(end, self.has_calls),
                stop_sequence: end.stop_sequence.as_deref(),
            },
            usage: MessageUsage::at_end(end.usage),
        };
        write(out, "message_delta", &delta);
        out.put_slice(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    }

    /// The event `error`, and neither a `stop_reason` nor `message_stop`.
    fn error(&mut self, out: &mut BytesMut, _: &ReplyHead, error: &ApiError) {
        out.put_slice(b"event: error\ndata: ");
        out.put_slice(&error_body(error));
        out.put_slice(b"\n\n");
    }
}

fn write(out: &mut BytesMut, name: &str, event: &Event<'_>) {
    out.put_slice(b"event: ");
    out.put_slice(name.as_bytes());
    out.put_slice(b"\ndata: ");
    let _ = serde_json::to_writer(out.writer(), event);
    out.put_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use chatwire_core::{FinishReason, Usage};
    use serde_json::{Value, json};

    use super::*;
    use crate::dialects::testing::{call, end, head, sse, whole};

    fn usage(input: u64, output: u64) -> Value {
        json!({"input_tokens": input, "cache_creation_input_tokens": 0,
               "cache_read_input_tokens": 0, "output_tokens": output})
    }

    #[test]
    fn a_stream_in_full() {
        let counted = Usage::new()
            .with_prompt_tokens(Some(2))
            .with_completion_tokens(Some(3));
        for (reason, stop, given, expected) in [
            (FinishReason::Eof, None, Some(counted), "end_turn"),
            (FinishReason::Stop, Some("END"), None, "stop_sequence"),
            (FinishReason::Length, None, Some(counted), "max_tokens"),
            (FinishReason::ContentFilter, None, None, "refusal"),
            (FinishReason::ToolCalls, None, None, "end_turn"),
        ] {
            let mut end = end(reason, given);
            end.stop_sequence = stop.map(str::to_owned);
            let mut writer = MessageWriter::default();
            let mut out = BytesMut::new();
            writer.keep_alive(&mut out, &head());
            writer.begin(&mut out, &head());
            writer.delta(&mut out, "é \"\n\u{1}🙂");
            writer.keep_alive(&mut out, &head());
            writer.end(&mut out, &end);
            let counts = match given {
                Some(_) => usage(2, 3),
                None => usage(0, 0),
            };
            assert_eq!(
                sse(&out),
                [
                    json!({"type": "message_start", "message": {
                        "id": "msg_id\"1", "type": "message", "role": "assistant", "model": "home/m",
                        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage(9, 0)}}),
                    json!({"type": "content_block_start", "index": 0,
                           "content_block": {"type": "text", "text": ""}}),
                    json!({"type": "ping"}),
                    json!({"type": "content_block_delta", "index": 0,
                           "delta": {"type": "text_delta", "text": "é \"\n\u{1}🙂"}}),
                    json!({"type": "ping"}),
                    json!({"type": "content_block_stop", "index": 0}),
                    json!({"type": "message_delta",
                           "delta": {"stop_reason": expected, "stop_sequence": stop}, "usage": counts}),
                    json!({"type": "message_stop"}),
                ]
            );
        }
    }

    #[test]
    fn calls_of_tools() {
        let calls = [call(1, "a", "{\"x\":[1]}"), call(2, "b", "{}")];
        let tool = |id: &str, name: &str, input: Value| json!({"type": "tool_use", "id": id, "name": name, "input": input});
        let start = |index: u32, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
        let stop = |index: u32| json!({"type": "content_block_stop", "index": index});
        let input = |index: u32, json: &str| {
            json!({"type": "content_block_delta", "index": index,
                   "delta": {"type": "input_json_delta", "partial_json": json}})
        };
        let text = |index: u32, text: &str| {
            json!({"type": "content_block_delta", "index": index,
                   "delta": {"type": "text_delta", "text": text}})
        };
        let empty = || json!({"type": "text", "text": ""});
        let mut writer = MessageWriter::default();
        let mut out = BytesMut::new();
        writer.begin(&mut out, &head());
        writer.delta(&mut out, "Well");
        writer.call(&mut out, &calls[0]);
        writer.call(&mut out, &calls[1]);
        writer.delta(&mut out, "so");
        writer.end(&mut out, &end(FinishReason::ToolCalls, None));
        let events = sse(&out);
        assert_eq!(
            events[1..events.len() - 2],
            [
                start(0, empty()),
                json!({"type": "ping"}),
                text(0, "Well"),
                stop(0),
                start(1, tool("toolu_1", "a", json!({}))),
                input(1, "{\"x\":[1]}"),
                stop(1),
                start(2, tool("toolu_2", "b", json!({}))),
                input(2, "{}"),
                stop(2),
                start(3, empty()),
                text(3, "so"),
                stop(3),
            ]
        );
        let delta = &events[events.len() - 2]["delta"];
        assert_eq!(delta["stop_reason"], "tool_use");
        // A message that only calls has no text.
        let mut writer = MessageWriter::default();
        let mut out = BytesMut::new();
        writer.begin(&mut out, &head());
        writer.call(&mut out, &calls[0]);
        writer.end(&mut out, &end(FinishReason::ToolCalls, None));
        assert_eq!(sse(&out)[1], start(0, tool("toolu_1", "a", json!({}))));
        for (said, content) in [
            (
                "",
                json!([
                    tool("toolu_1", "a", json!({"x": [1]})),
                    tool("toolu_2", "b", json!({}))
                ]),
            ),
            (
                "Well",
                json!([{"type": "text", "text": "Well"}, tool("toolu_1", "a", json!({"x": [1]})),
                       tool("toolu_2", "b", json!({}))]),
            ),
        ] {
            let mut completion = whole(said, FinishReason::ToolCalls);
            completion.calls = calls.to_vec();
            let body = MessageWriter::default().whole(&head(), &completion);
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["content"], content);
            assert_eq!(body["stop_reason"], "tool_use");
        }
    }

    #[test]
    fn a_message_in_full() {
        let body = MessageWriter::default().whole(&head(), &whole("Hello", FinishReason::Stop));
        assert_eq!(
            serde_json::from_slice::<Value>(&body).unwrap(),
            json!({"id": "msg_id\"1", "type": "message", "role": "assistant", "model": "home/m",
                   "content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn",
                   "stop_sequence": null, "usage": usage(0, 0)})
        );
    }

    #[test]
    fn a_failed_stream_does_not_look_complete() {
        for begun in [false, true] {
            let mut writer = MessageWriter::default();
            let mut out = BytesMut::new();
            if begun {
                writer.begin(&mut out, &head());
                writer.delta(&mut out, "half");
            }
            writer.error(&mut out, &head(), &ApiError::internal());
            let events = sse(&out);
            let last = events.last().unwrap();
            assert_eq!(last["type"], "error");
            assert_eq!(last["error"]["type"], "api_error");
            assert_eq!(events.len(), if begun { 5 } else { 1 });
            assert!(!events.iter().any(|event| event["type"] == "message_stop"));
        }
    }
}
