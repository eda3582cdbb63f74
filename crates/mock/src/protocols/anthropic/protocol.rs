//! What the server does: its routes and its checks.

use serde_json::json;

use super::request::{self, ApiError};
use super::write::{error_event, write};
use crate::answers::Answer;
use crate::protocol::{Protocol, Response};
use crate::protocols::model_api::{ApiReceived, ApiReply, ApiServer, MODEL};
use crate::server::{Pacing, RecordedRequest};

/// The protocol of Anthropic's Messages API, see [`AnthropicMock`](crate::AnthropicMock).
#[derive(Debug)]
pub struct AnthropicProtocol {
    server: ApiServer,
}

impl AnthropicProtocol {
    pub(super) fn new(server: ApiServer) -> Self {
        Self { server }
    }

    pub(super) fn received(&self) -> Vec<ApiReceived> {
        self.server.received()
    }

    fn ask(&self, request: &RecordedRequest) -> Response<ApiReply> {
        match request::read(request, &self.server) {
            Ok(received) => Response::Reply(self.server.take(received, "Anthropic")),
            Err(error) => Response::Answer(error.answer()),
        }
    }

    fn models(&self) -> Answer {
        let ids = self.server.models();
        let model = |id: &&str| {
            json!({
                "type": "model", "id": id, "display_name": id,
                "created_at": "2025-01-01T00:00:00Z",
            })
        };
        let models: Vec<_> = ids.iter().map(model).collect();
        Answer::json(json!({
            "data": models, "has_more": false, "first_id": ids.first(), "last_id": ids.last(),
        }))
    }
}

impl Protocol for AnthropicProtocol {
    const PROVIDER: &'static str = "anthropic";
    const MODEL: &'static str = MODEL;
    type Reply = ApiReply;

    fn is_chat(request: &RecordedRequest) -> bool {
        request.method == "POST" && request.path().ends_with("/v1/messages")
    }

    fn respond(&self, request: &RecordedRequest) -> Response<ApiReply> {
        if let Err(error) = request::admit(request, &self.server) {
            return Response::Answer(error.answer());
        }
        let (method, path) = (request.method.as_str(), request.path());
        match (method, path) {
            ("POST", "/v1/messages") => self.ask(request),
            ("GET", "/v1/models") => Response::Answer(self.models()),
            (_, "/v1/messages" | "/v1/models") => {
                let error = ApiError::new(405, "invalid_request_error", "Method Not Allowed");
                Response::Answer(error.answer())
            }
            _ => {
                let error = ApiError::new(404, "not_found_error", "Not Found");
                Response::Answer(error.answer())
            }
        }
    }

    fn write(&self, reply: &ApiReply, request: &RecordedRequest, pacing: &Pacing) -> Answer {
        write(reply, request, self.server.next_reply(), pacing)
    }

    fn failure(message: &str) -> Answer {
        ApiError::new(500, "api_error", message).answer()
    }

    fn late_error(message: &str) -> Option<String> {
        Some(error_event(message))
    }
}
