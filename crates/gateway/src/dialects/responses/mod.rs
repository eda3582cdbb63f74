//! `/v1/responses`, the newer API of OpenAI.

mod events;
mod incomplete;
mod input;
mod items;
mod request;
mod response;
mod writer;

use http::Method;
use serde::Serialize;

use crate::dialects::dialect::{Action, Dialect, DialectRoute, ParsedRequest};
use crate::dialects::openai_error::error_body;
use crate::dialects::recall::Recall;
use crate::error::ApiError;
use request::ResponseRequest;
use writer::ResponseWriter;

#[derive(Debug)]
pub(crate) struct Responses;

static ROUTES: [DialectRoute; 3] = [
    DialectRoute {
        method: Method::POST,
        path: "/v1/responses",
        action: Action::Complete(parse),
    },
    DialectRoute {
        method: Method::GET,
        path: "/v1/responses/{id}",
        action: Action::ShowResponse,
    },
    DialectRoute {
        method: Method::DELETE,
        path: "/v1/responses/{id}",
        action: Action::DeleteResponse(deleted),
    },
];

impl Dialect for Responses {
    fn name(&self) -> &'static str {
        "responses"
    }

    fn root(&self) -> &'static str {
        "/v1/responses"
    }

    fn routes(&self) -> &'static [DialectRoute] {
        &ROUTES
    }

    fn error_body(&self, error: &ApiError) -> Vec<u8> {
        error_body(error)
    }
}

fn parse(body: &[u8], recall: &dyn Recall) -> Result<ParsedRequest, ApiError> {
    let request = ResponseRequest::parse(body, recall)?;
    let writer = ResponseWriter::new(request.settings, request.kept);
    Ok(ParsedRequest {
        request: request.request,
        writer: Box::new(writer),
    })
}

/// The answer to a request that deleted a response.
fn deleted(id: &str) -> Vec<u8> {
    #[derive(Serialize)]
    struct Deleted<'a> {
        id: &'a str,
        object: &'static str,
        deleted: bool,
    }

    let body = Deleted {
        id,
        object: "response",
        deleted: true,
    };
    // Serializing texts cannot fail.
    serde_json::to_vec(&body).unwrap_or_default()
}
