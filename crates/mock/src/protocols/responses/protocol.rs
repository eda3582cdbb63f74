//! What the server does: its routes and its checks.

use super::request::read;
use super::write::{error_event, write};
use crate::answers::Answer;
use crate::protocol::{Protocol, Response};
use crate::protocols::model_api::{
    ApiReceived, ApiReply, ApiServer, MODEL, failure, openai_respond,
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
}

impl Protocol for ResponsesProtocol {
    const PROVIDER: &'static str = "responses";
    const MODEL: &'static str = MODEL;
    type Reply = ApiReply;

    fn is_chat(request: &RecordedRequest) -> bool {
        request.method == "POST" && request.path().ends_with("/responses")
    }

    fn respond(&self, request: &RecordedRequest) -> Response<ApiReply> {
        openai_respond(&self.server, request, "Responses", "/v1/responses", read)
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
