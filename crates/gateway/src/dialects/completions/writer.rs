use bytes::{BufMut as _, BytesMut};
use chatwire_core::FinishReason;
use serde::Serialize;

use crate::completion::{Completion, CompletionEnd, ReplyHead};
use crate::dialects::completion_usage::CompletionUsage;
use crate::dialects::dialect::ReplyWriter;
use crate::dialects::openai_error::error_body;
use crate::dialects::sse;
use crate::error::ApiError;

/// What ids of this dialect begin with.
const ID_PREFIX: &str = "cmpl-";

/// Writes a text completion, whole or as server-sent events.
#[derive(Debug)]
pub(super) struct CompletionWriter {
    include_usage: bool,
    /// What stands before the answer.
    echo: Option<String>,
    /// From `data: {` up to the value of `choices`.
    chunk_head: Vec<u8>,
}

#[derive(Serialize)]
struct Head<'a> {
    id: String,
    object: &'static str,
    created: u64,
    model: &'a str,
}

#[derive(Serialize)]
struct TextCompletion<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    choices: [Choice<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<CompletionUsage>,
}

#[derive(Serialize)]
struct Choice<'a> {
    text: &'a str,
    index: u32,
    logprobs: Option<()>,
    finish_reason: Option<&'static str>,
}

impl CompletionWriter {
    pub(super) fn new(include_usage: bool, echo: Option<String>) -> CompletionWriter {
        CompletionWriter {
            include_usage,
            echo,
            chunk_head: Vec::new(),
        }
    }

    fn chunk(&self, out: &mut BytesMut, text: &str, finish_reason: Option<&'static str>) {
        out.put_slice(&self.chunk_head);
        let choices = [Choice {
            text,
            index: 0,
            logprobs: None,
            finish_reason,
        }];
        // Serializing texts cannot fail, here and below.
        let _ = serde_json::to_writer(out.writer(), &choices);
        out.put_slice(b"}\n\n");
    }
}

impl ReplyWriter for CompletionWriter {
    fn whole(&mut self, head: &ReplyHead, completion: &Completion) -> Vec<u8> {
        let echoed = self
            .echo
            .take()
            .map(|prompt| prompt + completion.text.as_str());
        let body = TextCompletion {
            head: reply_head(head),
            choices: [Choice {
                text: echoed.as_ref().unwrap_or(&completion.text),
                index: 0,
                logprobs: None,
                finish_reason: Some(finish_reason(&completion.end.reason)),
            }],
            usage: CompletionUsage::complete(completion.end.usage),
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }

    fn stream_type(&self) -> &'static str {
        "text/event-stream"
    }

    fn keep_alive(&mut self, out: &mut BytesMut, _: &ReplyHead) {
        sse::keep_alive(out);
    }

    fn begin(&mut self, out: &mut BytesMut, head: &ReplyHead) {
        self.chunk_head = b"data: ".to_vec();
        let _ = serde_json::to_writer(&mut self.chunk_head, &reply_head(head));
        self.chunk_head.pop();
        self.chunk_head.extend_from_slice(b",\"choices\":");
        if let Some(prompt) = self.echo.take() {
            self.chunk(out, &prompt, None);
        }
    }

    fn delta(&mut self, out: &mut BytesMut, text: &str) {
        self.chunk(out, text, None);
    }

    fn doubt(&mut self, out: &mut BytesMut, words: &str) {
        sse::doubt(out, words);
    }

    fn end(&mut self, out: &mut BytesMut, end: &CompletionEnd) {
        self.chunk(out, "", Some(finish_reason(&end.reason)));
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

fn reply_head(head: &ReplyHead) -> Head<'_> {
    Head {
        id: format!("{ID_PREFIX}{}", head.id),
        object: "text_completion",
        created: head.created,
        model: &head.model,
    }
}

fn finish_reason(reason: &FinishReason) -> &'static str {
    match reason {
        FinishReason::Length => "length",
        FinishReason::ContentFilter => "content_filter",
        _ => "stop",
    }
}

#[cfg(test)]
mod tests {
    use chatwire_core::Usage;
    use serde_json::{Value, json};

    use super::*;
    use crate::dialects::testing::{end, head, sse, whole};

    fn chunk(text: &str, reason: Value) -> Value {
        json!({"id": "cmpl-id\"1", "object": "text_completion", "created": 7, "model": "home/m",
               "choices": [{"text": text, "index": 0, "logprobs": null, "finish_reason": reason}]})
    }

    #[test]
    fn a_stream_in_full() {
        let usage = Usage::new()
            .with_prompt_tokens(Some(2))
            .with_completion_tokens(Some(3));
        for (include_usage, echo) in [(false, None), (true, Some("Once "))] {
            let mut writer = CompletionWriter::new(include_usage, echo.map(str::to_owned));
            let mut out = BytesMut::new();
            writer.keep_alive(&mut out, &head());
            writer.begin(&mut out, &head());
            writer.delta(&mut out, "é \"🙂");
            writer.end(&mut out, &end(FinishReason::Length, Some(usage)));
            let mut expected: Vec<Value> = Vec::new();
            expected.extend(echo.map(|prompt| chunk(prompt, Value::Null)));
            expected.push(chunk("é \"🙂", Value::Null));
            expected.push(chunk("", json!("length")));
            if include_usage {
                let mut last = chunk("", Value::Null);
                last["choices"] = json!([]);
                last["usage"] =
                    json!({"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5});
                expected.push(last);
            }
            expected.push(json!("[DONE]"));
            assert_eq!(sse(&out), expected);
        }
    }

    #[test]
    fn a_completion_in_full() {
        for (echo, text) in [(None, "Hello"), (Some("Oh, "), "Oh, Hello")] {
            let mut writer = CompletionWriter::new(false, echo.map(str::to_owned));
            let body = writer.whole(&head(), &whole("Hello", FinishReason::Stop));
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body, chunk(text, json!("stop")));
        }
    }

    #[test]
    fn a_failed_stream_does_not_look_complete() {
        let mut writer = CompletionWriter::new(true, None);
        let mut out = BytesMut::new();
        writer.begin(&mut out, &head());
        writer.delta(&mut out, "half");
        writer.error(&mut out, &head(), &ApiError::internal());
        let events = sse(&out);
        assert_eq!(events.len(), 2);
        assert_eq!(events[1]["error"]["code"], "internal_error");
    }
}
