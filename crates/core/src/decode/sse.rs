use std::fmt;

use super::lines::{Lines, Span, too_large};
use crate::error::Error;

/// Decodes server-sent events as the [WHATWG specification] defines them,
/// wherever the stream is cut into pieces.
///
/// Invalid UTF-8 becomes U+FFFD. An event that is cut off by the end of the
/// stream is dropped, as the specification says. Events are borrowed from the
/// decoder's buffer, without an allocation per event.
///
/// [WHATWG specification]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
///
/// ```
/// use chatwire_core::provider_kit::decode::SseDecoder;
///
/// let mut events = SseDecoder::new(1024);
/// events.feed(b"event: add\ndata: 73\n\ndata: ha");
/// let event = events.next_event()?.unwrap();
/// assert_eq!((event.event, event.data), ("add", "73"));
/// assert!(events.next_event()?.is_none());
/// # Ok::<(), chatwire_core::Error>(())
/// ```
pub struct SseDecoder {
    lines: Lines,
    limit: usize,
    /// The name of the event that is being read.
    event: String,
    /// Its data, if it has any so far.
    data: Option<Data>,
    /// The data lines, if they are more than one line of the current piece.
    joined: String,
    stage: Stage,
    last_event_id: String,
    retry: Option<u64>,
}

/// How much of an event was read.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    /// Nothing.
    Fresh,
    /// Its name or data, but not its end.
    Open,
    /// All of it: it was handed out and can be dropped.
    Done,
}

/// Where the data of an event is stored.
#[derive(Clone, Copy)]
enum Data {
    /// One line, in the current piece.
    Line(Span),
    /// In `joined`.
    Joined,
}

/// One server-sent event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SseEvent<'a> {
    /// The event's name; `message` if it has none of its own.
    pub event: &'a str,
    /// The data lines, joined by newlines.
    pub data: &'a str,
    /// The last id that the stream has set; empty if there was none.
    pub last_event_id: &'a str,
}

impl SseDecoder {
    /// Creates a decoder for events of at most `limit` bytes of data, name or id.
    pub fn new(limit: impl Into<Option<usize>>) -> SseDecoder {
        let limit = limit.into().unwrap_or(usize::MAX);
        SseDecoder {
            lines: Lines::for_fields(limit),
            limit,
            event: String::new(),
            data: None,
            joined: String::new(),
            stage: Stage::Fresh,
            last_event_id: String::new(),
            retry: None,
        }
    }

    /// Adds the next piece of the stream. Events that were not taken yet stay.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.forget_done();
        self.keep_line();
        self.lines.feed(bytes);
    }

    /// Returns the next complete event, or `None` if more of the stream is
    /// needed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LimitExceeded`](crate::ErrorKind::LimitExceeded) if an event
    /// is larger than the limit.
    #[inline]
    pub fn next_event(&mut self) -> Result<Option<SseEvent<'_>>, Error> {
        let Some(data) = self.next_data()? else {
            return Ok(None);
        };
        // Built only here, so that it is not moved: that would cost as much as
        // finding it.
        Ok(Some(SseEvent {
            // A fresh event has no name. The compiler knows the stage here, so
            // the usual event needs no look at the name.
            event: if self.stage == Stage::Fresh || self.event.is_empty() {
                "message"
            } else {
                &self.event
            },
            data: match data {
                Data::Line(span) => self.lines.get(span),
                Data::Joined => &self.joined,
            },
            last_event_id: &self.last_event_id,
        }))
    }

    /// Returns how long a client should wait before it reconnects, in
    /// milliseconds, if the stream has set it.
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }

    /// Reads lines until an event is complete, and returns its data.
    #[inline]
    fn next_data(&mut self) -> Result<Option<Data>, Error> {
        self.forget_done();
        while let Some(line) = self.lines.next_span()? {
            // Nearly every event is one line of data and a blank one.
            if self.stage == Stage::Fresh
                && let Some(value) = self.data_in(line)
            {
                self.check(value.end - value.start)?;
                let data = Data::Line(value);
                if self.lines.take_lf() {
                    return Ok(Some(data));
                }
                self.data = Some(data);
                self.stage = Stage::Open;
            } else if let Some(data) = self.take_line(line)? {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// Returns the value of a line that starts with `data:`.
    #[inline]
    fn data_in(&self, line: Span) -> Option<Span> {
        // The name has no line end, so the search may go past the line.
        let value = self.lines.bytes_from(line.start)?.strip_prefix(b"data:")?;
        let blank = usize::from(value.first() == Some(&b' '));
        let start = line.start + "data:".len() + blank;
        Some(Span { start, ..line })
    }

    /// Reads any other line. Returns the data if the line completes an event.
    #[inline(never)]
    fn take_line(&mut self, span: Span) -> Result<Option<Data>, Error> {
        self.lines.check(span.end - span.start)?;
        let line = self.lines.get(span);
        if line.is_empty() {
            // An event without data is dropped, and its name with it.
            self.stage = Stage::Done;
            let data = self.data;
            if data.is_none() {
                self.forget_done();
            }
            return Ok(data);
        }
        self.stage = Stage::Open;
        let (name, value) = field(line);
        match name {
            "data" => {
                let held = match self.data {
                    None => 0,
                    Some(Data::Line(first)) => first.end - first.start + 1,
                    Some(Data::Joined) => self.joined.len() + 1,
                };
                self.check(held + value.len())?;
                let value = Span {
                    start: span.end - value.len(),
                    ..span
                };
                if self.data.is_none() {
                    self.data = Some(Data::Line(value));
                } else {
                    self.keep_line();
                    self.joined.push('\n');
                    self.joined.push_str(self.lines.get(value));
                }
            }
            "event" => {
                self.check(value.len())?;
                self.event.clear();
                self.event.push_str(value);
            }
            "id" if !value.contains('\0') => {
                self.check(value.len())?;
                self.last_event_id.clear();
                self.last_event_id.push_str(value);
            }
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok().or(self.retry);
            }
            // A comment is a field without a name, and unknown fields are
            // ignored.
            _ => {}
        }
        Ok(None)
    }

    /// Copies the data line out of the current piece, which is about to change.
    fn keep_line(&mut self) {
        if let Some(Data::Line(span)) = self.data {
            self.joined.clear();
            self.joined.push_str(self.lines.get(span));
            self.data = Some(Data::Joined);
        }
    }

    #[inline]
    fn check(&self, length: usize) -> Result<(), Error> {
        if length > self.limit {
            return Err(too_large(self.limit));
        }
        Ok(())
    }

    #[inline]
    fn forget_done(&mut self) {
        if self.stage == Stage::Done {
            self.stage = Stage::Fresh;
            self.event.clear();
            self.data = None;
        }
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

/// Splits a line at its first colon, and removes one blank before the value.
fn field(line: &str) -> (&str, &str) {
    match line.split_once(':') {
        Some((name, value)) => (name, value.strip_prefix(' ').unwrap_or(value)),
        None => (line, ""),
    }
}
