use std::fmt;

use memchr::memchr2;

use super::Utf8Decoder;
use crate::error::{Error, ErrorKind, Limit};

/// Splits a stream of UTF-8 text into lines, wherever the stream is cut into
/// pieces. A line ends with LF, CR or CRLF, as in server-sent events.
///
/// As in browsers, one byte order mark at the start is removed and invalid UTF-8
/// becomes U+FFFD. A line longer than the limit is an error, so memory is bounded
/// by the limit and the largest piece. Each byte is looked at once.
///
/// ```
/// use chatwire_core::provider_kit::decode::Lines;
///
/// let mut lines = Lines::new(1024);
/// lines.feed(b"one\r\ntw");
/// assert_eq!(lines.next_line()?, Some("one"));
/// assert_eq!(lines.next_line()?, None);
/// lines.feed(b"o\nrest");
/// assert_eq!(lines.next_line()?, Some("two"));
/// assert_eq!(lines.next_line()?, None);
/// assert_eq!(lines.rest(), "rest");
/// # Ok::<(), chatwire_core::Error>(())
/// ```
pub struct Lines {
    utf8: Utf8Decoder,
    /// The text from the next line on, after text that was read and is not
    /// dropped yet.
    text: String,
    /// Where the next line starts.
    at: usize,
    /// How far the text was searched for the end of that line: a long line that
    /// comes in small pieces is searched once.
    searched: usize,
    /// The last line ended with CR, and so did the piece: an LF at the start of
    /// the next piece belongs to that line.
    skip_lf: bool,
    /// No character has arrived: the first can be a byte order mark.
    at_start: bool,
    limit: usize,
    /// The longest line: the limit, and the name of a field where lines have one.
    longest: usize,
}

/// The position of a line or a part of it, valid until the next piece is fed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Lines {
    /// Creates a splitter for lines of at most `limit` bytes.
    pub fn new(limit: impl Into<Option<usize>>) -> Lines {
        let limit = limit.into().unwrap_or(usize::MAX);
        Lines {
            utf8: Utf8Decoder::new(),
            text: String::new(),
            at: 0,
            searched: 0,
            skip_lf: false,
            at_start: true,
            limit,
            longest: limit,
        }
    }

    /// Creates a splitter for lines with a field each, whose values have at most
    /// `limit` bytes: the name and the colon do not count.
    pub(super) fn for_fields(limit: usize) -> Lines {
        Lines {
            longest: limit.saturating_add("event: ".len()),
            ..Lines::new(limit)
        }
    }

    /// Adds the next piece of the stream. Lines that were not taken yet stay.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.drop_read();
        self.utf8.decode_into(bytes, &mut self.text);
        if self.at_start {
            self.skip_mark();
        }
        if self.skip_lf && self.at < self.text.len() {
            self.skip_lf = false;
            self.take_lf();
        }
    }

    /// Returns the next complete line, without its end, or `None` if more of the
    /// stream is needed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LimitExceeded`] if a line is longer than the limit.
    #[inline]
    pub fn next_line(&mut self) -> Result<Option<&str>, Error> {
        match self.next_span()? {
            Some(span) => self
                .check(span.end - span.start)
                .map(|()| Some(self.get(span))),
            None => Ok(None),
        }
    }

    /// Returns the unfinished line at the end of the stream. It is empty if the
    /// last line was complete.
    pub fn rest(&mut self) -> &str {
        let cut_off = self.utf8.finish();
        self.text.push_str(&cut_off);
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Returns the position of the next complete line. It may be longer than the
    /// limit.
    #[inline]
    pub(super) fn next_span(&mut self) -> Result<Option<Span>, Error> {
        let start = self.at;
        let text = self.text.as_bytes();
        let unsearched = text.get(self.searched..).unwrap_or_default();
        // Most pieces are one event, after which nothing is left to search; the
        // event before it ended with a blank line.
        let end = match unsearched {
            [] => None,
            [b'\n', ..] => Some(0),
            bytes => memchr2(b'\n', b'\r', bytes),
        };
        let Some(end) = end else {
            self.searched = text.len();
            self.check(text.len() - start)?;
            return Ok(None);
        };
        let end = self.searched + end;
        let is_cr = text.get(end) == Some(&b'\r');
        let is_last = end + 1 == text.len();
        self.pass(end + 1);
        if is_cr {
            self.skip_lf = is_last;
            self.take_lf();
        }
        Ok(Some(Span { start, end }))
    }

    /// Skips an LF if it is the next character: after a line that ended with LF,
    /// that is a blank line. Returns whether there was one.
    #[inline]
    pub(super) fn take_lf(&mut self) -> bool {
        let is_next = self.text.as_bytes().get(self.at) == Some(&b'\n');
        if is_next {
            self.pass(self.at + 1);
        }
        is_next
    }

    /// Sets where the next line starts.
    #[inline]
    fn pass(&mut self, to: usize) {
        self.at = to;
        self.searched = to;
    }

    /// Returns the text of a line or a part of it.
    #[inline]
    pub(super) fn get(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Returns the text from a line's start to the end of the piece.
    #[inline]
    pub(super) fn bytes_from(&self, start: usize) -> Option<&[u8]> {
        self.text.as_bytes().get(start..)
    }

    /// Drops the text that was read. That moves the rest of the text, so small
    /// pieces gather before it is done.
    fn drop_read(&mut self) {
        const WORTH_IT: usize = 1024;
        if self.at == self.text.len() {
            self.text.clear();
        } else if self.at >= WORTH_IT {
            self.text.drain(..self.at);
        } else {
            return;
        }
        self.searched = self.searched.saturating_sub(self.at);
        self.at = 0;
    }

    /// Skips one byte order mark at the start of the stream.
    fn skip_mark(&mut self) {
        let Some(first) = self.text.chars().next() else {
            return;
        };
        self.at_start = false;
        if first == '\u{feff}' {
            self.pass(first.len_utf8());
        }
    }

    /// Checks the length of a line.
    #[inline]
    pub(super) fn check(&self, length: usize) -> Result<(), Error> {
        if length > self.longest {
            return Err(too_large(self.limit));
        }
        Ok(())
    }
}

/// Without the text: it can hold fresh credentials.
impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// The error when an event is larger than its limit.
#[cold]
pub(super) fn too_large(limit: usize) -> Error {
    Error::new(
        ErrorKind::LimitExceeded(Limit::Event),
        format!("an event of the answer is larger than the limit of {limit} bytes"),
    )
}
