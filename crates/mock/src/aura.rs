//! openchat-ui and Chatbot-UI servers.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::answer::{Answer, Framing};
use crate::reason;
use crate::request::RecordedRequest;
use crate::script::Script;
use crate::server::MockServer;
use crate::sync::lock;

/// Which of the two servers is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuraFlavour {
    /// openchat-ui: knows its own models only, honours the temperature, keeps 768 tokens free.
    #[default]
    OpenChatUi,
    /// Chatbot-UI (`legacy`): takes any model, ignores the temperature, keeps 1000 tokens free.
    ChatbotUi,
}

/// One message that reached the model behind a mock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedMessage {
    /// `user`, `assistant` or `system`.
    pub role: String,
    /// The text.
    pub content: String,
}

/// What reached the model behind an [`AuraMock`] for one request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AuraReceived {
    /// The system prompt: the request's, or the server's own where that was empty.
    pub prompt: String,
    /// The messages that fit into the model's `tokenLimit`.
    pub messages: Vec<ReceivedMessage>,
    /// How many messages did not fit; the oldest go first, the question goes last.
    pub dropped: usize,
    /// The model's id.
    pub model: String,
    /// The temperature that the model was given.
    pub temperature: Value,
    /// The request's key for the server's upstream.
    pub key: String,
}

/// A mock of an openchat-ui or Chatbot-UI server (`POST /api/chat`, `POST /api/models`).
///
/// The default reply is `This is the Aura mock. You asked: <last user message>`. A request that
/// the real server cannot handle is answered as it does: status 500, body `Error`, and the cause,
/// if it is told at all, in the reason phrase. Tokens are counted as a quarter of the characters,
/// rounded up.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use chatwire_mock::{AuraFlavour, AuraMock};
///
/// let mock = AuraMock::builder()
///     .flavour(AuraFlavour::ChatbotUi)
///     .require_cookie("session", "let-me-in")
///     .start()
///     .await?;
/// mock.reply("Hello there").fail("Rate limit reached for gpt-4");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AuraMock {
    server: MockServer,
    site: Arc<Site>,
}

/// Options of an [`AuraMock`].
#[derive(Clone, Debug)]
#[must_use]
pub struct AuraBuilder {
    addr: SocketAddr,
    site: Site,
}

#[derive(Debug)]
struct Site {
    flavour: AuraFlavour,
    models: Vec<(String, String)>,
    demands: Vec<Demand>,
    received: Mutex<Vec<AuraReceived>>,
}

#[derive(Clone, Debug)]
enum Demand {
    Header(String, String),
    Cookie(String, String),
}

impl Clone for Site {
    fn clone(&self) -> Self {
        Self {
            flavour: self.flavour,
            models: self.models.clone(),
            demands: self.demands.clone(),
            received: Mutex::default(),
        }
    }
}

impl AuraMock {
    /// The system prompt that the mock uses where a request has none.
    pub const DEFAULT_PROMPT: &'static str = "You are ChatGPT, a large language model trained by OpenAI. \
         Follow the user's instructions carefully. Respond using markdown.";

    /// Starts an openchat-ui server on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> std::io::Result<Self> {
        Self::builder().start().await
    }

    /// Options, to start with [`AuraBuilder::start`].
    pub fn builder() -> AuraBuilder {
        AuraBuilder {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            site: Site {
                flavour: AuraFlavour::OpenChatUi,
                models: Vec::new(),
                demands: Vec::new(),
                received: Mutex::default(),
            },
        }
    }

    /// Queues this text as the next reply, in pieces as the script says.
    pub fn reply(&self, text: impl Into<String>) -> &Self {
        let text = text.into();
        self.server
            .push(Arc::new(move |_, script| reply(script, &text)));
        self
    }

    /// Queues a failure with this cause, see [`failure`](Self::failure).
    pub fn fail(&self, cause: &str) -> &Self {
        self.server.answer(Self::failure(cause));
        self
    }

    /// The server's answer when something fails: status 500, body `Error`, the cause in the reason
    /// phrase. A cause with a newline or a character above U+00FF cannot stand there; the phrase
    /// is then `Internal Server Error`.
    pub fn failure(cause: &str) -> Answer {
        let answer = Answer::status(500);
        match reason::latin1(cause) {
            Some(cause) if !cause.is_empty() => answer.reason(cause),
            _ => answer,
        }
        .header("content-type", "text/plain;charset=UTF-8")
        .piece("Error")
    }

    /// What reached the model so far, one entry for every chat request that was in order.
    pub fn received(&self) -> Vec<AuraReceived> {
        lock(&self.site.received).clone()
    }
}

impl Deref for AuraMock {
    type Target = MockServer;

    fn deref(&self) -> &MockServer {
        &self.server
    }
}

impl AuraBuilder {
    /// Which of the two servers is played.
    pub fn flavour(mut self, flavour: AuraFlavour) -> Self {
        self.site.flavour = flavour;
        self
    }

    /// The address to listen on.
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// Adds a model; the first one replaces the flavour's own list.
    pub fn model(mut self, id: impl Into<String>, name: impl Into<String>) -> Self {
        self.site.models.push((id.into(), name.into()));
        self
    }

    /// Answers 401 to every request without this header.
    pub fn require_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let demand = Demand::Header(name.into(), value.into());
        self.site.demands.push(demand);
        self
    }

    /// Answers 401 to every request without this cookie.
    pub fn require_cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let demand = Demand::Cookie(name.into(), value.into());
        self.site.demands.push(demand);
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub async fn start(mut self) -> std::io::Result<AuraMock> {
        if self.site.models.is_empty() {
            let models: &[(&str, &str)] = match self.site.flavour {
                AuraFlavour::OpenChatUi => &[
                    ("openchat_3.6", "OpenChat 3.6 (latest)"),
                    ("openchat_v3.2_mistral", "OpenChat Aura"),
                ],
                AuraFlavour::ChatbotUi => &[("gpt-3.5-turbo", "GPT-3.5"), ("gpt-4", "GPT-4")],
            };
            let owned = models
                .iter()
                .map(|(id, name)| ((*id).into(), (*name).into()));
            self.site.models = owned.collect();
        }
        let site = Arc::new(self.site);
        let handler = {
            let site = Arc::clone(&site);
            move |request: &RecordedRequest, script: &Script| site.respond(request, script)
        };
        let server = MockServer::serve(self.addr, Arc::new(handler)).await?;
        Ok(AuraMock { server, site })
    }
}

impl Site {
    fn respond(&self, request: &RecordedRequest, script: &Script) -> Answer {
        let admitted = self.demands.iter().all(|demand| match demand {
            Demand::Header(name, value) => request.header(name) == Some(value),
            Demand::Cookie(name, value) => request.cookie(name) == Some(value),
        });
        if !admitted {
            return Answer::html(
                401,
                "<html><body><h1>401 Authorization Required</h1></body></html>",
            );
        }
        match request.path() {
            "/api/chat" => self
                .chat(request, script)
                .unwrap_or_else(|| AuraMock::failure("")),
            "/api/models" => self.list(request).unwrap_or_else(|| AuraMock::failure("")),
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
        }
    }

    /// `None` is what makes the real server throw before it has asked the model.
    fn chat(&self, request: &RecordedRequest, script: &Script) -> Option<Answer> {
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
            None | Some("") => AuraMock::DEFAULT_PROMPT,
            Some(prompt) => prompt,
        };
        let given = body.get("temperature").filter(|value| !value.is_null());
        let temperature = match self.flavour {
            AuraFlavour::OpenChatUi => given.cloned().unwrap_or(json!(1)),
            AuraFlavour::ChatbotUi => json!(1),
        };
        let question = messages.iter().rev().find(|message| message.role == "user");
        let reply_text = format!(
            "This is the Aura mock. You asked: {}",
            question.map_or("", |message| message.content.as_str())
        );

        let dropped = match model.get("tokenLimit").and_then(Value::as_f64) {
            // Compared with nothing, no sum is too large.
            None => 0,
            Some(limit) => messages.len() - self.fitting(prompt, &messages, limit),
        };
        messages.drain(..dropped);
        lock(&self.received).push(AuraReceived {
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
        });
        Some(
            script
                .next(request)
                .unwrap_or_else(|| reply(script, &reply_text)),
        )
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

/// Text as the server streams it: no `Content-Type`, the head with the first piece.
fn reply(script: &Script, text: &str) -> Answer {
    let mut answer = Answer::status(200)
        .framing(Framing::Chunked)
        .head_with_first_piece();
    answer.steps = script.steps(script.split(text));
    answer
}
