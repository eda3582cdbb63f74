use std::fmt;

use bytes::Bytes;
use memchr::memchr2;

use crate::{Error, ErrorKind, Limit};

/// Cuts a stream of bytes into lines, wherever the pieces of the stream are
/// cut. A line ends with LF, CR or CRLF, as in server-sent events.
///
/// Lines that lie in one piece are borrowed from it; only a line that spans
/// pieces is copied. A line longer than the limit is an error, so memory stays
/// bounded; each byte is looked at once.
///
/// ```
/// use chatwire_core::decode::Lines;
///
/// let mut lines = Lines::new(1024);
/// lines.feed("one\r\ntw".into());
/// assert_eq!(lines.next_line()?, Some(&b"one"[..]));
/// assert_eq!(lines.next_line()?, None);
/// lines.feed("o\nrest".into());
/// assert_eq!(lines.next_line()?, Some(&b"two"[..]));
/// assert_eq!(lines.next_line()?, None);
/// assert_eq!(lines.rest(), b"rest");
/// # Ok::<(), chatwire_core::Error>(())
/// ```
pub struct Lines {
    chunk: Bytes,
    at: usize,
    /// The beginning of a line whose end is in a later piece.
    carry: Vec<u8>,
    /// The line in `carry` was handed out and can be forgotten.
    carry_done: bool,
    /// The last line ended with CR: a LF that follows belongs to it.
    skip_lf: bool,
    limit: Option<usize>,
    /// How much longer than the limit a line may be.
    slack: usize,
}

/// Where a line or a part of it lies, without borrowing the decoder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// In `carry`, which the next line overwrites; otherwise in the piece.
    pub(super) carried: bool,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Lines {
    /// Lines of at most `limit` bytes.
    pub fn new(limit: impl Into<Option<usize>>) -> Lines {
        Lines {
            chunk: Bytes::new(),
            at: 0,
            carry: Vec::new(),
            carry_done: false,
            skip_lf: false,
            limit: limit.into(),
            slack: 0,
        }
    }

    /// Lines of fields whose values have at most `limit` bytes: the name and
    /// the colon do not count.
    pub(super) fn for_fields(limit: Option<usize>) -> Lines {
        Lines {
            slack: "event: ".len(),
            ..Lines::new(limit)
        }
    }

    /// Gives the next piece of the stream. All lines of the piece before must
    /// have been taken: what is left of it is kept as the start of a line.
    pub fn feed(&mut self, chunk: Bytes) {
        self.forget_carry();
        if let Some(rest) = self.chunk.get(self.at..) {
            self.carry.extend_from_slice(rest);
        }
        self.chunk = chunk;
        self.at = 0;
    }

    /// The next complete line, without its end; none when the piece is used up.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LimitExceeded`] when a line is longer than the limit.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, Error> {
        Ok(self.next_span()?.map(|span| self.get(span)))
    }

    /// The unfinished line at the end of all pieces so far; empty when the
    /// last line was complete. Meant for the end of the stream.
    pub fn rest(&mut self) -> &[u8] {
        self.feed(Bytes::new());
        &self.carry
    }

    pub(super) fn next_span(&mut self) -> Result<Option<Span>, Error> {
        self.forget_carry();
        let mut rest = self.chunk.get(self.at..).unwrap_or_default();
        if self.skip_lf
            && let Some(first) = rest.first()
        {
            self.skip_lf = false;
            if *first == b'\n' {
                self.at += 1;
                rest = rest.get(1..).unwrap_or_default();
            }
        }
        // Every other line of an event stream is blank: no need to search.
        let found = match rest.first() {
            Some(b'\n') => Some(0),
            _ => memchr2(b'\n', b'\r', rest),
        };
        let Some(length) = found else {
            // The rest is the start of a line that a later piece ends.
            self.check(self.carry.len() + rest.len())?;
            self.carry.extend_from_slice(rest);
            self.at = self.chunk.len();
            return Ok(None);
        };
        self.check(self.carry.len() + length)?;
        let start = self.at;
        self.at += length + 1;
        if rest.get(length) == Some(&b'\r') {
            // CR and LF in one piece, the usual case: no need to remember.
            if rest.get(length + 1) == Some(&b'\n') {
                self.at += 1;
            } else {
                self.skip_lf = true;
            }
        }
        if self.carry.is_empty() {
            return Ok(Some(Span {
                carried: false,
                start,
                end: start + length,
            }));
        }
        self.carry
            .extend_from_slice(rest.get(..length).unwrap_or_default());
        self.carry_done = true;
        Ok(Some(Span {
            carried: true,
            start: 0,
            end: self.carry.len(),
        }))
    }

    /// Takes the next line if it is blank and seen to be so at once. The line
    /// before stays where it is.
    pub(super) fn take_blank(&mut self) -> bool {
        let blank = !self.skip_lf && self.chunk.get(self.at) == Some(&b'\n');
        if blank {
            self.at += 1;
        }
        blank
    }

    /// The bytes at a span of the last line.
    #[inline]
    pub(super) fn get(&self, span: Span) -> &[u8] {
        let source: &[u8] = if span.carried {
            &self.carry
        } else {
            &self.chunk
        };
        source.get(span.start..span.end).unwrap_or_default()
    }

    fn forget_carry(&mut self) {
        if self.carry_done {
            self.carry.clear();
            self.carry_done = false;
        }
    }

    fn check(&self, length: usize) -> Result<(), Error> {
        check_event_size(length.saturating_sub(self.slack), self.limit)
    }
}

/// Without the bytes: they can hold fresh credentials.
impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// The error when an event is larger than its limit.
#[inline]
pub(super) fn check_event_size(length: usize, limit: Option<usize>) -> Result<(), Error> {
    match limit {
        Some(limit) if length > limit => Err(too_large(limit)),
        _ => Ok(()),
    }
}

#[cold]
fn too_large(limit: usize) -> Error {
    Error::new(
        ErrorKind::LimitExceeded(Limit::Event),
        format!("an event of the answer is larger than the limit of {limit} bytes"),
    )
}
