//! Text from files and standard input, whatever its encoding.

use std::path::Path;

use crate::bounded::read_file;
use crate::failure::Failure;
use crate::terminal::say;

/// Reads a file of this kind. Returns it with a name for errors.
pub(super) fn read_text(kind: &str, file: &Path) -> Result<(String, String), Failure> {
    let name = format!("{kind} {:?}", file.display().to_string());
    let bytes = read_file(file)
        .map_err(|error| Failure::Usage(format!("{name} cannot be read: {error}")))?;
    let text = text(&name, bytes);
    Ok((name, text))
}

/// The text of a file or of standard input, which `name` names. A byte order
/// mark is left out. What is no text is replaced, and the person is told once.
pub(super) fn text(name: &str, bytes: Vec<u8>) -> String {
    let (text, fault) = decode(bytes);
    if let Some(fault) = fault {
        say(&fault.words(name));
    }
    text
}

/// Text that comes line by line.
#[derive(Debug, Default)]
pub(super) struct TextLines {
    /// The bytes that came before.
    read: usize,
    /// Whether the person was told what is wrong.
    told: bool,
}

impl TextLines {
    /// The next line, as [`text`] reads a whole one.
    pub(super) fn text(&mut self, name: &str, bytes: Vec<u8>) -> String {
        let before = self.read;
        self.read = before.saturating_add(bytes.len());
        let (text, fault) = decode(bytes);
        if let Some(fault) = fault.filter(|_| !self.told) {
            self.told = true;
            say(&fault.after(before).words(name));
        }
        text
    }
}

/// What is wrong with a text, first at this offset.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    NotUtf8(usize),
    NotUtf16(usize),
    /// A character that no text has; most files in which it stands are in the
    /// encoding of this name.
    Nul(usize, &'static str),
}

impl Fault {
    /// The same where so many bytes stand before the text.
    fn after(self, before: usize) -> Fault {
        match self {
            Fault::NotUtf8(at) => Fault::NotUtf8(before + at),
            Fault::NotUtf16(at) => Fault::NotUtf16(before + at),
            Fault::Nul(at, encoding) => Fault::Nul(before + at, encoding),
        }
    }

    fn words(&self, name: &str) -> String {
        let (what, at, encoding) = match *self {
            Fault::NotUtf8(at) => ("is not UTF-8 text", at, "latin1"),
            Fault::NotUtf16(at) => ("is not UTF-16 text", at, "utf-16"),
            Fault::Nul(at, encoding) => ("has a NUL", at, encoding),
        };
        let sent = match self {
            Fault::Nul(..) => "it is sent as it is",
            Fault::NotUtf8(_) | Fault::NotUtf16(_) => "what cannot be read is sent as \u{fffd}",
        };
        format!(
            "{name} {what} at byte {}: {sent}; convert it first, for example with iconv -f \
             {encoding} -t utf-8",
            at + 1
        )
    }
}

/// Returns the text and the first fault.
fn decode(bytes: Vec<u8>) -> (String, Option<Fault>) {
    let nul = nul(&bytes);
    let (text, fault) = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => match String::from_utf8(bytes) {
            Ok(text) => (without_mark(text), None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                (without_mark(text), Some(Fault::NotUtf8(at)))
            }
        },
    };
    let nul = text.contains('\0').then_some(nul).flatten();
    // A NUL says more about the encoding than a byte that is not UTF-8.
    (text, nul.or(fault))
}

/// The first NUL that belongs to no UTF-16 character, and the encoding in which
/// there are such.
fn nul(bytes: &[u8]) -> Option<Fault> {
    let (start, is_wide) = match bytes {
        [0xff, 0xfe, 0, 0, ..] => return Some(Fault::Nul(2, "utf-32")),
        [0, 0, 0xfe, 0xff, ..] => return Some(Fault::Nul(0, "utf-32")),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => (2, true),
        _ => (0, false),
    };
    if is_wide {
        let (units, _) = bytes.get(start..)?.as_chunks::<2>();
        let at = units.iter().position(|unit| *unit == [0, 0])?;
        return Some(Fault::Nul(start + 2 * at, "utf-16"));
    }
    let at = bytes.iter().position(|byte| *byte == 0)?;
    // The zero of a Latin character comes first or second.
    let encoding = if at % 2 == 0 { "utf-16be" } else { "utf-16le" };
    Some(Fault::Nul(at, encoding))
}

fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// The text after a mark of two bytes.
fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> (String, Option<Fault>) {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    let mut fault = None;
    let mut at = 2;
    for read in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match read {
            Ok(char) => {
                text.push(char);
                at += 2 * char.len_utf16();
            }
            Err(_) => {
                text.push(char::REPLACEMENT_CHARACTER);
                fault.get_or_insert(Fault::NotUtf16(at));
                at += 2;
            }
        }
    }
    if !rest.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
        fault.get_or_insert(Fault::NotUtf16(at));
    }
    (text, fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        for (bytes, text, fault) in [
            (&b""[..], "", None),
            ("na\u{ef}ve 👋".as_bytes(), "na\u{ef}ve 👋", None),
            (b"\xef\xbb\xbfhi", "hi", None),
            (b"\xff\xfeh\0i\0", "hi", None),
            (b"\xfe\xff\0h\0i", "hi", None),
            (b"\xff\xfe\x3d\xd8\x4b\xdc!\0", "👋!", None),
            (
                b"caf\xe9 and \xe9",
                "caf\u{fffd} and \u{fffd}",
                Some(Fault::NotUtf8(3)),
            ),
            (b"\xef\xbb\xbf\xff", "\u{fffd}", Some(Fault::NotUtf8(3))),
            (
                b"\xff\xfeh\0\x3d\xd8!\0",
                "h\u{fffd}!",
                Some(Fault::NotUtf16(4)),
            ),
            (b"\xff\xfeh\0i", "h\u{fffd}", Some(Fault::NotUtf16(4))),
            (b"cut \xf0\x9f\x91", "cut \u{fffd}", Some(Fault::NotUtf8(4))),
            // No mark: nothing is guessed, but said.
            (b"h\0i\0", "h\0i\0", Some(Fault::Nul(1, "utf-16le"))),
            (b"\0h\0i", "\0h\0i", Some(Fault::Nul(0, "utf-16be"))),
            (
                b"g\0\xe4\0",
                "g\0\u{fffd}\0",
                Some(Fault::Nul(1, "utf-16le")),
            ),
            (b"ab\0c", "ab\0c", Some(Fault::Nul(2, "utf-16be"))),
            (b"\xff\xfeh\0\0\0", "h\0", Some(Fault::Nul(4, "utf-16"))),
            (
                b"\xff\xfe\0\0h\0\0\0",
                "\0h\0",
                Some(Fault::Nul(2, "utf-32")),
            ),
            (
                b"\0\0\xfe\xff\0\0\0h",
                "\0\0\u{fffd}\u{fffd}\0\0\0h",
                Some(Fault::Nul(0, "utf-32")),
            ),
        ] {
            assert_eq!(
                decode(bytes.to_vec()),
                (text.to_owned(), fault),
                "{bytes:?}"
            );
        }
    }
}
