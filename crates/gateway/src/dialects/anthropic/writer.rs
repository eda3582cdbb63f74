use bytes::{BufMut as _, BytesMut};
use serde::Serialize;

use super::error::error_body;
use super::response::{MessageObject, MessageUsage, TextBlock, stop_reason};
use crate::completion::{Completion, CompletionEnd, ReplyHead};
use crate::dialects::dialect::ReplyWriter;
use crate::dialects::sse;
use crate::error::ApiError;

/// Writes a message, whole or as the published sequence of events.
#[derive(Debug, Default)]
pub(super) struct MessageWriter {
    has_begun: bool,
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
        content_block: TextBlock<'a>,
    },
    MessageDelta {
        delta: EndDelta<'a>,
        usage: MessageUsage,
    },
}

#[derive(Serialize)]
struct EndDelta<'a> {
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
}

const PING: &[u8] = b"event: ping\ndata: {\"type\":\"ping\"}\n\n";

/// A delta up to its text, and after it.
const DELTA_HEAD: &[u8] = b"event: content_block_delta\ndata: \
    {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":";
const DELTA_TAIL: &[u8] = b"}}\n\n";

impl ReplyWriter for MessageWriter {
    fn whole(&mut self, head: &ReplyHead, completion: &Completion) -> Vec<u8> {
        let message = MessageObject::ended(head, &completion.text, &completion.end);
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
        let block = Event::ContentBlockStart {
            index: 0,
            content_block: TextBlock::new(""),
        };
        write(out, "content_block_start", &block);
        out.put_slice(PING);
    }

    fn delta(&mut self, out: &mut BytesMut, text: &str) {
        out.put_slice(DELTA_HEAD);
        let _ = serde_json::to_writer(out.writer(), text);
        out.put_slice(DELTA_TAIL);
    }

    fn doubt(&mut self, out: &mut BytesMut, words: &str) {
        sse::doubt(out, words);
    }

    fn end(&mut self, out: &mut BytesMut, end: &CompletionEnd) {
        out.put_slice(
            b"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        );
        let delta = Event::MessageDelta {
            delta: EndDelta {
                stop_reason: stop_reason(end),
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
    use crate::dialects::testing::{end, head, sse, whole};

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
