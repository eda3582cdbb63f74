//! A text as a person could read it, who knows how servers write what they
//! repeat.

use crate::text::{CUT, is_control, is_invisible};

/// The bytes of a text without what shows nothing, and where each stood in it.
///
/// [`decoded`](Reading::decoded) is the same with one level of escapes taken out.
pub(super) struct Reading {
    bytes: Vec<u8>,
    /// From where to where in the original text, for each byte.
    sources: Vec<(usize, usize)>,
}

impl Reading {
    /// The text as it is.
    pub(super) fn of(text: &str) -> Reading {
        let mut reading = Reading::empty();
        for (at, c) in text.char_indices() {
            reading.push_char(c, (at, at + c.len_utf8()));
        }
        reading
    }

    fn empty() -> Reading {
        Reading {
            bytes: Vec::new(),
            sources: Vec::new(),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes as they are searched: a plus and a space are the same, since
    /// forms write the one for the other.
    pub(super) fn folded(&self) -> Vec<u8> {
        let fold = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
        self.bytes.iter().map(fold).collect()
    }

    /// From where to where the bytes of a range stood in the original text.
    pub(super) fn source(&self, start: usize, end: usize) -> (usize, usize) {
        let first = self.sources.get(start);
        let last = self.sources.get(end.saturating_sub(1));
        match (first, last) {
            (Some((start, _)), Some((_, end))) => (*start, *end),
            _ => (0, 0),
        }
    }

    /// Where the text was cut.
    pub(super) fn cuts(&self) -> Vec<usize> {
        let cut = CUT.as_bytes();
        let windows = self.bytes.windows(cut.len()).enumerate();
        windows
            .filter_map(|(at, window)| (window == cut).then_some(at))
            .collect()
    }

    /// The same with the escapes of JSON, JavaScript, HTML and addresses taken
    /// out, once; `None` if there are none. One that was cut off is left out.
    pub(super) fn decoded(&self) -> Option<Reading> {
        if !self
            .bytes
            .iter()
            .any(|byte| matches!(byte, b'\\' | b'%' | b'&'))
        {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut sources = Vec::with_capacity(self.bytes.len());
        let mut at = 0;
        let mut is_changed = false;
        while let Some(byte) = self.bytes.get(at) {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let (read, length) = match escape(rest) {
                Some((read, length)) => {
                    is_changed = true;
                    (read, length)
                }
                None => (Read::Byte(*byte), 1),
            };
            let source = self.source(at, at + length);
            match read {
                Read::Byte(byte) => {
                    bytes.push(byte);
                    sources.push(source);
                }
                Read::Char(c) => {
                    let encoded = c.encode_utf8(&mut [0; 4]).len();
                    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    sources.extend(std::iter::repeat_n(source, encoded));
                }
                Read::Nothing => {}
            }
            at += length;
        }
        is_changed.then(|| Reading::cleaned(&bytes, &sources))
    }

    /// Takes out again what shows nothing: it may have been escaped.
    fn cleaned(bytes: &[u8], sources: &[(usize, usize)]) -> Reading {
        let mut reading = Reading::empty();
        let mut at = 0;
        let source = |at: usize, length: usize| {
            let first = sources.get(at).map_or(0, |source| source.0);
            let last = sources.get(at + length - 1).map_or(0, |source| source.1);
            (first, last)
        };
        for chunk in bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                let length = c.len_utf8();
                reading.push_char(c, source(at, length));
                at += length;
            }
            for byte in chunk.invalid() {
                reading.bytes.push(*byte);
                reading.sources.push(source(at, 1));
                at += 1;
            }
        }
        reading
    }

    fn push_char(&mut self, c: char, source: (usize, usize)) {
        if is_control(c) || is_invisible(c) || matches!(c, '\t' | '\n') {
            return;
        }
        let mut buffer = [0; 4];
        let encoded = c.encode_utf8(&mut buffer).as_bytes();
        self.bytes.extend_from_slice(encoded);
        self.sources
            .extend(std::iter::repeat_n(source, encoded.len()));
    }
}

/// What an escape stands for.
enum Read {
    Byte(u8),
    Char(char),
    Nothing,
}

/// Reads the escape that a text begins with, and how long it is.
fn escape(text: &[u8]) -> Option<(Read, usize)> {
    let read = match text.first()? {
        b'\\' => backslash(text),
        b'%' => percent(text),
        b'&' => entity(text),
        _ => return None,
    };
    read.or_else(|| cut_off(text))
}

/// In JSON and JavaScript.
fn backslash(text: &[u8]) -> Option<(Read, usize)> {
    let read = match text.get(1)? {
        b'u' if text.get(2) == Some(&b'{') => {
            let digits = text.get(3..text.len().min(12))?;
            let end = digits.iter().position(|byte| *byte == b'}')?;
            let code = number(digits.get(..end)?, 16)?;
            return Some((read_char(code), end + 4));
        }
        b'u' => return unit(text, 2),
        b'x' => return Some((Read::Byte(u8::try_from(hex(text, 2, 2)?).ok()?), 4)),
        digit @ b'0'..=b'3' => match number(text.get(1..4).unwrap_or_default(), 8) {
            Some(code) => return Some((Read::Byte(u8::try_from(code).ok()?), 4)),
            None if *digit == b'0' && !text.get(2).is_some_and(u8::is_ascii_digit) => Read::Nothing,
            None => return None,
        },
        b'b' | b'f' | b'n' | b'r' | b't' | b'v' => Read::Nothing,
        byte @ (b'"' | b'\\' | b'/' | b'\'' | b'`') => Read::Byte(*byte),
        _ => return None,
    };
    Some((read, 2))
}

/// In addresses, also as the old `escape` of JavaScript writes them.
fn percent(text: &[u8]) -> Option<(Read, usize)> {
    if text.get(1) == Some(&b'u') {
        return unit(text, 2);
    }
    Some((Read::Byte(u8::try_from(hex(text, 1, 2)?).ok()?), 3))
}

/// A unit of UTF-16 in four digits, with the one that it is a pair with.
fn unit(text: &[u8], at: usize) -> Option<(Read, usize)> {
    let first = hex(text, at, 4)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some((read_char(first), at + 4));
    }
    let begins = text.get(..at) == text.get(at + 4..2 * at + 4);
    let second = hex(text, 2 * at + 4, 4).filter(|code| begins && (0xdc00..0xe000).contains(code));
    match second {
        Some(second) => {
            let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            Some((read_char(code), 2 * at + 8))
        }
        None => Some((Read::Nothing, at + 4)),
    }
}

/// The names of entities that stand for what secrets are made of.
const ENTITIES: &[(&str, char)] = &[
    ("amp", '&'),
    ("apos", '\''),
    ("ast", '*'),
    ("bsol", '\\'),
    ("colon", ':'),
    ("comma", ','),
    ("commat", '@'),
    ("dollar", '$'),
    ("equals", '='),
    ("excl", '!'),
    ("grave", '`'),
    ("gt", '>'),
    ("hyphen", '-'),
    ("lbrace", '{'),
    ("lbrack", '['),
    ("lowbar", '_'),
    ("lpar", '('),
    ("lt", '<'),
    ("nbsp", ' '),
    ("num", '#'),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("quest", '?'),
    ("quot", '"'),
    ("rbrace", '}'),
    ("rbrack", ']'),
    ("rpar", ')'),
    ("semi", ';'),
    ("shy", '\u{ad}'),
    ("sol", '/'),
    ("verbar", '|'),
    ("zwj", '\u{200d}'),
    ("zwnj", '\u{200c}'),
];

/// In HTML.
fn entity(text: &[u8]) -> Option<(Read, usize)> {
    let name = text.get(1..text.len().min(12))?;
    if name.first() == Some(&b'#') {
        let (start, radix) = match name.get(1) {
            Some(b'x' | b'X') => (2, 16),
            _ => (1, 10),
        };
        let digits = name.get(start..)?;
        let is_digit = |byte: &&u8| char::from(**byte).is_digit(radix);
        let count = digits.iter().take_while(is_digit).count();
        let code = number(digits.get(..count)?, radix)?;
        // Browsers do without the semicolon.
        let semicolon = usize::from(digits.get(count) == Some(&b';'));
        return Some((read_char(code), 1 + start + count + semicolon));
    }
    let end = name.iter().position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(name.get(..end)?).ok()?;
    let (_, c) = ENTITIES.iter().find(|(known, _)| *known == name)?;
    Some((Read::Char(*c), end + 2))
}

/// An escape that the text was cut within.
fn cut_off(text: &[u8]) -> Option<(Read, usize)> {
    let start = text.get(..text.len().min(12))?;
    let cut = CUT.as_bytes();
    let length = start.windows(cut.len()).position(|window| window == cut)?;
    let inside = start.get(1..length)?;
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'#' | b'{');
    inside
        .iter()
        .all(is_word)
        .then_some((Read::Nothing, length))
}

fn hex(text: &[u8], at: usize, digits: usize) -> Option<u32> {
    number(text.get(at..at + digits)?, 16)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    // A sign is no digit.
    let are_digits = digits.iter().all(|byte| char::from(*byte).is_digit(radix));
    let digits = std::str::from_utf8(digits).ok().filter(|_| are_digits)?;
    u32::from_str_radix(digits, radix).ok()
}

fn read_char(code: u32) -> Read {
    char::from_u32(code).map_or(Read::Nothing, Read::Char)
}
