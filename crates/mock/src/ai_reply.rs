//! What the AI Engine plugin streams, at the level of its events.

use std::time::Duration;

use serde_json::{Value, json};

use crate::answer::{Answer, Ending, Step, copy};
use crate::{Gate, php_json};

/// A reply of the AI Engine plugin, event by event, written to the wire as the plugin does.
///
/// Every event is a piece of its own. A reply without [`end`](Self::end), [`error`](Self::error)
/// or [`plain_json`](Self::plain_json) ends like one that a PHP fatal error cut off.
///
/// ```
/// use chatwire_mock::AiReply;
///
/// let reply = AiReply::new()
///     .progress("status", "Generating response...")
///     .delta("Hel")
///     .keepalive()
///     .delta("lo ")
///     .end("Hello");
/// // Either queued with `AiEngineMock::reply`, or turned into bytes for any server:
/// let answer = reply.answer();
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct AiReply {
    parts: Vec<Part>,
    ending: Option<Ending>,
}

#[derive(Clone, Debug)]
enum Part {
    Live {
        text: String,
        subtype: Option<String>,
    },
    Raw(Vec<u8>),
    End(End),
    Error(String),
    Step(Step),
}

#[derive(Clone, Debug)]
enum End {
    Reply(String),
    Json(Value),
}

/// What the server adds to a reply.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    /// The fresh nonce, where the request's was ageing.
    pub(crate) new_token: Option<String>,
    pub(crate) response_id: Option<String>,
    /// Whether the end has the fields that came with version 2.
    pub(crate) old: bool,
    pub(crate) delay: Option<Duration>,
}

impl AiReply {
    /// A reply without events.
    pub fn new() -> Self {
        Self::default()
    }

    /// A piece of the answer's text.
    pub fn delta(self, text: impl Into<String>) -> Self {
        self.part(Part::Live {
            text: text.into(),
            subtype: None,
        })
    }

    /// A live event with a subtype: `status`, `tool_call`, `thinking`, …, or `content`, which is
    /// text of the answer.
    pub fn progress(self, subtype: impl Into<String>, text: impl Into<String>) -> Self {
        self.part(Part::Live {
            text: text.into(),
            subtype: Some(subtype.into()),
        })
    }

    /// The comment `: keepalive`.
    pub fn keepalive(self) -> Self {
        self.raw(": keepalive\n\n")
    }

    /// A PHP warning as text.
    pub fn warning_text(self) -> Self {
        self.raw("\nWarning: Undefined array key \"x\" in /var/www/html/wp-content/plugins/other/other.php on line 23\n")
    }

    /// A PHP warning as HTML.
    pub fn warning_html(self) -> Self {
        self.raw("<br />\n<b>Warning</b>:  Undefined array key \"x\" in <b>/var/www/html/wp-content/plugins/other/other.php</b> on line <b>23</b><br />\n")
    }

    /// Any bytes, as a piece of their own.
    pub fn raw(self, bytes: impl AsRef<[u8]>) -> Self {
        self.part(Part::Raw(bytes.as_ref().to_vec()))
    }

    /// The final event, with this as the authoritative text.
    pub fn end(self, reply: impl Into<String>) -> Self {
        self.part(Part::End(End::Reply(reply.into())))
    }

    /// The final event, with this JSON as its payload.
    pub fn end_with(self, payload: impl Into<Value>) -> Self {
        self.part(Part::End(End::Json(payload.into())))
    }

    /// An error event. It can be followed by another one.
    pub fn error(self, message: impl Into<String>) -> Self {
        self.part(Part::Error(message.into()))
    }

    /// One plain JSON object, where an event stream was asked for.
    pub fn plain_json(self, object: impl Into<Value>) -> Self {
        self.raw(php_json::encode(&object.into()))
    }

    /// A pause.
    pub fn delay(self, duration: Duration) -> Self {
        self.part(Part::Step(Step::Delay(duration)))
    }

    /// A pause until the gate is opened.
    pub fn wait(self, gate: &Gate) -> Self {
        self.part(Part::Step(Step::Wait(gate.clone())))
    }

    /// How the body ends, other than clean.
    pub fn ending(mut self, ending: Ending) -> Self {
        self.ending = Some(ending);
        self
    }

    fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// The reply as an event stream, without the headers that need a site.
    pub fn answer(&self) -> Answer {
        self.streamed(&Extras::default())
    }

    pub(crate) fn streamed(&self, extras: &Extras) -> Answer {
        let mut answer = Answer::status(200)
            .header("Content-Type", "text/event-stream;charset=UTF-8")
            .header("Cache-Control", "no-cache")
            // PHP sends the head with the first output.
            .head_with_first_piece()
            .ending(self.ending.unwrap_or(Ending::Clean));
        let mut pieces = 0;
        for part in &self.parts {
            let bytes = match part {
                Part::Step(step) => {
                    answer = answer.step(step.clone());
                    continue;
                }
                Part::Raw(bytes) => bytes.clone(),
                Part::Live { text, subtype } => live(text, subtype.as_deref()).into_bytes(),
                Part::End(end) => {
                    let payload = php_json::string(&end.payload(extras));
                    format!("data: {{\"type\":\"end\",\"data\":{payload}}}\n\n").into_bytes()
                }
                Part::Error(message) => error_event(message).into_bytes(),
            };
            if let (Some(delay), 1..) = (extras.delay, pieces) {
                answer = answer.delay(delay);
            }
            pieces += 1;
            answer = answer.step(Step::Piece(copy(bytes)));
        }
        answer
    }

    /// The reply where no stream was asked for: the final payload alone, or the error's message.
    pub(crate) fn whole(&self, extras: &Extras) -> Answer {
        let mut answer = Answer::status(200);
        let mut text = String::new();
        let mut raw = Vec::new();
        let mut body = None;
        for part in &self.parts {
            match part {
                Part::Step(step) => answer = answer.step(step.clone()),
                Part::Raw(bytes) => raw.extend_from_slice(bytes),
                Part::Live {
                    text: delta,
                    subtype,
                } => {
                    if matches!(subtype.as_deref(), None | Some("content")) {
                        text.push_str(delta);
                    }
                }
                Part::End(end) => body = Some(end.payload(extras)),
                Part::Error(message) => {
                    answer = answer.with_status(500);
                    body = Some(failure(message, extras.new_token.as_deref()));
                }
            }
        }
        if body.is_none() && raw.is_empty() {
            body = Some(End::Reply(text).payload(extras));
        }
        raw.extend_from_slice(body.unwrap_or_default().as_bytes());
        answer
            .header("Content-Type", "application/json; charset=UTF-8")
            .head_with_first_piece()
            .piece(raw)
            .ending(self.ending.unwrap_or(Ending::Clean))
    }
}

impl End {
    fn payload(&self, extras: &Extras) -> String {
        let token = extras.new_token.as_deref();
        match self {
            Self::Json(Value::Object(fields)) => {
                let mut fields = fields.clone();
                if let Some(token) = token {
                    fields.insert("new_token".to_owned(), json!(token));
                }
                php_json::encode(&Value::Object(fields))
            }
            Self::Json(other) => php_json::encode(other),
            Self::Reply(reply) => {
                let words = reply.split_whitespace().count();
                let mut payload = format!(
                    "{{\"success\":true,\"reply\":{},\"images\":null",
                    php_json::string(reply)
                );
                if !extras.old {
                    payload.push_str(",\"actions\":[],\"shortcuts\":[],\"blocks\":[]");
                }
                payload.push_str(&format!(
                    ",\"usage\":{{\"prompt_tokens\":40,\"completion_tokens\":{words},\"total_tokens\":{}}}",
                    40 + words
                ));
                if let Some(id) = &extras.response_id {
                    payload.push_str(&format!(",\"responseId\":{}", php_json::string(id)));
                }
                if let Some(token) = token {
                    payload.push_str(&format!(",\"new_token\":{}", php_json::string(token)));
                }
                payload.push('}');
                payload
            }
        }
    }
}

fn live(text: &str, subtype: Option<&str>) -> String {
    let text = php_json::string(text);
    match subtype {
        None => format!("data: {{\"type\":\"live\",\"data\":{text}}}\n\n"),
        Some(subtype) => format!(
            "data: {{\"type\":\"live\",\"data\":{text},\"timestamp\":1795189753.134221,\"subtype\":{},\"visibility\":\"collapsed\"}}\n\n",
            php_json::string(subtype)
        ),
    }
}

pub(crate) fn error_event(message: &str) -> String {
    format!(
        "data: {{\"type\":\"error\",\"data\":{}}}\n\n",
        php_json::string(message)
    )
}

/// The plugin's own JSON error.
pub(crate) fn failure(message: &str, new_token: Option<&str>) -> String {
    let token = new_token
        .map(|token| format!(",\"new_token\":{}", php_json::string(token)))
        .unwrap_or_default();
    format!(
        "{{\"success\":false,\"message\":{}{token}}}",
        php_json::string(message)
    )
}
