//! What the log says about one request: one line, when it is over.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chatwire_core::{Error, FinishReason};
use tokio::time::Instant;

use crate::catch::Panicked;
use crate::completion::Emulation;

/// How many characters of a client's text the log repeats.
const MAX_SHOWN: usize = 200;

/// Gathers what the log says about one request. The line is written when the
/// last clone is dropped: the reply was sent, or the client went away.
///
/// It holds names, numbers and codes, never a text that was said.
#[derive(Debug, Clone)]
pub(crate) struct Record(Arc<Line>);

#[derive(Debug)]
struct Line {
    began: Instant,
    head: RecordHead,
    rest: Mutex<Rest>,
}

/// What is known when a request arrives.
#[derive(Debug)]
pub(crate) struct RecordHead {
    pub(crate) id: String,
    /// None if its head could not be read, or was not.
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) dialect: Option<&'static str>,
    /// The client's address; none in somebody else's server.
    pub(crate) client: Option<IpAddr>,
}

#[derive(Debug, Default)]
struct Rest {
    status: Option<u16>,
    refused: Option<String>,
    model: Option<String>,
    endpoint: Option<String>,
    failed_attempts: u64,
    first_text: Option<Duration>,
    pieces: u64,
    bytes: u64,
    emulation: Option<Emulation>,
    ended: Option<&'static str>,
}

impl Record {
    pub(crate) fn new(head: RecordHead) -> Record {
        Record(Arc::new(Line {
            began: Instant::now(),
            head,
            rest: Mutex::default(),
        }))
    }

    /// The id that the client got as well.
    pub(crate) fn id(&self) -> &str {
        &self.0.head.id
    }

    /// Notes the host or origin that is not allowed.
    pub(crate) fn refused(&self, what: &str) {
        self.rest().refused = Some(shown(what));
    }

    /// Notes the model that the client named, or that answers.
    pub(crate) fn model(&self, model: &str) {
        self.rest().model = Some(shown(model));
    }

    /// Notes the endpoint that is asked, answers or failed.
    pub(crate) fn endpoint(&self, endpoint: &str) {
        self.rest().endpoint = Some(endpoint.to_owned());
    }

    /// Notes an attempt at an endpoint that failed. What the backend said is
    /// for debugging: it may repeat the question.
    pub(crate) fn attempt_failed(&self, endpoint: &str, number: usize, error: &Error) {
        self.rest().failed_attempts += 1;
        let (id, kind, status) = (self.id(), error.kind().as_str(), error.status());
        tracing::warn!(id, endpoint, number, kind, status, "an attempt failed");
        tracing::debug!(id, endpoint, number, %error, "an attempt failed");
    }

    /// Notes that a reply that had begun broke off.
    pub(crate) fn broke_off(&self, endpoint: &str, error: &Error) {
        let (id, kind, status) = (self.id(), error.kind().as_str(), error.status());
        tracing::warn!(id, endpoint, kind, status, "a reply broke off");
        tracing::debug!(id, endpoint, %error, "a reply broke off");
    }

    /// Notes that a reply is complete, but may not be what the model said.
    pub(crate) fn doubtful(&self, endpoint: &str, doubt: &str) {
        let id = self.id();
        tracing::warn!(id, endpoint, "a reply is doubtful");
        tracing::debug!(id, endpoint, doubt, "a reply is doubtful");
    }

    /// Notes that a part of the gateway or a provider panicked.
    pub(crate) fn panicked(&self, panicked: &Panicked) {
        let id = self.id();
        tracing::error!(id, "a panic was caught");
        tracing::debug!(id, panic = %panicked.0, "a panic was caught");
    }

    /// Notes that the first text has come.
    pub(crate) fn first_text(&self) {
        let time = self.0.began.elapsed();
        self.rest().first_text.get_or_insert(time);
    }

    /// Notes a piece of text.
    pub(crate) fn piece(&self) {
        self.rest().pieces += 1;
    }

    /// Notes bytes of the body that were handed to the connection.
    pub(crate) fn sent(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let mut rest = self.rest();
        rest.bytes = rest.bytes.saturating_add(bytes);
    }

    /// Notes what the backend was made to do, and in how many questions.
    pub(crate) fn emulated(&self, emulation: &Emulation) {
        self.rest().emulation = Some(emulation.clone());
    }

    /// Notes the status of the response.
    pub(crate) fn status(&self, status: u16) {
        self.rest().status = Some(status);
    }

    /// Notes why the reply ended: a finish reason or the code of an error. The
    /// first reason is the one that counts.
    pub(crate) fn ended(&self, why: &'static str) {
        self.rest().ended.get_or_insert(why);
    }

    /// Notes that the reply is complete.
    pub(crate) fn finished(&self, reason: &FinishReason) {
        self.ended(match reason {
            FinishReason::Stop => "stop",
            FinishReason::Eof => "eof",
            FinishReason::Length => "length",
            FinishReason::ContentFilter => "content_filter",
            FinishReason::ToolCalls => "tool_calls",
            // A text of the backend's, which can be any text.
            _ => "other",
        });
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.0.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the line.
impl Drop for Line {
    fn drop(&mut self) {
        let rest = self.rest.get_mut().unwrap_or_else(PoisonError::into_inner);
        // The attempt that succeeded, or the first one, is no repetition.
        let first = u64::from(rest.first_text.is_none());
        let repeats = rest.failed_attempts.saturating_sub(first);
        tracing::info!(
            target: "chatwire_gateway::request",
            id = self.head.id,
            client = self.head.client.map(tracing::field::display),
            method = self.head.method,
            path = self.head.path.as_deref().map(shown),
            dialect = self.head.dialect,
            status = rest.status,
            model = rest.model,
            endpoint = rest.endpoint,
            repeats,
            first_text_ms = rest.first_text.map(milliseconds),
            duration_ms = milliseconds(self.began.elapsed()),
            pieces = rest.pieces,
            bytes = rest.bytes,
            emulated = rest.emulation.as_ref().map(|emulation| shown(&emulation.mode)),
            questions = rest.emulation.as_ref().map(|emulation| emulation.questions),
            ended = rest.ended.unwrap_or("client_gone"),
            refused = rest.refused,
            "request"
        );
    }
}

/// A client's text as a log can show it.
fn shown(text: &str) -> String {
    let clean = text.chars().filter(|c| !c.is_control());
    clean.take(MAX_SHOWN).collect()
}

/// With three decimals: a log is read by people too.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
