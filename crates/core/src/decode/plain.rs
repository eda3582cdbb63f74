use bytes::Bytes;

use super::{ReplyDecoder, Utf8Decoder};
use crate::chat::{Finish, FinishReason, ReplyEvent};
use crate::error::{Error, ErrorKind};
use crate::text::{html_title, shorten};

/// Decodes a reply that is plain text: every byte belongs to the answer.
///
/// The exceptions are bodies that cannot be an answer: a page, JSON where the
/// header says so, or compressed bytes, each of which no server of such a
/// protocol sends. Text without such a header is always an answer, also when
/// it looks like HTML: models write that too.
#[derive(Debug)]
pub struct PlainText {
    text: Utf8Decoder,
    chunk: Option<Bytes>,
    ended: bool,
    finished: bool,
    seen: bool,
    suspect: Suspect,
}

/// What the head of the response lets one expect instead of an answer.
#[derive(Debug)]
enum Suspect {
    Nothing,
    /// A page, if the first byte that is not blank opens a tag.
    Page {
        start: Vec<u8>,
    },
    /// Not text at all.
    Json {
        body: Vec<u8>,
    },
    /// Compressed, if the first bytes are those of gzip.
    Compressed {
        start: Vec<u8>,
    },
}

/// How much of a body that is not an answer is read for the error.
const KEPT: usize = 16 * 1024;

impl PlainText {
    /// A decoder for a body with these headers.
    pub fn new(content_type: Option<&str>, content_encoding: Option<&str>) -> PlainText {
        let essence = content_type
            .and_then(|value| value.split(';').next())
            .map(|value| value.trim().to_ascii_lowercase())
            .unwrap_or_default();
        let encoded = content_encoding.is_some_and(|value| !value.eq_ignore_ascii_case("identity"));
        let suspect = if encoded {
            Suspect::Compressed { start: Vec::new() }
        } else if essence == "text/html" || essence == "application/xhtml+xml" {
            Suspect::Page { start: Vec::new() }
        } else if essence == "application/json" || essence.ends_with("+json") {
            Suspect::Json { body: Vec::new() }
        } else {
            Suspect::Nothing
        };
        PlainText {
            text: Utf8Decoder::new(),
            chunk: None,
            ended: false,
            finished: false,
            seen: false,
            suspect,
        }
    }

    /// Looks at what may not be an answer. Gives the bytes that are one.
    fn admit(&mut self, chunk: Bytes) -> Result<Bytes, Error> {
        match &mut self.suspect {
            Suspect::Nothing => return Ok(chunk),
            Suspect::Json { body } => {
                body.extend_from_slice(&chunk);
                if body.len() < KEPT {
                    return Ok(Bytes::new());
                }
                return Err(json_error(&String::from_utf8_lossy(body)));
            }
            Suspect::Page { start } => {
                start.extend_from_slice(&chunk);
                match first_of_page(start) {
                    Some(b'<') | None if start.len() < KEPT => return Ok(Bytes::new()),
                    Some(b'<') => return Err(page_error(&String::from_utf8_lossy(start))),
                    _ => {}
                }
            }
            Suspect::Compressed { start } => {
                start.extend_from_slice(&chunk);
                if start.len() < 2 {
                    return Ok(Bytes::new());
                }
                if start.starts_with(b"\x1f\x8b") {
                    return Err(Error::new(
                        ErrorKind::Protocol,
                        "the server compressed the answer although it was not asked to",
                    ));
                }
            }
        }
        // It is an answer after all: give what was held back.
        match std::mem::replace(&mut self.suspect, Suspect::Nothing) {
            Suspect::Page { start } | Suspect::Compressed { start } => Ok(start.into()),
            Suspect::Nothing | Suspect::Json { .. } => Ok(chunk),
        }
    }

    /// What was held back at the end of the body: short text, or no answer.
    fn admit_rest(&mut self) -> Result<Bytes, Error> {
        match std::mem::replace(&mut self.suspect, Suspect::Nothing) {
            Suspect::Nothing => Ok(Bytes::new()),
            Suspect::Compressed { start } => Ok(start.into()),
            Suspect::Page { start } if first_of_page(&start) == Some(b'<') => {
                Err(page_error(&String::from_utf8_lossy(&start)))
            }
            Suspect::Page { start } => Ok(start.into()),
            Suspect::Json { body } if body.is_empty() => Ok(Bytes::new()),
            Suspect::Json { body } => Err(json_error(&String::from_utf8_lossy(&body))),
        }
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
                self.seen = true;
                return Ok(Some(ReplyEvent::Text(text)));
            }
        }
        if !self.ended || self.finished {
            return Ok(None);
        }
        let rest = self.admit_rest()?;
        let mut text = self.text.decode(&rest);
        text.push_str(&self.text.finish());
        if !text.is_empty() {
            self.seen = true;
            return Ok(Some(ReplyEvent::Text(text)));
        }
        self.finished = true;
        Ok(Some(ReplyEvent::Finish(Finish::new(FinishReason::Eof))))
    }
}

/// The first byte that a page can be told by: PHP files saved with a byte order
/// mark send it before their page. None while there is nothing but blanks.
fn first_of_page(start: &[u8]) -> Option<u8> {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    let start = start.trim_ascii_start();
    if start.len() < BOM.len() && BOM.starts_with(start) {
        return None;
    }
    let start = start.strip_prefix(BOM).unwrap_or(start);
    start.trim_ascii_start().first().copied()
}

/// The error for a page where an answer should be.
pub(crate) fn page_error(page: &str) -> Error {
    let title = html_title(page).map_or(String::new(), |title| {
        format!(" titled {:?}", shorten(&title, 120))
    });
    Error::new(
        ErrorKind::Blocked,
        format!(
            "the server sent an HTML page{title} instead of an answer: \
             a login, a firewall, or the address of something else"
        ),
    )
    .with_excerpt(page)
}

fn json_error(body: &str) -> Error {
    match crate::http::message_of_json(body) {
        Some(message) => crate::http::refusal(&message),
        None => Error::new(
            ErrorKind::Protocol,
            "the server sent JSON where the answer should be plain text",
        )
        .with_excerpt(body),
    }
}
