//! What the server does: its routes and its checks.

use super::request;
use super::write::{error_event, write};
use crate::answers::Answer;
use crate::protocol::{Protocol, Response};
use crate::protocols::model_api::{
    ApiReceived, ApiReply, ApiServer, OpenAiError, failure, openai_models, unauthorized,
};
use crate::server::{Pacing, RecordedRequest};

/// The protocol of OpenAI's Responses API, see [`ResponsesMock`](crate::ResponsesMock).
#[derive(Debug)]
pub struct ResponsesProtocol {
    server: ApiServer,
}

impl ResponsesProtocol {
    pub(super) fn new(server: ApiServer) -> Self {
        Self { server }
    }

    pub(super) fn received(&self) -> Vec<ApiReceived> {
        self.server.received()
    }

    fn ask(&self, request: &RecordedRequest) -> Response<ApiReply> {
        match request::read(request, &self.server) {
            Ok(received) => {
                let question = received.question();
                let reply =
                    ApiReply::new(format!("This is the Responses mock. You asked: {question}"));
                self.server.receive(received);
                Response::Reply(reply)
            }
            Err(error) => Response::Answer(error.answer()),
        }
    }
}

impl Protocol for ResponsesProtocol {
    const PROVIDER: &'static str = "responses";
    type Reply = ApiReply;

    fn is_chat(request: &RecordedRequest) -> bool {
        request.method == "POST" && request.path().ends_with("/responses")
    }

    fn respond(&self, request: &RecordedRequest) -> Response<ApiReply> {
        if let Some(refusal) = unauthorized(self.server.admits(request)) {
            return Response::Answer(refusal);
        }
        let (method, path) = (request.method.as_str(), request.path());
        match (method, path) {
            ("POST", "/v1/responses") => self.ask(request),
            ("GET", "/v1/models") => Response::Answer(openai_models(&self.server.models())),
            _ => Response::Answer(OpenAiError::no_route(method, path).answer()),
        }
    }

    fn write(&self, reply: &ApiReply, request: &RecordedRequest, pacing: &Pacing) -> Answer {
        write(reply, request, self.server.next_reply(), pacing)
    }

    fn failure(message: &str) -> Answer {
        failure(message)
    }

    fn late_error(message: &str) -> Option<String> {
        Some(error_event(message))
    }

    fn directory(&self) -> &str {
        "/v1"
    }
}
