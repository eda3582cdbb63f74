//! `POST /v1/completions`, the oldest API of OpenAI.

mod request;
mod writer;

use http::Method;

use crate::dialects::dialect::{Action, Dialect, DialectRoute, ParsedRequest};
use crate::dialects::openai_error::error_body;
use crate::dialects::recall::Recall;
use crate::error::ApiError;
use request::CompletionRequest;
use writer::CompletionWriter;

#[derive(Debug)]
pub(crate) struct Completions;

static ROUTES: [DialectRoute; 1] = [DialectRoute {
    method: Method::POST,
    path: "/v1/completions",
    action: Action::Complete(parse),
}];

impl Dialect for Completions {
    fn name(&self) -> &'static str {
        "completions"
    }

    fn root(&self) -> &'static str {
        "/v1/completions"
    }

    fn routes(&self) -> &'static [DialectRoute] {
        &ROUTES
    }

    fn error_body(&self, error: &ApiError) -> Vec<u8> {
        error_body(error)
    }
}

fn parse(body: &[u8], _: &dyn Recall) -> Result<ParsedRequest, ApiError> {
    let request = CompletionRequest::parse(body)?;
    let writer = CompletionWriter::new(request.include_usage, request.echo);
    Ok(ParsedRequest {
        request: request.request,
        writer: Box::new(writer),
    })
}
