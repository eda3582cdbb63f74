//! What a terminal may be sent: the one filter before everything that is shown.
//!
//! A server, a file or an argument must not be able to move the cursor, change
//! the title, or make text look like another text.

use std::borrow::Cow;
use std::fmt::Write as _;

/// An answer's prose: without control characters other than line ends and tabs,
/// and with the characters visible that turn the direction of what follows.
/// Marks of direction and joiners stay, for many scripts need them.
pub(crate) fn prose(text: &str) -> Cow<'_, str> {
    filtered(text, |c| if turns(c) { visible(c) } else { None })
}

/// Names, code, errors and data: as [`prose`], and with every character visible
/// that cannot be seen.
pub(crate) fn exact(text: &str) -> Cow<'_, str> {
    filtered(text, visible)
}

/// JSON on a terminal: what a terminal may not be sent is escaped in JSON's own
/// way, so that the value stays the same.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    let escaped = |c: char| is_control(c) || visible(c).is_some();
    if !text.contains(escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if escaped(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// What to show for a character that cannot be seen and may change how others
/// look; `None` for all others.
pub(crate) fn visible(c: char) -> Option<String> {
    let hidden = turns(c)
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{2060}'..='\u{2065}'
                | '\u{206a}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        );
    hidden.then(|| format!("\\u{{{:x}}}", u32::from(c)))
}

/// Whether the character turns the direction of those after it.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// C0 without tab and line end, DEL, and C1.
fn is_control(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
}

fn filtered(text: &str, shown: fn(char) -> Option<String>) -> Cow<'_, str> {
    if !text.contains(|c| is_control(c) || shown(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|&c| !is_control(c)) {
        match shown(c) {
            Some(escape) => out.push_str(&escape),
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes() {
        for (text, of_prose, of_names) in [
            ("plain\ttext\n", "plain\ttext\n", "plain\ttext\n"),
            ("\u{1b}]0;title\u{7}x", "]0;titlex", "]0;titlex"),
            ("a\r\nb\u{9b}2J\u{7f}\0", "a\nb2J", "a\nb2J"),
            (
                "héllo 👋🏽 ❤\u{fe0f}",
                "héllo 👋🏽 ❤\u{fe0f}",
                "héllo 👋🏽 ❤\u{fe0f}",
            ),
            ("a\u{202e}b", "a\\u{202e}b", "a\\u{202e}b"),
            (
                "a\u{2066}b\u{2069}",
                "a\\u{2066}b\\u{2069}",
                "a\\u{2066}b\\u{2069}",
            ),
            ("می\u{200c}شود", "می\u{200c}شود", "می\\u{200c}شود"),
            ("א\u{200f}!", "א\u{200f}!", "א\\u{200f}!"),
            (
                "\u{61c}\u{feff}\u{200b}",
                "\u{61c}\u{feff}\u{200b}",
                "\\u{61c}\\u{feff}\\u{200b}",
            ),
            ("a\u{e0041}", "a\u{e0041}", "a\\u{e0041}"),
        ] {
            assert_eq!(prose(text), of_prose, "{text:?}");
            assert_eq!(exact(text), of_names, "{text:?}");
        }
        for number in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text = number.to_string();
            for shown in [prose(&text), exact(&text), json(&text)] {
                let left = shown.chars().any(|c| is_control(c) || turns(c));
                assert!(!left, "{number:?}");
            }
        }
    }

    #[test]
    fn json_stays_the_same_value() {
        for text in [
            "plain",
            "\u{7f}\u{9b}31m",
            "a\u{202e}b",
            "\u{e0041}",
            "\u{1b}é",
        ] {
            let written = serde_json::to_string(text).unwrap();
            let shown = json(&written);
            assert!(
                shown
                    .chars()
                    .all(|c| !is_control(c) && visible(c).is_none())
            );
            assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }
}
