use bytes::Bytes;

use super::{ReplyDecoder, Utf8Decoder};
use crate::chat::{Finish, FinishReason, ReplyEvent};
use crate::error::{Error, ErrorKind};
use crate::refusal::{self, Opening};

/// Decodes a reply that is plain text: every byte belongs to the answer.
///
/// The exceptions are bodies that cannot be an answer: a whole HTML page, or
/// JSON, where the header says so. Text without such a header is always an
/// answer, also if it looks like HTML: models write that too.
#[derive(Debug)]
pub struct PlainText {
    text: Utf8Decoder,
    chunk: Option<Bytes>,
    ended: bool,
    finished: bool,
    suspicion: Option<Suspicion>,
    /// What is held back while it may not be an answer.
    held: Vec<u8>,
    /// How much is to be held before it is judged again: judging each small
    /// piece of a long comment would take quadratic time.
    judge_at: usize,
}

/// What the head of the response says the body is, other than an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Suspicion {
    Page,
    Json,
}

/// How much of a body that is not an answer is read for the error, in bytes.
const MAX_HELD: usize = 16 * 1024;

impl PlainText {
    /// Creates a decoder for a body of this `Content-Type`.
    pub fn new(content_type: Option<&str>) -> PlainText {
        let essence = content_type
            .and_then(|value| value.split(';').next())
            .map(|value| value.trim().to_ascii_lowercase())
            .unwrap_or_default();
        let suspicion = match essence.as_str() {
            "text/html" | "application/xhtml+xml" => Some(Suspicion::Page),
            "application/json" => Some(Suspicion::Json),
            other if other.ends_with("+json") => Some(Suspicion::Json),
            _ => None,
        };
        PlainText {
            text: Utf8Decoder::new(),
            chunk: None,
            ended: false,
            finished: false,
            suspicion,
            held: Vec::new(),
            judge_at: 0,
        }
    }

    /// Judges a piece of what may not be an answer. Returns the bytes that are
    /// one.
    fn admit(&mut self, chunk: Bytes) -> Result<Bytes, Error> {
        let Some(suspicion) = self.suspicion else {
            return Ok(chunk);
        };
        self.held.extend_from_slice(&chunk);
        if suspicion == Suspicion::Page && self.held.len() >= self.judge_at {
            if self.opening() == Opening::Other {
                self.suspicion = None;
                return Ok(std::mem::take(&mut self.held).into());
            }
            let length = self.held.len();
            self.judge_at = if length < 64 { length } else { 2 * length };
        }
        if self.held.len() < MAX_HELD {
            return Ok(Bytes::new());
        }
        self.admit_held()
    }

    /// Judges what is held, of which no more is read.
    fn admit_held(&mut self) -> Result<Bytes, Error> {
        let held = std::mem::take(&mut self.held);
        // However the body is cut, the same is judged.
        let judged = held.get(..MAX_HELD).unwrap_or(&held);
        let text = || String::from_utf8_lossy(judged);
        match self.suspicion.take() {
            Some(Suspicion::Page) if refusal::is_html_page(&text()) => {
                Err(refusal::page_error(&text(), "an answer"))
            }
            Some(Suspicion::Json) if !held.is_empty() => Err(json_error(&text())),
            _ => Ok(held.into()),
        }
    }

    /// What the bytes that are held say about the whole.
    fn opening(&self) -> Opening {
        // Without a character that is cut off at the end.
        refusal::opening(&Utf8Decoder::new().decode(&self.held))
    }
}

impl ReplyDecoder for PlainText {
    fn feed(&mut self, chunk: Bytes) {
        self.chunk = Some(chunk);
    }

    fn end(&mut self) {
        self.ended = true;
    }

    fn next_event(&mut self) -> Result<Option<ReplyEvent>, Error> {
        if let Some(chunk) = self.chunk.take() {
            let admitted = self.admit(chunk)?;
            let text = self.text.decode(&admitted);
            if !text.is_empty() {
                return Ok(Some(ReplyEvent::Text(text)));
            }
        }
        if !self.ended || self.finished {
            return Ok(None);
        }
        let rest = self.admit_held()?;
        let mut text = self.text.decode(&rest);
        text.push_str(&self.text.finish());
        if !text.is_empty() {
            return Ok(Some(ReplyEvent::Text(text)));
        }
        self.finished = true;
        Ok(Some(ReplyEvent::Finish(Finish::new(FinishReason::Eof))))
    }
}

fn json_error(body: &str) -> Error {
    match refusal::message_in_json(body) {
        Some(message) => refusal::from_words(&message),
        None => Error::new(
            ErrorKind::Protocol,
            "the server sent JSON where the answer should be plain text",
        )
        .with_detail(&refusal::first_line(body).unwrap_or_default())
        .with_excerpt(body),
    }
}
