use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use super::lines::{Lines, Span, check_event_size};
use crate::Error;

/// Decodes server-sent events, as the [WHATWG specification] has it, from
/// pieces cut anywhere.
///
/// Wrong bytes become U+FFFD. An event that the end of the stream cuts off is
/// dropped, as the specification says. Events whose data is one line in one
/// piece, which is nearly all, are borrowed: no allocation, no copy.
///
/// [WHATWG specification]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
///
/// ```
/// use chatwire_core::decode::SseDecoder;
///
/// let mut events = SseDecoder::new(1024);
/// events.feed("event: add\ndata: 73\n\ndata: ha".into());
/// let event = events.next_event()?.unwrap();
/// assert_eq!((event.event.as_ref(), event.data.as_ref()), ("add", "73"));
/// drop(event);
/// assert!(events.next_event()?.is_none());
/// # Ok::<(), chatwire_core::Error>(())
/// ```
pub struct SseDecoder {
    lines: Lines,
    limit: Option<usize>,
    /// How much of a byte order mark at the start has been seen.
    bom: Bom,
    /// The only data line so far, while it lies in the current piece.
    single: Option<Span>,
    /// The data lines so far, when there are several or they had to be copied.
    data: Vec<u8>,
    /// The event has data, maybe of no length.
    has_data: bool,
    event: String,
    last_event_id: String,
    retry: Option<u64>,
    /// The event in the buffers was handed out and can be forgotten.
    dispatched: bool,
}

#[derive(Debug, PartialEq)]
enum Bom {
    /// The first bytes of the stream are still to come.
    Expected(Vec<u8>),
    Done,
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SseEvent<'a> {
    /// The event's name; `message` when it has none of its own.
    pub event: Cow<'a, str>,
    /// The data lines, joined by newlines.
    pub data: Cow<'a, str>,
    /// The last id that the stream has set; empty when none.
    pub last_event_id: Cow<'a, str>,
}

impl SseDecoder {
    /// Events of at most `limit` bytes of data, name or id.
    pub fn new(limit: impl Into<Option<usize>>) -> SseDecoder {
        let limit = limit.into();
        SseDecoder {
            lines: Lines::for_fields(limit),
            limit,
            bom: Bom::Expected(Vec::new()),
            single: None,
            data: Vec::new(),
            has_data: false,
            event: String::new(),
            last_event_id: String::new(),
            retry: None,
            dispatched: false,
        }
    }

    /// Gives the next piece of the stream. All events of the piece before must
    /// have been taken.
    pub fn feed(&mut self, chunk: Bytes) {
        self.forget_dispatched();
        self.keep_single();
        match self.strip_bom(chunk) {
            Some(chunk) => self.lines.feed(chunk),
            None => self.lines.feed(Bytes::new()),
        }
    }

    /// The next complete event; none when the piece is used up.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LimitExceeded`](crate::ErrorKind::LimitExceeded) when an
    /// event is larger than the limit.
    #[inline]
    pub fn next_event(&mut self) -> Result<Option<SseEvent<'_>>, Error> {
        // Built in the caller: moving it costs as much as finding it.
        Ok(if self.advance()? {
            Some(self.current())
        } else {
            None
        })
    }

    /// Reads lines until an event is complete; false when the piece is used
    /// up.
    fn advance(&mut self) -> Result<bool, Error> {
        self.forget_dispatched();
        loop {
            let Some(span) = self.lines.next_span()? else {
                return Ok(false);
            };
            let line = self.lines.get(span);
            if line.is_empty() {
                if self.has_data {
                    break;
                }
                // An event without data is none, but its name is used up.
                self.event.clear();
                continue;
            }
            let (name, value) = field(line);
            match name {
                b"data" => {
                    let value_len = value.len();
                    let held = match self.single {
                        Some(held) => self.lines.get(held).len(),
                        None => self.data.len(),
                    };
                    let newline = usize::from(self.has_data);
                    check_event_size(held + newline + value_len, self.limit)?;
                    let value = Span {
                        start: span.end - value_len,
                        ..span
                    };
                    if !self.has_data {
                        self.has_data = true;
                        // Nearly every event ends here, and is borrowed from
                        // wherever it lies.
                        let ends = self.lines.take_blank();
                        if ends || !span.carried {
                            self.single = Some(value);
                        } else {
                            self.data.extend_from_slice(self.lines.get(value));
                        }
                        if ends {
                            break;
                        }
                    } else {
                        self.keep_single();
                        self.data.push(b'\n');
                        self.data.extend_from_slice(self.lines.get(value));
                    }
                }
                b"event" => {
                    check_event_size(value.len(), self.limit)?;
                    self.event = String::from_utf8_lossy(value).into_owned();
                }
                b"id" if !value.contains(&0) => {
                    check_event_size(value.len(), self.limit)?;
                    self.last_event_id = String::from_utf8_lossy(value).into_owned();
                }
                b"retry" if value.iter().all(u8::is_ascii_digit) => {
                    let wait = std::str::from_utf8(value).ok();
                    let wait = wait.and_then(|digits| digits.parse().ok());
                    self.retry = wait.or(self.retry);
                }
                // A comment is a field without a name; unknown fields are to
                // be ignored.
                _ => {}
            }
        }
        self.dispatched = true;
        Ok(true)
    }

    /// The event that is complete.
    #[inline]
    fn current(&self) -> SseEvent<'_> {
        let data = match self.single {
            Some(span) => self.lines.get(span),
            None => &self.data,
        };
        let event = if self.event.is_empty() {
            "message"
        } else {
            &self.event
        };
        SseEvent {
            event: Cow::Borrowed(event),
            data: lossy(data),
            last_event_id: Cow::Borrowed(&self.last_event_id),
        }
    }

    /// How long a client should wait before it connects again, in
    /// milliseconds, where the stream has said so.
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }

    fn forget_dispatched(&mut self) {
        if self.dispatched {
            self.dispatched = false;
            self.single = None;
            self.data.clear();
            self.has_data = false;
            self.event.clear();
        }
    }

    /// Copies the data line that lies in the current piece: a new one comes.
    fn keep_single(&mut self) {
        if let Some(span) = self.single.take() {
            self.data.extend_from_slice(self.lines.get(span));
        }
    }

    /// Takes one byte order mark off the start of the stream.
    fn strip_bom(&mut self, chunk: Bytes) -> Option<Bytes> {
        const BOM: &[u8] = b"\xef\xbb\xbf";
        let Bom::Expected(seen) = &mut self.bom else {
            return Some(chunk);
        };
        if seen.is_empty() && chunk.len() >= BOM.len() {
            let start = if chunk.starts_with(BOM) { BOM.len() } else { 0 };
            self.bom = Bom::Done;
            return Some(chunk.slice(start..));
        }
        // The mark itself is cut into pieces: gather until it is decided.
        seen.extend_from_slice(&chunk);
        let undecided = seen.len() < BOM.len() && BOM.starts_with(seen);
        if undecided {
            return None;
        }
        let all = Bytes::from(std::mem::take(seen));
        let start = if all.starts_with(BOM) { BOM.len() } else { 0 };
        self.bom = Bom::Done;
        Some(all.slice(start..))
    }
}

/// Without the data: it can hold fresh credentials.
impl fmt::Debug for SseDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseDecoder")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// As [`String::from_utf8_lossy`], but fast for what is right, which nearly all
/// is.
#[inline]
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match valid(bytes) {
        Some(text) => Cow::Borrowed(text),
        None => String::from_utf8_lossy(bytes),
    }
}

/// Apart, so that the text comes back in registers: read from memory right
/// after it was written there it would be waited for.
#[inline(never)]
fn valid(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// Splits a line at its first colon, and takes one blank off the value.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    // Nearly every line is one of data.
    if let Some(value) = line.strip_prefix(b"data:") {
        return (b"data", value.strip_prefix(b" ").unwrap_or(value));
    }
    match memchr::memchr(b':', line) {
        Some(colon) => {
            let (name, value) = line.split_at(colon);
            let value = value.get(1..).unwrap_or_default();
            (name, value.strip_prefix(b" ").unwrap_or(value))
        }
        None => (line, b""),
    }
}
