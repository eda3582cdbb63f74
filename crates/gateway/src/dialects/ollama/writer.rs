use std::time::Duration;

use bytes::{BufMut as _, BytesMut};
use chatwire_core::{FinishReason, ToolCall};
use serde::Serialize;

use super::error::error_line;
use super::time::rfc3339;
use crate::completion::{Completion, CompletionEnd, ReplyHead};
use crate::dialects::dialect::ReplyWriter;
use crate::dialects::tools::{CallInput, prefixed};
use crate::error::ApiError;

/// Where a line has its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// In `message.content`.
    Chat,
    /// In `response`.
    Generate,
}

/// What a request without a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unasked {
    /// To load the model.
    Load,
    /// To take it out of memory.
    Unload,
}

/// Writes a reply: one JSON object, or one for each line of a stream.
///
/// What is the same in every line is written once, when the reply begins.
#[derive(Debug)]
pub(super) struct OllamaWriter {
    form: Form,
    unasked: Option<Unasked>,
    /// A line up to its text.
    line_head: Vec<u8>,
    head: Option<ReplyHead>,
    /// How many calls were written.
    calls: usize,
}

/// A call of a tool.
#[derive(Serialize)]
struct CallObject<'a> {
    id: String,
    function: FunctionObject<'a>,
}

#[derive(Serialize)]
struct FunctionObject<'a> {
    /// Its number among the calls.
    index: usize,
    name: &'a str,
    /// An object, unlike in the other APIs.
    arguments: CallInput<'a>,
}

impl<'a> CallObject<'a> {
    fn new(index: usize, call: &'a ToolCall) -> CallObject<'a> {
        CallObject {
            id: prefixed("call_", call.id()),
            function: FunctionObject {
                index,
                name: call.name(),
                arguments: CallInput::of(call),
            },
        }
    }
}

/// The members before the text.
#[derive(Serialize)]
struct LineHead<'a> {
    model: &'a str,
    created_at: String,
}

/// The members of the last line that come after its text.
#[derive(Serialize)]
struct End {
    done: bool,
    done_reason: &'static str,
    total_duration: u64,
    load_duration: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_eval_count: Option<u64>,
    prompt_eval_duration: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    eval_count: Option<u64>,
    eval_duration: u64,
}

impl OllamaWriter {
    pub(super) fn new(form: Form, unasked: Option<Unasked>) -> OllamaWriter {
        OllamaWriter {
            form,
            unasked,
            line_head: Vec::new(),
            head: None,
            calls: 0,
        }
    }

    /// Writes a line that is not the last.
    fn line(&self, out: &mut BytesMut, text: &str, calls: &[CallObject<'_>]) {
        out.put_slice(&self.line_head);
        // Serializing texts and numbers cannot fail, here and below.
        let _ = serde_json::to_writer(out.writer(), text);
        if !calls.is_empty() {
            out.put_slice(b",\"tool_calls\":");
            let _ = serde_json::to_writer(out.writer(), calls);
        }
        out.put_slice(match self.form {
            Form::Chat => b"},\"done\":false}\n",
            Form::Generate => b",\"done\":false}\n",
        });
    }

    /// The object that a whole reply is, and a stream ends with.
    fn last(
        &self,
        head: &ReplyHead,
        text: &str,
        calls: &[ToolCall],
        end: &CompletionEnd,
    ) -> Vec<u8> {
        let mut line = line_head(self.form, head);
        let _ = serde_json::to_writer(&mut line, text);
        if !calls.is_empty() {
            let calls = calls.iter().enumerate();
            let calls: Vec<_> = calls
                .map(|(index, call)| CallObject::new(index, call))
                .collect();
            line.extend_from_slice(b",\"tool_calls\":");
            let _ = serde_json::to_writer(&mut line, &calls);
        }
        if self.form == Form::Chat {
            line.push(b'}');
        }
        let usage = end.usage.unwrap_or_default();
        let (first, total) = (end.timing.first_text, end.timing.total);
        let end = End {
            done: true,
            done_reason: match self.unasked {
                Some(Unasked::Load) => "load",
                Some(Unasked::Unload) => "unload",
                None => done_reason(&end.reason),
            },
            total_duration: nanoseconds(total),
            load_duration: 0,
            prompt_eval_count: usage.prompt_tokens,
            prompt_eval_duration: nanoseconds(first),
            eval_count: usage.completion_tokens,
            eval_duration: nanoseconds(total.saturating_sub(first)),
        };
        let members = serde_json::to_vec(&end).unwrap_or_default();
        line.push(b',');
        line.extend_from_slice(members.get(1..).unwrap_or_default());
        line
    }
}

/// A line up to its text.
fn line_head(form: Form, head: &ReplyHead) -> Vec<u8> {
    let members = LineHead {
        model: &head.model,
        created_at: rfc3339(head.created),
    };
    let mut line = serde_json::to_vec(&members).unwrap_or_default();
    line.pop();
    line.extend_from_slice(match form {
        Form::Chat => b",\"message\":{\"role\":\"assistant\",\"content\":",
        Form::Generate => b",\"response\":",
    });
    line
}

impl ReplyWriter for OllamaWriter {
    fn whole(&mut self, head: &ReplyHead, completion: &Completion) -> Vec<u8> {
        self.last(head, &completion.text, &completion.calls, &completion.end)
    }

    fn stream_type(&self) -> &'static str {
        "application/x-ndjson"
    }

    /// The API has no comments, and its clients read no blank lines; a line
    /// without text is one that they know.
    fn keep_alive(&mut self, out: &mut BytesMut, head: &ReplyHead) {
        if self.line_head.is_empty() {
            let line_head = line_head(self.form, head);
            let begun = std::mem::replace(&mut self.line_head, line_head);
            self.line(out, "", &[]);
            self.line_head = begun;
        } else {
            self.line(out, "", &[]);
        }
    }

    fn begin(&mut self, _: &mut BytesMut, head: &ReplyHead) {
        self.line_head = line_head(self.form, head);
        self.head = Some(head.clone());
    }

    fn delta(&mut self, out: &mut BytesMut, text: &str) {
        self.line(out, text, &[]);
    }

    fn call(&mut self, out: &mut BytesMut, call: &ToolCall) {
        self.line(out, "", &[CallObject::new(self.calls, call)]);
        self.calls += 1;
    }

    fn end(&mut self, out: &mut BytesMut, end: &CompletionEnd) {
        if let Some(head) = &self.head {
            out.put_slice(&self.last(head, "", &[], end));
            out.put_u8(b'\n');
        }
    }

    /// A line with an `error`, and none that is `done`.
    fn error(&mut self, out: &mut BytesMut, _: &ReplyHead, error: &ApiError) {
        out.put_slice(&error_line(error));
        out.put_u8(b'\n');
    }
}

fn done_reason(reason: &FinishReason) -> &'static str {
    match reason {
        FinishReason::Length => "length",
        _ => "stop",
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use chatwire_core::Usage;
    use serde_json::{Value, json};

    use super::*;
    use crate::dialects::testing::{call, end, head, whole};

    fn lines(bytes: &[u8]) -> Vec<Value> {
        let text = std::str::from_utf8(bytes).unwrap();
        assert!(text.ends_with('\n'), "{text}");
        let line = |line| serde_json::from_str(line).unwrap();
        text.split_terminator('\n').map(line).collect()
    }

    fn line(form: Form, text: &str) -> Value {
        let mut line =
            json!({"model": "home/m", "created_at": "1970-01-01T00:00:07Z", "done": false});
        match form {
            Form::Chat => line["message"] = json!({"role": "assistant", "content": text}),
            Form::Generate => line["response"] = json!(text),
        }
        line
    }

    fn last(form: Form, text: &str, reason: &str, counts: Option<(u64, u64)>) -> Value {
        let mut line = line(form, text);
        line["done"] = json!(true);
        line["done_reason"] = json!(reason);
        line["total_duration"] = json!(2_500_000_000_u64);
        line["load_duration"] = json!(0);
        line["prompt_eval_duration"] = json!(500_000_000);
        line["eval_duration"] = json!(2_000_000_000);
        if let Some((prompt, completion)) = counts {
            line["prompt_eval_count"] = json!(prompt);
            line["eval_count"] = json!(completion);
        }
        line
    }

    #[test]
    fn a_stream_in_full() {
        let usage = Usage::new()
            .with_prompt_tokens(Some(2))
            .with_completion_tokens(Some(3));
        for form in [Form::Chat, Form::Generate] {
            let mut writer = OllamaWriter::new(form, None);
            let mut out = BytesMut::new();
            writer.keep_alive(&mut out, &head());
            writer.begin(&mut out, &head());
            writer.delta(&mut out, "é \"\n\u{1}🙂");
            writer.keep_alive(&mut out, &head());
            writer.end(&mut out, &end(FinishReason::Length, Some(usage)));
            assert_eq!(
                lines(&out),
                [
                    line(form, ""),
                    line(form, "é \"\n\u{1}🙂"),
                    line(form, ""),
                    last(form, "", "length", Some((2, 3))),
                ]
            );
        }
    }

    #[test]
    fn calls_of_tools() {
        let calls = [call(1, "a", "{\"x\":1}"), call(2, "b", "")];
        let object = |index: u32, id: &str, name: &str, arguments: Value| {
            let function = json!({"index": index, "name": name, "arguments": arguments});
            json!({"id": id, "function": function})
        };
        let objects = [
            object(0, "call_1", "a", json!({"x": 1})),
            object(1, "call_2", "b", json!({})),
        ];
        let with = |mut line: Value, calls: &[Value]| {
            line["message"]["tool_calls"] = json!(calls);
            line
        };
        let mut writer = OllamaWriter::new(Form::Chat, None);
        let mut out = BytesMut::new();
        writer.begin(&mut out, &head());
        for call in &calls {
            writer.call(&mut out, call);
        }
        writer.end(&mut out, &end(FinishReason::ToolCalls, None));
        assert_eq!(
            lines(&out),
            [
                with(line(Form::Chat, ""), &objects[..1]),
                with(line(Form::Chat, ""), &objects[1..]),
                last(Form::Chat, "", "stop", None),
            ]
        );
        let mut completion = whole("Well", FinishReason::ToolCalls);
        completion.calls = calls.to_vec();
        let body = OllamaWriter::new(Form::Chat, None).whole(&head(), &completion);
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body, with(last(Form::Chat, "Well", "stop", None), &objects));
    }

    #[test]
    fn a_reply_in_full() {
        for (unasked, reason) in [
            (None, "stop"),
            (Some(Unasked::Load), "load"),
            (Some(Unasked::Unload), "unload"),
        ] {
            for form in [Form::Chat, Form::Generate] {
                let mut writer = OllamaWriter::new(form, unasked);
                let body = writer.whole(&head(), &whole("Hello", FinishReason::Eof));
                let body: Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(body, last(form, "Hello", reason, None));
            }
        }
    }

    #[test]
    fn a_failed_stream_does_not_look_complete() {
        for begun in [false, true] {
            let mut writer = OllamaWriter::new(Form::Chat, None);
            let mut out = BytesMut::new();
            if begun {
                writer.begin(&mut out, &head());
                writer.delta(&mut out, "half");
            }
            let error = ApiError::internal();
            writer.error(&mut out, &head(), &error);
            let lines = lines(&out);
            assert_eq!(lines.last().unwrap(), &json!({"error": error.message}));
            assert!(!lines.iter().any(|line| line["done"] == true));
        }
    }
}
