//! The API of Ollama, below `/api`.

mod error;
mod models;
mod request;
mod time;
mod writer;

use http::Method;

use crate::dialects::dialect::{Action, Dialect, DialectRoute, Parse, ParsedRequest};
use crate::dialects::recall::Recall;
use crate::error::ApiError;
use models::{ShowWriter, running, tags, version};
use request::OllamaRequest;
use writer::{Form, OllamaWriter};

#[derive(Debug)]
pub(crate) struct Ollama;

const UNCHANGEABLE: &str = "models cannot be added, changed or removed here: the configuration of \
                            the gateway says which there are";

static ROUTES: [DialectRoute; 14] = [
    complete("/api/chat", parse_chat),
    complete("/api/generate", parse_generate),
    complete("/api/show", parse_show),
    DialectRoute {
        method: Method::GET,
        path: "/api/tags",
        action: Action::ListModels(tags),
    },
    answer("/api/ps", running),
    answer("/api/version", version),
    refuse(Method::POST, "/api/pull", UNCHANGEABLE),
    refuse(Method::POST, "/api/push", UNCHANGEABLE),
    refuse(Method::POST, "/api/create", UNCHANGEABLE),
    refuse(Method::POST, "/api/copy", UNCHANGEABLE),
    refuse(Method::DELETE, "/api/delete", UNCHANGEABLE),
    refuse(Method::POST, "/api/blobs/{digest}", UNCHANGEABLE),
    refuse(Method::POST, "/api/embed", NO_EMBEDDINGS),
    refuse(Method::POST, "/api/embeddings", NO_EMBEDDINGS),
];

const NO_EMBEDDINGS: &str = "no provider here makes embeddings";

const fn complete(path: &'static str, parse: Parse) -> DialectRoute {
    DialectRoute {
        method: Method::POST,
        path,
        action: Action::Complete(parse),
    }
}

const fn answer(path: &'static str, write: fn() -> Vec<u8>) -> DialectRoute {
    DialectRoute {
        method: Method::GET,
        path,
        action: Action::Answer(write),
    }
}

const fn refuse(method: Method, path: &'static str, why: &'static str) -> DialectRoute {
    DialectRoute {
        method,
        path,
        action: Action::Refuse(why),
    }
}

impl Dialect for Ollama {
    fn name(&self) -> &'static str {
        "ollama"
    }

    fn root(&self) -> &'static str {
        "/api"
    }

    fn routes(&self) -> &'static [DialectRoute] {
        &ROUTES
    }

    fn error_body(&self, error: &ApiError) -> Vec<u8> {
        error::error_line(error)
    }
}

fn parse_chat(body: &[u8], _: &dyn Recall) -> Result<ParsedRequest, ApiError> {
    Ok(written_as(Form::Chat, OllamaRequest::chat(body)?))
}

fn parse_generate(body: &[u8], _: &dyn Recall) -> Result<ParsedRequest, ApiError> {
    Ok(written_as(Form::Generate, OllamaRequest::generate(body)?))
}

fn written_as(form: Form, request: OllamaRequest) -> ParsedRequest {
    ParsedRequest {
        writer: Box::new(OllamaWriter::new(form, request.unasked)),
        request: request.request,
    }
}

/// The description of a model needs no backend, but the model must exist.
fn parse_show(body: &[u8], _: &dyn Recall) -> Result<ParsedRequest, ApiError> {
    Ok(ParsedRequest {
        request: OllamaRequest::show(body)?,
        writer: Box::new(ShowWriter),
    })
}
