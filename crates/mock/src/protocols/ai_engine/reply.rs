//! What the AI Engine plugin streams, at the level of its events.

use std::time::Duration;

use serde_json::Value;

use super::events::{self, Context, End, Extras, MASKED};
use super::php_json;
use super::wordpress::{failure, failure_with};
use crate::answers::{Answer, Ending, Gate, Step, copy};

/// A reply of the AI Engine plugin, event by event, in the bytes that the plugin writes.
///
/// Every event is a separate piece. A reply without [`end`](Self::end), [`error`](Self::error) or
/// [`plain_json`](Self::plain_json) ends as if a PHP fatal error had cut it off.
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
    extras: Extras,
    headers: Vec<(String, String)>,
    ending: Option<Ending>,
}

#[derive(Clone, Debug)]
enum Part {
    /// Split as the script says.
    Text(String),
    Live {
        text: String,
        subtype: Option<String>,
    },
    Raw(Vec<u8>),
    End(End),
    Error(Fault, String),
    Step(Step),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Any,
    OfModel,
    OverLimit,
}

impl AiReply {
    /// Creates a reply without events.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a whole reply: this text, split as the script says, and the end.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        let whole = text.trim().to_owned();
        Self::new().part(Part::Text(text)).end(whole)
    }

    /// Adds a piece of the answer's text.
    pub fn delta(self, text: impl Into<String>) -> Self {
        self.part(Part::Live {
            text: text.into(),
            subtype: None,
        })
    }

    /// Adds a live event with a subtype: `status`, `tool_call`, `thinking`, `approval_request`, …, or
    /// `content`, which is text of the answer.
    pub fn progress(self, subtype: impl Into<String>, text: impl Into<String>) -> Self {
        self.part(Part::Live {
            text: text.into(),
            subtype: Some(subtype.into()),
        })
    }

    /// Adds the comment `: keepalive`.
    pub fn keepalive(self) -> Self {
        self.raw(": keepalive\n\n")
    }

    /// Adds a PHP warning as text.
    pub fn warning_text(self) -> Self {
        self.raw("\nWarning: Undefined array key \"x\" in /var/www/html/wp-content/plugins/other/other.php on line 23\n")
    }

    /// Adds a PHP warning as HTML.
    pub fn warning_html(self) -> Self {
        self.raw("<br />\n<b>Warning</b>:  Undefined array key \"x\" in <b>/var/www/html/wp-content/plugins/other/other.php</b> on line <b>23</b><br />\n")
    }

    /// Adds any bytes, as a separate piece.
    pub fn raw(self, bytes: impl AsRef<[u8]>) -> Self {
        self.part(Part::Raw(bytes.as_ref().to_vec()))
    }

    /// Adds the final event, with this as the authoritative text.
    pub fn end(self, reply: impl Into<String>) -> Self {
        self.part(Part::End(End::Reply(reply.into())))
    }

    /// Adds the final event, with this JSON as its payload.
    pub fn end_with(self, payload: impl Into<Value>) -> Self {
        self.part(Part::End(End::Json(payload.into())))
    }

    /// Adds an error event. It can be followed by another one.
    pub fn error(self, message: impl Into<String>) -> Self {
        self.part(Part::Error(Fault::Any, message.into()))
    }

    /// Adds an error of the model: an error event with this message, which 3.7 replaces by a
    /// general sentence for everybody but the site's owners.
    pub fn model_error(self, message: impl Into<String>) -> Self {
        self.part(Part::Error(Fault::OfModel, message.into()))
    }

    /// Adds a refusal because a limit of the site is used up: an error event. 3.7 marks it with
    /// `overLimit`, and answers with status 429 if no stream was asked for.
    pub fn over_limit(self, message: impl Into<String>) -> Self {
        self.part(Part::Error(Fault::OverLimit, message.into()))
    }

    /// Sets the addresses of pictures in the final event.
    pub fn images<I>(mut self, urls: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let urls: Vec<String> = urls.into_iter().map(Into::into).collect();
        self.extras.images = Some(urls.into());
        self
    }

    /// Sets the `actions` of the final event: functions that the bot wants the browser to run.
    /// Since 2.4.9.
    pub fn actions(mut self, actions: impl Into<Value>) -> Self {
        self.extras.actions = Some(actions.into());
        self
    }

    /// Sets the `shortcuts` of the final event, in place of the site's own. Since 2.4.9.
    pub fn shortcuts(mut self, shortcuts: impl Into<Value>) -> Self {
        self.extras.shortcuts = Some(shortcuts.into());
        self
    }

    /// Sets the `blocks` of the final event. Since 2.4.9.
    pub fn blocks(mut self, blocks: impl Into<Value>) -> Self {
        self.extras.blocks = Some(blocks.into());
        self
    }

    /// Sets the `approval` of the final event. Since 3.7.
    pub fn approval(mut self, approval: impl Into<Value>) -> Self {
        self.extras.approval = Some(approval.into());
        self
    }

    /// Sets `resetResponseId` in the final event. Since 3.7.
    pub fn reset_response_id(mut self) -> Self {
        self.extras.resets_response_id = true;
        self
    }

    /// Sets the `accuracy` of the usage. The default is `tokens`; the plugin says `estimated` if
    /// the model's own stream broke off, although the reply counts as a success. Since 3.6.2.
    pub fn accuracy(mut self, accuracy: impl Into<String>) -> Self {
        self.extras.accuracy = Some(accuracy.into());
        self
    }

    /// Adds a header to the answer, such as `Retry-After`.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds one plain JSON object, as some answers are although a stream was asked for.
    pub fn plain_json(self, object: impl Into<Value>) -> Self {
        self.raw(php_json::encode(&object.into()))
    }

    /// Adds a pause.
    pub fn delay(self, duration: Duration) -> Self {
        self.part(Part::Step(Step::Delay(duration)))
    }

    /// Adds a pause until the gate is opened.
    pub fn wait(self, gate: &Gate) -> Self {
        self.part(Part::Step(Step::Wait(gate.clone())))
    }

    /// Sets how the body ends. The default is a clean end.
    pub fn ending(mut self, ending: Ending) -> Self {
        self.ending = Some(ending);
        self
    }

    fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// Returns the reply as an event stream for any server, as version 3.6.2 writes it.
    pub fn answer(&self) -> Answer {
        self.streamed(&Context::default())
    }

    /// The reply as an event stream.
    pub(crate) fn streamed(&self, context: &Context) -> Answer {
        let mut answer = self
            .begun("text/event-stream;charset=UTF-8")
            .header("Cache-Control", "no-cache");
        let mut is_first = true;
        for part in &self.parts {
            let pieces = match part {
                Part::Step(step) => {
                    answer = answer.step(step.clone());
                    continue;
                }
                Part::Text(text) => {
                    let words = context.pacing.split(text);
                    let events = words
                        .iter()
                        .map(|word| events::live(word, None).into_bytes());
                    events.collect()
                }
                Part::Raw(bytes) => vec![bytes.clone()],
                Part::Live { text, subtype } => {
                    vec![events::live(text, subtype.as_deref()).into_bytes()]
                }
                Part::End(end) => {
                    vec![events::end(&end.payload(&self.extras, context)).into_bytes()]
                }
                Part::Error(fault, message) => {
                    let marked = fault.is_marked(context);
                    vec![events::error(fault.message(message, context), marked).into_bytes()]
                }
            };
            for piece in pieces {
                if let (Some(delay), false) = (context.pacing.delay, is_first) {
                    answer = answer.delay(delay);
                }
                is_first = false;
                answer = answer.step(Step::Piece(copy(piece)));
            }
        }
        answer
    }

    /// The reply where no stream was asked for: the final payload alone, or the error's message.
    pub(crate) fn whole(&self, context: &Context) -> Answer {
        let mut answer = self.begun("application/json; charset=UTF-8");
        let mut text = String::new();
        let mut raw = Vec::new();
        let mut body = None;
        for part in &self.parts {
            match part {
                Part::Step(step) => answer = answer.step(step.clone()),
                Part::Raw(bytes) => raw.extend_from_slice(bytes),
                Part::Text(words) => text.push_str(words),
                Part::Live {
                    text: delta,
                    subtype,
                } => {
                    if matches!(subtype.as_deref(), None | Some("content")) {
                        text.push_str(delta);
                    }
                }
                Part::End(end) => body = Some(end.payload(&self.extras, context)),
                Part::Error(fault, message) => {
                    let token = context.new_token.as_deref();
                    let message = fault.message(message, context);
                    let (status, error) = if fault.is_marked(context) {
                        (429, failure_with(message, token, ",\"overLimit\":true"))
                    } else {
                        (500, failure(message, token))
                    };
                    answer = answer.with_status(status);
                    body = Some(error);
                }
            }
        }
        if body.is_none() && raw.is_empty() {
            body = Some(End::Reply(text).payload(&self.extras, context));
        }
        raw.extend_from_slice(body.unwrap_or_default().as_bytes());
        answer.piece(raw)
    }

    /// PHP sends the head with the first output.
    fn begun(&self, content_type: &str) -> Answer {
        let answer = Answer::status(200)
            .header("Content-Type", content_type)
            .head_with_first_piece()
            .ending(self.ending.unwrap_or(Ending::Clean));
        let headers = self.headers.iter();
        headers.fold(answer, |answer, (name, value)| answer.header(name, value))
    }
}

impl Fault {
    fn message<'a>(self, message: &'a str, context: &Context) -> &'a str {
        if self == Self::OfModel && context.masks_faults {
            MASKED
        } else {
            message
        }
    }

    fn is_marked(self, context: &Context) -> bool {
        self == Self::OverLimit && context.version.marks_limits()
    }
}

impl From<String> for AiReply {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&str> for AiReply {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}
