use bytes::{BufMut as _, BytesMut};
use serde::Serialize;

use super::response::{self, ID_PREFIX, finish_reason};
use crate::completion::{Completion, CompletionEnd, ReplyHead};
use crate::dialects::completion_usage::CompletionUsage;
use crate::dialects::dialect::ReplyWriter;
use crate::dialects::openai_error::error_body;
use crate::dialects::sse;
use crate::error::ApiError;

/// Writes the chunks of a streamed completion as server-sent events.
///
/// What is the same in every chunk is written once, when the reply begins; a
/// delta costs its escaping and two copies.
#[derive(Debug)]
pub(super) struct ChatCompletionWriter {
    include_usage: bool,
    /// From `data: {` up to the value of `choices`.
    chunk_head: Vec<u8>,
    /// What follows after `choices`.
    chunk_tail: &'static [u8],
}

#[derive(Serialize)]
struct ChunkHead<'a> {
    id: String,
    object: &'static str,
    created: u64,
    model: &'a str,
}

impl ChatCompletionWriter {
    pub(super) fn new(include_usage: bool) -> ChatCompletionWriter {
        ChatCompletionWriter {
            include_usage,
            chunk_head: Vec::new(),
            // A client that asks for usage gets the member in every chunk.
            chunk_tail: if include_usage {
                b",\"usage\":null}\n\n"
            } else {
                b"}\n\n"
            },
        }
    }

    fn chunk(&self, out: &mut BytesMut, delta: impl FnOnce(&mut BytesMut), reason: Option<&str>) {
        out.put_slice(&self.chunk_head);
        out.put_slice(b"[{\"index\":0,\"delta\":");
        delta(out);
        out.put_slice(b",\"logprobs\":null,\"finish_reason\":");
        // Serializing texts cannot fail, here and below.
        let _ = serde_json::to_writer(out.writer(), &reason);
        out.put_slice(b"}]");
        out.put_slice(self.chunk_tail);
    }
}

impl ReplyWriter for ChatCompletionWriter {
    fn whole(&mut self, head: &ReplyHead, completion: &Completion) -> Vec<u8> {
        response::whole(head, completion)
    }

    fn stream_type(&self) -> &'static str {
        "text/event-stream"
    }

    fn keep_alive(&mut self, out: &mut BytesMut, _: &ReplyHead) {
        sse::keep_alive(out);
    }

    fn begin(&mut self, out: &mut BytesMut, head: &ReplyHead) {
        let members = ChunkHead {
            id: format!("{ID_PREFIX}{}", head.id),
            object: "chat.completion.chunk",
            created: head.created,
            model: &head.model,
        };
        self.chunk_head = b"data: ".to_vec();
        let _ = serde_json::to_writer(&mut self.chunk_head, &members);
        self.chunk_head.pop();
        self.chunk_head.extend_from_slice(b",\"choices\":");
        let delta = br#"{"role":"assistant","content":""}"#;
        self.chunk(out, |out| out.put_slice(delta), None);
    }

    fn delta(&mut self, out: &mut BytesMut, text: &str) {
        let delta = |out: &mut BytesMut| {
            out.put_slice(b"{\"content\":");
            let _ = serde_json::to_writer(out.writer(), text);
            out.put_u8(b'}');
        };
        self.chunk(out, delta, None);
    }

    fn doubt(&mut self, out: &mut BytesMut, words: &str) {
        sse::doubt(out, words);
    }

    fn end(&mut self, out: &mut BytesMut, end: &CompletionEnd) {
        let reason = finish_reason(&end.reason);
        self.chunk(out, |out| out.put_slice(b"{}"), Some(reason));
        if self.include_usage
            && let Some(usage) = CompletionUsage::complete(end.usage)
        {
            out.put_slice(&self.chunk_head);
            out.put_slice(b"[],\"usage\":");
            let _ = serde_json::to_writer(out.writer(), &usage);
            out.put_slice(b"}\n\n");
        }
        out.put_slice(b"data: [DONE]\n\n");
    }

    /// An event with an `error`, and neither a `finish_reason` nor `[DONE]`.
    fn error(&mut self, out: &mut BytesMut, _: &ReplyHead, error: &ApiError) {
        out.put_slice(b"data: ");
        out.put_slice(&error_body(error));
        out.put_slice(b"\n\n");
    }
}

#[cfg(test)]
mod tests {
    use chatwire_core::{FinishReason, Usage};
    use serde_json::{Value, json};

    use super::*;

    fn head() -> ReplyHead {
        ReplyHead {
            id: "id\"1".into(),
            created: 7,
            model: "home/m".into(),
            prompt_tokens: 9,
        }
    }

    fn end(usage: Option<Usage>) -> CompletionEnd {
        CompletionEnd {
            reason: FinishReason::Eof,
            stop_sequence: None,
            usage,
            is_estimated: false,
            text: None,
            doubt: None,
            timing: Default::default(),
        }
    }

    /// The data of the events that the calls wrote, comments left out.
    fn written(
        include_usage: bool,
        write: impl Fn(&mut dyn ReplyWriter, &mut BytesMut),
    ) -> Vec<Value> {
        let mut writer = ChatCompletionWriter::new(include_usage);
        let mut out = BytesMut::new();
        write(&mut writer, &mut out);
        std::str::from_utf8(&out)
            .unwrap()
            .split_terminator("\n\n")
            .filter_map(|event| event.strip_prefix("data: "))
            .map(|data| serde_json::from_str(data).unwrap_or_else(|_| json!(data)))
            .collect()
    }

    fn chunk(delta: Value, reason: Value) -> Value {
        json!({"id": "chatcmpl-id\"1", "object": "chat.completion.chunk", "created": 7, "model": "home/m",
               "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]})
    }

    #[test]
    fn a_stream_in_full() {
        let events = written(false, |writer, out| {
            writer.keep_alive(out, &head());
            writer.begin(out, &head());
            writer.delta(out, "é \"\n\u{1}🙂");
            writer.doubt(out, "a\r\n\ndata: b");
            writer.end(out, &end(Some(Usage::new())));
        });
        let expected = [
            chunk(json!({"role": "assistant", "content": ""}), Value::Null),
            chunk(json!({"content": "é \"\n\u{1}🙂"}), Value::Null),
            chunk(json!({}), json!("stop")),
            json!("[DONE]"),
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn usage_comes_when_asked_for_and_complete() {
        let whole = Usage::new()
            .with_prompt_tokens(Some(2))
            .with_completion_tokens(Some(3));
        let half = Usage::new().with_prompt_tokens(Some(2));
        for (usage, expected) in [
            (
                Some(whole),
                json!({"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}),
            ),
            (Some(half), Value::Null),
            (None, Value::Null),
        ] {
            let events = written(true, |writer, out| {
                writer.begin(out, &head());
                writer.end(out, &end(usage));
            });
            assert_eq!(events[0]["usage"], Value::Null);
            assert!(events[0].as_object().unwrap().contains_key("usage"));
            let last = &events[events.len() - 2];
            assert_eq!(last["usage"], expected);
            assert_eq!(last["choices"] == json!([]), !expected.is_null());
        }
    }

    #[test]
    fn a_failed_stream_does_not_look_complete() {
        let events = written(true, |writer, out| {
            writer.begin(out, &head());
            writer.delta(out, "half");
            writer.error(out, &head(), &ApiError::internal());
        });
        assert_eq!(events.len(), 3);
        assert_eq!(events[2]["error"]["code"], "internal_error");
        assert!(
            !events
                .iter()
                .any(|event| event["choices"][0]["finish_reason"] == "stop")
        );
    }
}
