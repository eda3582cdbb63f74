//! Text from files and standard input, whatever its encoding.

use crate::terminal::say;

/// The text of a file or of standard input, which `name` names. A byte order
/// mark is left out. What is no text is replaced, and the person is told once.
pub(super) fn text(name: &str, bytes: Vec<u8>) -> String {
    let (text, fault) = decode(bytes);
    if let Some(at) = fault {
        say(&format!(
            "{name} is not UTF-8 text at byte {}: what cannot be read is sent as \u{fffd}; convert \
             it first, for example with iconv -f latin1 -t utf-8",
            at + 1
        ));
    }
    text
}

/// Returns the text and the offset of the first invalid byte.
fn decode(bytes: Vec<u8>) -> (String, Option<usize>) {
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => match String::from_utf8(bytes) {
            Ok(text) => (without_mark(text), None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                (without_mark(text), Some(at))
            }
        },
    }
}

fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// The text after a mark of two bytes.
fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> (String, Option<usize>) {
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
                fault.get_or_insert(at);
                at += 2;
            }
        }
    }
    if !rest.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
        fault.get_or_insert(at);
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
            (b"caf\xe9 and \xe9", "caf\u{fffd} and \u{fffd}", Some(3)),
            (b"\xef\xbb\xbf\xff", "\u{fffd}", Some(3)),
            (b"\xff\xfeh\0\x3d\xd8!\0", "h\u{fffd}!", Some(4)),
            (b"\xff\xfeh\0i", "h\u{fffd}", Some(4)),
            (b"cut \xf0\x9f\x91", "cut \u{fffd}", Some(4)),
        ] {
            assert_eq!(
                decode(bytes.to_vec()),
                (text.to_owned(), fault),
                "{bytes:?}"
            );
        }
    }
}
