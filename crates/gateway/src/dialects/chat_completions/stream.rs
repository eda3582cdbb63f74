use bytes::{BufMut as _, BytesMut};
use chatwire_core::ToolCall;
use serde::Serialize;

use super::response::{self, CallForm, CallObject, FunctionObject, ID_PREFIX, finish_reason};
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
    form: CallForm,
    /// How many calls were written.
    calls: usize,
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

#[derive(Serialize)]
struct CallDelta<T> {
    tool_calls: [T; 1],
}

#[derive(Serialize)]
struct CallRest<'a> {
    index: usize,
    function: Arguments<'a>,
}

#[derive(Serialize)]
struct Arguments<'a> {
    arguments: &'a str,
}

#[derive(Serialize)]
struct FunctionDelta<'a> {
    function_call: FunctionObject<'a>,
}

fn write(out: &mut BytesMut, value: &impl Serialize) {
    // Serializing texts and numbers cannot fail.
    let _ = serde_json::to_writer(out.writer(), value);
}

impl ChatCompletionWriter {
    pub(super) fn new(include_usage: bool, calls_functions: bool) -> ChatCompletionWriter {
        ChatCompletionWriter {
            include_usage,
            form: match calls_functions {
                true => CallForm::Function,
                false => CallForm::Tools,
            },
            calls: 0,
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
        response::whole(head, completion, self.form)
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

    /// A chunk with the name, and one with the arguments.
    fn call(&mut self, out: &mut BytesMut, call: &ToolCall) {
        let index = self.calls;
        if self.form == CallForm::Function {
            // The older API has one call at most.
            if index == 0 {
                let delta = FunctionDelta {
                    function_call: FunctionObject::new(call),
                };
                self.chunk(out, |out| write(out, &delta), None);
            }
        } else {
            let mut first = CallObject::new(call);
            first.index = Some(index);
            first.function.arguments = "";
            let first = CallDelta {
                tool_calls: [first],
            };
            self.chunk(out, |out| write(out, &first), None);
            let arguments = call.arguments();
            let rest = CallDelta {
                tool_calls: [CallRest {
                    index,
                    function: Arguments { arguments },
                }],
            };
            self.chunk(out, |out| write(out, &rest), None);
        }
        self.calls += 1;
    }

    fn doubt(&mut self, out: &mut BytesMut, words: &str) {
        sse::doubt(out, words);
    }

    fn end(&mut self, out: &mut BytesMut, end: &CompletionEnd) {
        let reason = finish_reason(&end.reason, self.calls > 0, self.form);
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
    use crate::dialects::testing::call;

    fn head() -> ReplyHead {
        ReplyHead {
            id: "id\"1".into(),
            created: 7,
            model: "home/m".into(),
            prompt_tokens: 9,
            has_tools: true,
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
            emulation: None,
            timing: Default::default(),
        }
    }

    /// The data of the events that the calls wrote, comments left out.
    fn written(
        include_usage: bool,
        write: impl Fn(&mut dyn ReplyWriter, &mut BytesMut),
    ) -> Vec<Value> {
        events(ChatCompletionWriter::new(include_usage, false), write)
    }

    fn events(
        mut writer: ChatCompletionWriter,
        write: impl Fn(&mut dyn ReplyWriter, &mut BytesMut),
    ) -> Vec<Value> {
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
    fn calls_of_tools() {
        let calls = [call(1, "a", "{\"x\":1}"), call(2, "b", "{}")];
        let write = |writer: &mut dyn ReplyWriter, out: &mut BytesMut| {
            writer.begin(out, &head());
            for call in &calls {
                writer.call(out, call);
            }
            writer.end(out, &end(None));
        };
        let begun = chunk(json!({"role": "assistant", "content": ""}), Value::Null);
        let first = |index: u32, id: &str, name: &str| {
            let function = json!({"name": name, "arguments": ""});
            let call = json!({"index": index, "id": id, "type": "function", "function": function});
            chunk(json!({"tool_calls": [call]}), Value::Null)
        };
        let rest = |index: u32, arguments: &str| {
            let call = json!({"index": index, "function": {"arguments": arguments}});
            chunk(json!({"tool_calls": [call]}), Value::Null)
        };
        assert_eq!(
            events(ChatCompletionWriter::new(false, false), write),
            [
                begun.clone(),
                first(0, "call_1", "a"),
                rest(0, "{\"x\":1}"),
                first(1, "call_2", "b"),
                rest(1, "{}"),
                chunk(json!({}), json!("tool_calls")),
                json!("[DONE]"),
            ]
        );
        let function = json!({"name": "a", "arguments": "{\"x\":1}"});
        assert_eq!(
            events(ChatCompletionWriter::new(false, true), write),
            [
                begun,
                chunk(json!({"function_call": function}), Value::Null),
                chunk(json!({}), json!("function_call")),
                json!("[DONE]"),
            ]
        );
        let mut completion = crate::dialects::testing::whole("", FinishReason::ToolCalls);
        completion.calls = calls.to_vec();
        for (form, message, reason) in [
            (
                false,
                json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": [
                    {"id": "call_1", "type": "function",
                     "function": {"name": "a", "arguments": "{\"x\":1}"}},
                    {"id": "call_2", "type": "function",
                     "function": {"name": "b", "arguments": "{}"}}]}),
                "tool_calls",
            ),
            (
                true,
                json!({"role": "assistant", "content": null, "refusal": null,
                       "function_call": function}),
                "function_call",
            ),
        ] {
            let body = ChatCompletionWriter::new(false, form).whole(&head(), &completion);
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["choices"][0]["message"], message);
            assert_eq!(body["choices"][0]["finish_reason"], reason);
        }
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
