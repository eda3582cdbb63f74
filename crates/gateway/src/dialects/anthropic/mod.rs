//! `POST /v1/messages` and `/v1/messages/count_tokens`, the API of Anthropic.

mod count;
mod error;
mod messages;
mod request;
mod response;
mod writer;

use http::{HeaderName, Method};

use crate::dialects::dialect::{Action, Dialect, DialectRoute, ParsedRequest};
use crate::dialects::recall::Recall;
use crate::error::ApiError;
use count::CountWriter;
use request::MessagesRequest;
use writer::MessageWriter;

#[derive(Debug)]
pub(crate) struct Anthropic;

static ROUTES: [DialectRoute; 2] = [
    DialectRoute {
        method: Method::POST,
        path: "/v1/messages",
        action: Action::Complete(parse),
    },
    DialectRoute {
        method: Method::POST,
        path: "/v1/messages/count_tokens",
        action: Action::Complete(parse_count),
    },
];

impl Dialect for Anthropic {
    fn name(&self) -> &'static str {
        "messages"
    }

    fn root(&self) -> &'static str {
        "/v1/messages"
    }

    fn routes(&self) -> &'static [DialectRoute] {
        &ROUTES
    }

    fn error_body(&self, error: &ApiError) -> Vec<u8> {
        error::error_body(error)
    }

    fn request_id_header(&self) -> Option<HeaderName> {
        Some(HeaderName::from_static("request-id"))
    }
}

fn parse(body: &[u8], _: &dyn Recall) -> Result<ParsedRequest, ApiError> {
    Ok(ParsedRequest {
        request: MessagesRequest::parse(body)?.request,
        writer: Box::new(MessageWriter::default()),
    })
}

/// The tokens are estimated; no backend is asked.
fn parse_count(body: &[u8], _: &dyn Recall) -> Result<ParsedRequest, ApiError> {
    let mut request = MessagesRequest::parse(body)?.request;
    request.is_question = false;
    Ok(ParsedRequest {
        request,
        writer: Box::new(CountWriter),
    })
}
