//! `POST /v1/chat/completions`, the chat API of OpenAI.

mod messages;
mod request;
mod response;
mod stream;

use http::Method;

use crate::dialects::dialect::{Action, Dialect, DialectRoute, ParsedRequest};
use crate::dialects::openai_error::error_body;
use crate::dialects::recall::Recall;
use crate::error::ApiError;
use request::ChatCompletionRequest;
use stream::ChatCompletionWriter;

#[derive(Debug)]
pub(crate) struct ChatCompletions;

static ROUTES: [DialectRoute; 1] = [DialectRoute {
    method: Method::POST,
    path: "/v1/chat/completions",
    action: Action::Complete(parse),
}];

impl Dialect for ChatCompletions {
    fn name(&self) -> &'static str {
        "chat"
    }

    fn root(&self) -> &'static str {
        "/v1/chat/completions"
    }

    fn routes(&self) -> &'static [DialectRoute] {
        &ROUTES
    }

    fn error_body(&self, error: &ApiError) -> Vec<u8> {
        error_body(error)
    }
}

fn parse(body: &[u8], _: &dyn Recall) -> Result<ParsedRequest, ApiError> {
    let request = ChatCompletionRequest::parse(body)?;
    let writer = ChatCompletionWriter::new(request.include_usage, request.calls_functions);
    Ok(ParsedRequest {
        request: request.request,
        writer: Box::new(writer),
    })
}
