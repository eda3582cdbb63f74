//! What the server does: its routes, its checks, and what of a question reaches the model.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::bodies::{self, Verdict};
use super::received::AiSdkReceived;
use super::reply::AiSdkReply;
use super::template;
use super::version::{AiSdkRoute, AiSdkStream, AiSdkVersion};
use super::write::{event, ui_head, write};
use crate::answers::Answer;
use crate::memory::Memory;
use crate::protocol::{Protocol, Response};
use crate::received_message::ReceivedMessage;
use crate::server::{Pacing, RecordedRequest};
use crate::sync::lock;

/// The protocol of servers built with the AI SDK, see [`AiSdkMock`](crate::AiSdkMock).
#[derive(Debug)]
pub struct AiSdkProtocol {
    pub(super) version: AiSdkVersion,
    pub(super) stream: AiSdkStream,
    pub(super) route: AiSdkRoute,
    pub(super) path: String,
    pub(super) masks_errors: bool,
    pub(super) demands: Vec<Demand>,
    pub(super) members: Vec<String>,
    pub(super) received: Mutex<Memory<AiSdkReceived>>,
}

/// What every request must have.
#[derive(Clone, Debug)]
pub(super) enum Demand {
    Header(String, String),
    Cookie(String, String),
}

impl Demand {
    fn is_met(&self, request: &RecordedRequest) -> bool {
        match self {
            Self::Header(name, value) => request.header(name) == Some(value),
            Self::Cookie(name, value) => request.cookie(name) == Some(value),
        }
    }
}

impl Protocol for AiSdkProtocol {
    const PROVIDER: &'static str = "ai-sdk";
    const MODEL: &'static str = "mock-model";
    type Reply = AiSdkReply;

    fn is_chat(request: &RecordedRequest) -> bool {
        request.method == "POST" && request.path().ends_with("/chat")
    }

    fn respond(&self, request: &RecordedRequest) -> Response<AiSdkReply> {
        let path = request.path();
        Response::Answer(if path == self.path {
            match request.method.as_str() {
                "POST" => return self.chat(request),
                // Next.js says no more.
                _ => Answer::status(405),
            }
        } else if path.strip_suffix('/') == Some(&self.path) {
            Answer::redirect(308, &self.path)
        } else if path == "/" {
            Answer::html(
                200,
                "<!DOCTYPE html><html><head><title>Chat</title></head><body></body></html>",
            )
        } else {
            Answer::html(
                404,
                "<!DOCTYPE html><html><head><title>404: This page could not be found.</title></head></html>",
            )
        })
    }

    fn write(&self, reply: &AiSdkReply, _: &RecordedRequest, pacing: &Pacing) -> Answer {
        write(reply, self.version, self.stream, self.masks_errors, pacing)
    }

    /// As a server of versions 5 to 7 says it, if its `onError` passes messages on.
    fn failure(message: &str) -> Answer {
        ui_head()
            .piece(event(&json!({"type": "start"})))
            .piece(event(&json!({"type": "error", "errorText": message})))
            .piece("data: [DONE]\n\n")
    }

    fn late_error(message: &str) -> Option<String> {
        let error = event(&json!({"type": "error", "errorText": message}));
        Some(format!("{error}data: [DONE]\n\n"))
    }
}

impl AiSdkProtocol {
    pub(super) fn received(&self) -> Vec<AiSdkReceived> {
        lock(&self.received).to_vec()
    }

    fn chat(&self, request: &RecordedRequest) -> Response<AiSdkReply> {
        // A route that throws, in Next.js: also for what is no JSON.
        let thrown = || Response::Answer(Answer::status(500));
        if !self.demands.iter().all(|demand| demand.is_met(request)) {
            let words = "You need to sign in to view this chat. Please sign in and try again.";
            return Response::Answer(template_error(401, "unauthorized:chat", words));
        }
        let Ok(body) = request.json() else {
            return thrown();
        };
        let is_missing = |name: &String| body.get(name).is_none_or(Value::is_null);
        if self.members.iter().any(is_missing) {
            return thrown();
        }
        let verdict = match self.route {
            AiSdkRoute::Template(schema) => template::judge(schema, &body),
            route => Some(bodies::judge(self.version, route, &body)),
        };
        match verdict {
            Some(Verdict::Takes(messages)) => self.ask(messages, body),
            Some(Verdict::Throws) => thrown(),
            Some(Verdict::Fails) => Response::Answer(Self::failure("An error occurred.")),
            None => Response::Answer(template_error(
                400,
                "bad_request:api",
                "The request couldn't be processed. Please check your input and try again.",
            )),
        }
    }

    fn ask(&self, messages: Vec<ReceivedMessage>, body: Value) -> Response<AiSdkReply> {
        let question = messages.iter().rev().find(|message| message.role == "user");
        let reply = AiSdkReply::new(format!(
            "This is the AI SDK mock. You asked: {}",
            question.map_or("", |message| message.content.as_str())
        ));
        let received = AiSdkReceived { messages, body };
        let size = received.size();
        lock(&self.received).push(received, size);
        Response::Reply(reply)
    }
}

/// An error of the ai-chatbot template.
fn template_error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(json!({"code": code, "message": message})).with_status(status)
}
