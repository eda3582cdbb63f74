//! What the server does: its routes and its checks.

use super::request::read;
use super::write::{error_event, write};
use crate::answers::Answer;
use crate::protocol::{Protocol, Response};
use crate::protocols::model_api::{
    ApiReceived, ApiReply, ApiServer, MODEL, failure, openai_respond,
};
use crate::server::{Pacing, RecordedRequest};

/// The protocol of OpenAI's chat completions, see [`OpenAiMock`](crate::OpenAiMock).
#[derive(Debug)]
pub struct OpenAiProtocol {
    server: ApiServer,
}

impl OpenAiProtocol {
    pub(super) fn new(server: ApiServer) -> Self {
        Self { server }
    }

    pub(super) fn received(&self) -> Vec<ApiReceived> {
        self.server.received()
    }
}

impl Protocol for OpenAiProtocol {
    const PROVIDER: &'static str = "openai";
    const MODEL: &'static str = MODEL;
    type Reply = ApiReply;

    fn is_chat(request: &RecordedRequest) -> bool {
        request.method == "POST" && request.path().ends_with("/chat/completions")
    }

    fn respond(&self, request: &RecordedRequest) -> Response<ApiReply> {
        openai_respond(
            &self.server,
            request,
            "OpenAI",
            "/v1/chat/completions",
            read,
        )
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
