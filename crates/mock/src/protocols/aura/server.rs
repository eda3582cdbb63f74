//! What the server does: its routes, its checks, and what of a question reaches the model.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::demand::Demand;
use super::flavour::AuraFlavour;
use super::ollama;
use super::received::{AuraReceived, DEFAULT_PROMPT};
use crate::answers::{Answer, latin1};
use crate::memory::Memory;
use crate::protocol::{Protocol, Response};
use crate::received_message::ReceivedMessage;
use crate::server::{Pacing, RecordedRequest};
use crate::sync::lock;

/// The protocol of openchat-ui and Chatbot-UI servers and their relatives, see [`AuraMock`](crate::AuraMock).
#[derive(Debug)]
pub struct AuraProtocol {
    flavour: AuraFlavour,
    models: Vec<(String, String)>,
    demands: Vec<Demand>,
    content_type: Option<String>,
    received: Mutex<Memory<AuraReceived>>,
}

impl Protocol for AuraProtocol {
    const PROVIDER: &'static str = "aura";
    const MODEL: &'static str = "openchat_3.6";
    const HAS_END_MARK: bool = false;
    type Reply = String;

    fn is_chat(request: &RecordedRequest) -> bool {
        request.path() == "/api/chat"
    }

    fn respond(&self, request: &RecordedRequest) -> Response<String> {
        if !self.demands.iter().all(|demand| demand.is_met(request)) {
            return Response::Answer(Answer::html(
                401,
                "<html><body><h1>401 Authorization Required</h1></body></html>",
            ));
        }
        let answer = match request.path() {
            "/api/chat" if self.flavour == AuraFlavour::ChatbotOllama => {
                return self.ollama_chat(request);
            }
            "/api/chat" => match self.chat(request) {
                Some(response) => return response,
                None => Self::failure(""),
            },
            "/api/models" => self.list(request).unwrap_or_else(|| Self::failure("")),
            "/" => Answer::html(
                200,
                "<!DOCTYPE html><html><head><title>OpenChat</title></head><body></body></html>",
            ),
            path => match path.strip_suffix('/') {
                Some(bare) => Answer::redirect(308, bare).piece(bare),
                None => Answer::html(
                    404,
                    "<!DOCTYPE html><html><head><title>404: This page could not be found</title></head></html>",
                ),
            },
        };
        Response::Answer(answer)
    }

    /// The server sends no `Content-Type`, and the head with the first piece.
    fn write(&self, text: &String, _: &RecordedRequest, pacing: &Pacing) -> Answer {
        let pieces = match self.flavour {
            AuraFlavour::LlamaEdge => chunks(&pacing.split(text)),
            _ => pacing.split(text),
        };
        pacing
            .steps(pieces)
            .into_iter()
            .fold(Answer::status(200), Answer::step)
            .head_with_first_piece()
    }

    fn complete(&self, answer: Answer, request: &RecordedRequest) -> Answer {
        match &self.content_type {
            Some(content_type) if Self::is_chat(request) => {
                answer.default_header("content-type", content_type)
            }
            _ => answer,
        }
    }

    fn failure(cause: &str) -> Answer {
        let answer = Answer::status(500);
        match latin1(cause) {
            Some(cause) if !cause.is_empty() => answer.reason(cause),
            _ => answer,
        }
        .header("content-type", "text/plain;charset=UTF-8")
        .piece("Error")
    }
}

impl AuraProtocol {
    pub(crate) fn new(
        flavour: AuraFlavour,
        models: Vec<(String, String)>,
        demands: Vec<Demand>,
        content_type: Option<String>,
    ) -> Self {
        Self {
            flavour,
            models,
            demands,
            content_type,
            received: Mutex::default(),
        }
    }

    pub(crate) fn received(&self) -> Vec<AuraReceived> {
        lock(&self.received).to_vec()
    }

    /// `None` is what makes the real server throw before it has asked the model.
    fn chat(&self, request: &RecordedRequest) -> Option<Response<String>> {
        let body = request.json().ok()?;
        let model = body.get("model")?;
        let id = model.get("id")?.as_str()?;
        let known = self.models.iter().any(|(known, _)| known == id);
        if self.flavour == AuraFlavour::OpenChatUi && !known {
            return None;
        }
        let messages: Option<Vec<ReceivedMessage>> = body
            .get("messages")?
            .as_array()?
            .iter()
            .map(|message| {
                Some(ReceivedMessage {
                    role: message.get("role")?.as_str()?.to_owned(),
                    content: message.get("content")?.as_str()?.to_owned(),
                })
            })
            .collect();
        let mut messages = messages?;

        let prompt = match body.get("prompt").and_then(Value::as_str) {
            None | Some("") => DEFAULT_PROMPT,
            Some(prompt) => prompt,
        };
        let given = body.get("temperature").filter(|value| !value.is_null());
        let temperature = match self.flavour {
            AuraFlavour::OpenChatUi => given.cloned().unwrap_or(json!(1)),
            _ => json!(1),
        };
        let question = messages.iter().rev().find(|message| message.role == "user");
        let reply = format!(
            "This is the Aura mock. You asked: {}",
            question.map_or("", |message| message.content.as_str())
        );

        let dropped = match model.get("tokenLimit").and_then(Value::as_f64) {
            // Compared with nothing, no sum is too large.
            None => 0,
            Some(limit) => messages.len() - self.fitting(prompt, &messages, limit),
        };
        messages.drain(..dropped);
        let received = AuraReceived {
            prompt: prompt.to_owned(),
            messages,
            images: Vec::new(),
            dropped,
            model: id.to_owned(),
            temperature,
            key: body
                .get("key")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
        };
        self.remember(received);
        Some(Response::Reply(reply))
    }

    fn remember(&self, received: AuraReceived) {
        let size = received.size();
        lock(&self.received).push(received, size);
    }

    fn ollama_chat(&self, request: &RecordedRequest) -> Response<String> {
        let body = match request.json() {
            Ok(body) => body,
            Err(error) => {
                return Response::Answer(ollama::failure(
                    "Internal Server Error",
                    &error.to_string(),
                    None,
                ));
            }
        };
        let received = ollama::received(&body);
        let model = &received.model;
        if !self.models.iter().any(|(known, _)| known == model) {
            let message = format!("model '{model}' not found, try pulling it first");
            let suggestion = Some("Check if Ollama is running and accessible");
            return Response::Answer(ollama::failure("Ollama Error", &message, suggestion));
        }
        let question = received.messages.first();
        let reply = format!(
            "This is the Aura mock. You asked: {}",
            question.map_or("", |message| message.content.as_str())
        );
        self.remember(received);
        Response::Reply(reply)
    }

    /// How many messages, from the newest backwards, fit.
    fn fitting(&self, prompt: &str, messages: &[ReceivedMessage], limit: f64) -> usize {
        let mut used = tokens(prompt) + self.flavour.reserve();
        messages
            .iter()
            .rev()
            .take_while(|message| {
                used += tokens(&message.content);
                // Counts this small are exact as floating-point numbers.
                used as f64 <= limit
            })
            .count()
    }

    fn list(&self, request: &RecordedRequest) -> Option<Answer> {
        request.json().ok()?;
        let models: Vec<Value> = self
            .models
            .iter()
            .map(|(id, name)| json!({"id": id, "name": name}))
            .collect();
        Some(
            Answer::stream([Value::from(models).to_string()])
                .header("content-type", "text/plain;charset=UTF-8"),
        )
    }
}

/// The pieces as events of the OpenAI API, with its end.
fn chunks(pieces: &[String]) -> Vec<String> {
    let event = |delta: Value, reason: Option<&str>| {
        let chunk = json!({
            "id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 1_700_000_000,
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        });
        format!("data: {chunk}\n\n")
    };
    let mut events = vec![event(json!({"role": "assistant", "content": ""}), None)];
    events.extend(
        pieces
            .iter()
            .map(|text| event(json!({"content": text}), None)),
    );
    events.push(event(json!({}), Some("stop")));
    events.push("data: [DONE]\n\n".to_owned());
    events
}

fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}
