//! `POST /v1/chat/completions`, the chat API of OpenAI.

mod error;
mod messages;
mod request;
mod response;
mod stream;
mod usage;

use crate::dialects::dialect::{Dialect, ParsedRequest};
use crate::error::ApiError;
use request::ChatCompletionRequest;
use stream::ChatCompletionWriter;

#[derive(Debug)]
pub(crate) struct ChatCompletions;

impl Dialect for ChatCompletions {
    fn path(&self) -> &'static str {
        "/v1/chat/completions"
    }

    fn parse(&self, body: &[u8]) -> Result<ParsedRequest, ApiError> {
        let request = ChatCompletionRequest::parse(body)?;
        let writer = ChatCompletionWriter::new(request.include_usage);
        Ok(ParsedRequest {
            request: request.request,
            writer: Box::new(writer),
        })
    }

    fn error_body(&self, error: &ApiError) -> Vec<u8> {
        error::error_body(error)
    }
}
