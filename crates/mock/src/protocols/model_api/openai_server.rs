//! What the servers of OpenAI's APIs do alike.

use serde_json::json;

use super::api_server::ApiServer;
use super::openai_error::{OpenAiError, unauthorized};
use super::received::ApiReceived;
use super::reply::ApiReply;
use crate::answers::Answer;
use crate::protocol::Response;
use crate::server::RecordedRequest;

/// Reads a question; the error is the server's.
type Read = fn(&RecordedRequest, &ApiServer) -> Result<ApiReceived, OpenAiError>;

/// Answers a request to the mock of this name, which takes questions at this path.
pub(crate) fn openai_respond(
    server: &ApiServer,
    request: &RecordedRequest,
    mock: &str,
    path: &str,
    read: Read,
) -> Response<ApiReply> {
    if let Some(refusal) = unauthorized(server.admits(request)) {
        return Response::Answer(refusal);
    }
    match (request.method.as_str(), request.path()) {
        ("POST", asked) if asked == path => match read(request, server) {
            Ok(received) => Response::Reply(server.take(received, mock)),
            Err(error) => Response::Answer(error.answer()),
        },
        ("GET", "/v1/models") => Response::Answer(models(&server.models())),
        (method, path) => Response::Answer(OpenAiError::no_route(method, path).answer()),
    }
}

fn models(ids: &[&str]) -> Answer {
    let model = |id: &&str| json!({"id": id, "object": "model", "created": 1_700_000_000, "owned_by": "chatwire-mock"});
    let models: Vec<_> = ids.iter().map(model).collect();
    Answer::json(json!({"object": "list", "data": models}))
}
