use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::error::{Error, ErrorKind};
use crate::text::shorten;

/// Keeps compressed bodies from being taken for text.
///
/// No request asks for a content coding, so a body that has one all the same is
/// refused. Some PHP hosts claim one and send plain text, after an empty gzip
/// stream or without, and some proxies take the claim away but not the coding, so
/// the claim alone does not count: the first bytes decide.
#[derive(Debug)]
pub(super) struct ContentCoding {
    /// What the header claims.
    claimed: String,
    /// The body is known to be text.
    is_text: bool,
    /// The beginning of the body, while it is not known what it is.
    start: Vec<u8>,
}

/// What the beginning of a body says about the whole.
#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Text,
    Compressed,
    /// More bytes have to come.
    Open,
}

const GZIP: &[u8] = b"\x1f\x8b";
/// What follows the ten bytes of a gzip header if the stream is empty.
const EMPTY_GZIP: &[u8] = b"\x03\0\0\0\0\0\0\0\0\0";
const GZIP_HEADER: usize = 10;
/// The same with the one method that there is.
const GZIP_DEFLATE: &[u8] = b"\x1f\x8b\x08";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
/// What zlib streams begin with, but for one that text can begin with, too.
const ZLIB: [&[u8]; 3] = [b"\x78\x01", b"\x78\x9c", b"\x78\xda"];

/// How many bytes are looked at where a coding has no mark at its beginning:
/// compressed ones have a control character or a wrong byte among them.
const UNMARKED: usize = 16;

impl ContentCoding {
    /// Reads the claim in the head of a response.
    pub(super) fn new(headers: &HeaderMap) -> ContentCoding {
        let mut claimed = Vec::new();
        for value in headers.get_all(CONTENT_ENCODING) {
            let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
            let codings = value.split(',').map(str::trim);
            let codings = codings.filter(|coding| !matches!(*coding, "" | "identity" | "none"));
            claimed.extend(codings.map(str::to_owned));
        }
        ContentCoding {
            claimed: claimed.join(", "),
            is_text: false,
            start: Vec::new(),
        }
    }

    /// Returns whether the body is known to be text.
    pub(super) fn is_none(&self) -> bool {
        self.is_text
    }

    /// Takes the next piece of the body. Returns what is known to be text.
    pub(super) fn admit(&mut self, piece: Bytes) -> Result<Bytes, Error> {
        if self.is_none() {
            return Ok(piece);
        }
        if !self.is_claimed() && self.start.is_empty() && judge_unclaimed(&piece) == Verdict::Text {
            self.is_text = true;
            return Ok(piece);
        }
        self.start.extend_from_slice(&piece);
        if let Some(rest) = without_empty_gzip(&self.start) {
            self.start = rest.to_vec();
        }
        match self.judge() {
            Verdict::Open => Ok(Bytes::new()),
            Verdict::Compressed => Err(self.refusal()),
            Verdict::Text => {
                self.is_text = true;
                Ok(std::mem::take(&mut self.start).into())
            }
        }
    }

    /// Returns what is left at the end of the body.
    pub(super) fn finish(&mut self) -> Result<Option<Bytes>, Error> {
        let start = std::mem::take(&mut self.start);
        if start.is_empty() || without_empty_gzip(&start).is_some_and(<[u8]>::is_empty) {
            return Ok(None);
        }
        match self.is_claimed() && self.is_binary(&start) {
            true => Err(self.refusal()),
            false => Ok(Some(start.into())),
        }
    }

    fn is_claimed(&self) -> bool {
        !self.claimed.is_empty()
    }

    /// The last coding is the outermost.
    fn outermost(&self) -> &str {
        self.claimed.rsplit(", ").next().unwrap_or_default()
    }

    /// What a body with the claimed coding begins with, if it has a mark.
    fn mark(&self) -> Option<&'static [u8]> {
        match self.outermost() {
            "gzip" | "x-gzip" => Some(GZIP),
            "zstd" => Some(ZSTD),
            _ => None,
        }
    }

    fn judge(&self) -> Verdict {
        let start = self.start.as_slice();
        if !self.is_claimed() {
            return judge_unclaimed(start);
        }
        if may_be_empty_gzip(start) {
            return Verdict::Open;
        }
        if start.starts_with(GZIP) || start.starts_with(ZSTD) {
            return Verdict::Compressed;
        }
        if self.mark().is_some_and(|mark| mark.starts_with(start)) {
            return Verdict::Open;
        }
        if self.is_binary(start) {
            Verdict::Compressed
        } else if start.len() < UNMARKED {
            Verdict::Open
        } else {
            Verdict::Text
        }
    }

    /// Whether the beginning of a body without a mark is no text. Without the
    /// mark that the claimed coding has, it may be text in another character set.
    fn is_binary(&self, start: &[u8]) -> bool {
        match self.mark() {
            None => !is_text(start),
            Some(_) => {
                let mut ascii = start.iter().filter(|byte| byte.is_ascii());
                ascii.any(|byte| is_binary(char::from(*byte)))
                    || ZLIB.iter().any(|mark| start.starts_with(mark))
            }
        }
    }

    fn refusal(&self) -> Error {
        let coding = match self.claimed.as_str() {
            "" if self.start.starts_with(ZSTD) => "zstd",
            "" => "gzip",
            claimed => claimed,
        };
        Error::new(
            ErrorKind::Protocol,
            format!(
                "the body is compressed ({}) although that was not asked for: \
                 switch compression off in the server or in the proxy before it",
                shorten(coding, 60)
            ),
        )
    }
}

/// Returns what follows an empty gzip stream at the start.
fn without_empty_gzip(start: &[u8]) -> Option<&[u8]> {
    let (header, rest) = start.split_at_checked(GZIP_HEADER)?;
    match header.starts_with(GZIP) {
        true => rest.strip_prefix(EMPTY_GZIP),
        false => None,
    }
}

/// Whether more bytes can make this an empty gzip stream.
fn may_be_empty_gzip(start: &[u8]) -> bool {
    match start.split_at_checked(GZIP_HEADER) {
        Some((header, rest)) => header.starts_with(GZIP) && EMPTY_GZIP.starts_with(rest),
        None => start.len() >= GZIP.len() && start.starts_with(GZIP),
    }
}

/// Judges the beginning of a body without a claim: only a mark that no text
/// begins with counts.
fn judge_unclaimed(start: &[u8]) -> Verdict {
    let marks = [GZIP_DEFLATE, ZSTD];
    if marks.iter().any(|mark| start.starts_with(mark)) {
        Verdict::Compressed
    } else if marks.iter().any(|mark| mark.starts_with(start)) {
        Verdict::Open
    } else {
        Verdict::Text
    }
}

/// Whether bytes are text. A character may be cut off at their end.
fn is_text(bytes: &[u8]) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_some() => return false,
        Err(error) => bytes
            .get(..error.valid_up_to())
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default(),
    };
    !text.contains(is_binary)
}

/// Whether a character is a control character that no text has.
fn is_binary(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}')
}
