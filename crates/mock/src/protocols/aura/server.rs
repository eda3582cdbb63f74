//! What the server does: its routes, its checks, and what of a question reaches the model.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::demand::Demand;
use super::flavour::AuraFlavour;
use super::received::AuraReceived;
use crate::answers::{Answer, latin1};
use crate::memory::Memory;
use crate::protocol::{Protocol, Response};
use crate::received_message::ReceivedMessage;
use crate::server::{Pacing, RecordedRequest};
use crate::sync::lock;

/// The protocol of openchat-ui and Chatbot-UI servers, see [`AuraMock`](crate::AuraMock).
#[derive(Debug)]
pub struct AuraProtocol {
    flavour: AuraFlavour,
    models: Vec<(String, String)>,
    demands: Vec<Demand>,
    received: Mutex<Memory<AuraReceived>>,
}

/// The system prompt where a request has none.
pub(crate) const DEFAULT_PROMPT: &str = "You are ChatGPT, a large language model trained by OpenAI. \
     Follow the user's instructions carefully. Respond using markdown.";

impl Protocol for AuraProtocol {
    const PROVIDER: &'static str = "aura";
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
        pacing
            .steps(pacing.split(text))
            .into_iter()
            .fold(Answer::status(200), Answer::step)
            .head_with_first_piece()
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
    ) -> Self {
        Self {
            flavour,
            models,
            demands,
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
            AuraFlavour::ChatbotUi => json!(1),
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
            dropped,
            model: id.to_owned(),
            temperature,
            key: body
                .get("key")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
        };
        let size = received.size();
        lock(&self.received).push(received, size);
        Some(Response::Reply(reply))
    }

    /// How many messages, from the newest backwards, fit.
    fn fitting(&self, prompt: &str, messages: &[ReceivedMessage], limit: f64) -> usize {
        let reserve = match self.flavour {
            AuraFlavour::OpenChatUi => 768,
            AuraFlavour::ChatbotUi => 1000,
        };
        let mut used = tokens(prompt) + reserve;
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

fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}
