use bytes::BytesMut;
use serde::Serialize;

use crate::completion::{Completion, CompletionEnd, ReplyHead};
use crate::dialects::dialect::ReplyWriter;
use crate::error::ApiError;

/// Writes how many tokens a request has. That is never streamed.
#[derive(Debug)]
pub(super) struct CountWriter;

#[derive(Serialize)]
struct Count {
    input_tokens: u64,
}

impl ReplyWriter for CountWriter {
    fn whole(&mut self, head: &ReplyHead, _: &Completion) -> Vec<u8> {
        let count = Count {
            input_tokens: head.prompt_tokens,
        };
        // Serializing a number cannot fail.
        serde_json::to_vec(&count).unwrap_or_default()
    }

    fn stream_type(&self) -> &'static str {
        "application/json"
    }

    fn keep_alive(&mut self, _: &mut BytesMut, _: &ReplyHead) {}

    fn begin(&mut self, _: &mut BytesMut, _: &ReplyHead) {}

    fn delta(&mut self, _: &mut BytesMut, _: &str) {}

    fn end(&mut self, _: &mut BytesMut, _: &CompletionEnd) {}

    fn error(&mut self, _: &mut BytesMut, _: &ReplyHead, _: &ApiError) {}
}
