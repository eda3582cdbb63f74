use std::fmt;

use bytes::Bytes;
use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_core::{Error, ReplyEvent};

use super::data::DataStream;
use super::failure::check;
use super::limits::Limits;
use super::protocol::Protocol;
use super::sniff::{Sniff, Sniffed};
use super::stray::no_answer;
use super::text_stream::TextStream;
use super::ui::UiMessageStream;
use super::whole::whole_answer;

/// What the head of a response says about its body.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head<'a> {
    content_type: Option<&'a str>,
    ui_mark: bool,
    data_mark: bool,
}

impl<'a> Head<'a> {
    /// What the headers say, each found by its name.
    pub fn new(header: impl Fn(&str) -> Option<&'a str>) -> Head<'a> {
        Head {
            content_type: header("content-type"),
            ui_mark: header("x-vercel-ai-ui-message-stream").is_some(),
            data_mark: header("x-vercel-ai-data-stream").is_some()
                || header("x-experimental-stream-data") == Some("true"),
        }
    }
}

/// Decodes the body of any server on the AI SDK, and finds out by its head and
/// its first bytes which protocol it speaks: by a header that marks one, by the
/// type of the content, and by the first line, in this order. An app that does
/// not stream answers with JSON; a page is no answer.
pub struct AnswerDecoder {
    body: Body,
    limits: Limits,
    ended: bool,
    on_end: fn(Option<Protocol>, &'static str),
}

enum Body {
    Unknown(Sniff),
    /// JSON, or a page, and what has come of it.
    Json(Vec<u8>),
    Page(Vec<u8>),
    /// An answer in JSON, whose end is still to be handed out.
    Whole(Option<ReplyEvent>),
    Ui(Box<UiMessageStream>),
    Data(Box<DataStream>),
    Text(TextStream),
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// How much of a page is kept to say what it is.
const PAGE: usize = 16 * 1024;

impl AnswerDecoder {
    /// A decoder for a body with that head, of the protocol that is `fixed` or
    /// of the one that it is found to be.
    pub fn new(head: Head<'_>, fixed: Option<Protocol>, limits: Limits) -> AnswerDecoder {
        let essence = head.content_type.and_then(|value| value.split(';').next());
        let essence = essence.unwrap_or_default().trim().to_ascii_lowercase();
        let found = match () {
            () if head.ui_mark => Some(Protocol::Ui),
            () if head.data_mark => Some(Protocol::Data),
            () if essence == "text/event-stream" => Some(Protocol::Ui),
            () => None,
        };
        let body = match (fixed.or(found), essence.as_str()) {
            (_, "text/html" | "application/xhtml+xml") if found.is_none() => Body::Page(Vec::new()),
            (_, json) if found.is_none() && is_json(json) => Body::Json(Vec::new()),
            (Some(Protocol::Ui), _) => Body::Ui(Box::new(UiMessageStream::new(limits))),
            (Some(Protocol::Data), _) => {
                Body::Data(Box::new(DataStream::new(limits).with_mark(head.data_mark)))
            }
            (Some(Protocol::Text), _) => Body::Text(TextStream::new()),
            (None, _) => Body::Unknown(Sniff::default()),
        };
        AnswerDecoder {
            body,
            limits,
            ended: false,
            on_end: |_, _| {},
        }
    }

    /// Tells this function at the end which protocol it was, if it was one, and
    /// which versions it looked like.
    #[must_use]
    pub fn on_end(mut self, tell: fn(Option<Protocol>, &'static str)) -> AnswerDecoder {
        self.on_end = tell;
        self
    }

    /// The protocol, as soon as it is known.
    pub fn protocol(&self) -> Option<Protocol> {
        match &self.body {
            Body::Ui(_) => Some(Protocol::Ui),
            Body::Data(_) => Some(Protocol::Data),
            Body::Text(_) => Some(Protocol::Text),
            _ => None,
        }
    }

    /// The versions of the AI SDK that the answer looks like.
    pub fn versions(&self) -> &'static str {
        match &self.body {
            Body::Ui(ui) => ui.versions(),
            Body::Data(data) => data.versions(),
            Body::Text(_) => "AI SDK of any version",
            _ => "an app that does not stream",
        }
    }

    fn decided(&mut self, sniffed: Sniffed, held: Vec<u8>) {
        self.body = match sniffed {
            Sniffed::Data => Body::Data(Box::new(DataStream::new(self.limits))),
            _ => Body::Text(TextStream::new()),
        };
        if !held.is_empty() {
            self.feed(held.into());
        }
    }

    /// What the body is that has ended while it was still held back.
    fn judge(&mut self) -> Result<Option<ReplyEvent>, Error> {
        match &mut self.body {
            Body::Unknown(sniff) => {
                let (sniffed, held) = (sniff.end(), sniff.take());
                self.decided(sniffed, held);
                self.end();
                self.next_event()
            }
            Body::Page(page) => Err(no_answer(&String::from_utf8_lossy(page))),
            Body::Json(json) => {
                let (text, finish) = whole_answer(&String::from_utf8_lossy(json))?;
                self.body = Body::Whole(Some(ReplyEvent::Finish(finish)));
                Ok(Some(ReplyEvent::Text(text)))
            }
            _ => Ok(None),
        }
    }
}

impl ReplyDecoder for AnswerDecoder {
    fn feed(&mut self, chunk: Bytes) {
        match &mut self.body {
            Body::Ui(ui) => ui.feed(chunk),
            Body::Data(data) => data.feed(chunk),
            Body::Text(text) => text.feed(chunk),
            Body::Json(body) => body.extend_from_slice(&chunk),
            Body::Page(page) => {
                page.extend_from_slice(&chunk);
                // Text that was declared to be a page.
                let start = page.strip_prefix(BOM).unwrap_or(page);
                let first = start.trim_ascii_start().first();
                if first.is_some_and(|first| *first != b'<') && !BOM.starts_with(page) {
                    let held = std::mem::take(page);
                    self.decided(Sniffed::Text, held);
                }
            }
            Body::Unknown(sniff) => {
                let sniffed = sniff.feed(&chunk, self.limits.event());
                if sniffed != Sniffed::Unknown {
                    let held = sniff.take();
                    self.decided(sniffed, held);
                }
            }
            Body::Whole(_) => {}
        }
    }

    fn end(&mut self) {
        self.ended = true;
        match &mut self.body {
            Body::Ui(ui) => ui.end(),
            Body::Data(data) => data.end(),
            Body::Text(text) => text.end(),
            _ => {}
        }
    }

    fn is_complete(&self) -> bool {
        match &self.body {
            Body::Ui(ui) => ui.is_complete(),
            Body::Data(data) => data.is_complete(),
            _ => false,
        }
    }

    fn next_event(&mut self) -> Result<Option<ReplyEvent>, Error> {
        let event = match &mut self.body {
            Body::Ui(ui) => ui.next_event()?,
            Body::Data(data) => data.next_event()?,
            Body::Text(text) => text.next_event()?,
            Body::Whole(end) => end.take(),
            Body::Page(page) if page.len() >= PAGE => {
                return Err(no_answer(&String::from_utf8_lossy(page)));
            }
            Body::Json(body) => {
                check("an answer in JSON", body.len(), self.limits.event())?;
                None
            }
            Body::Page(_) | Body::Unknown(_) => None,
        };
        if event.is_none() && self.ended {
            return self.judge();
        }
        if let Some(ReplyEvent::Finish(_)) = &event {
            (self.on_end)(self.protocol(), self.versions());
        }
        Ok(event)
    }
}

fn is_json(essence: &str) -> bool {
    essence == "application/json" || essence.ends_with("+json")
}

/// Without the text of the answer.
impl fmt::Debug for AnswerDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerDecoder")
            .field("protocol", &self.protocol())
            .finish_non_exhaustive()
    }
}
