//! What a terminal may be sent.

use std::borrow::Cow;

/// The text without control characters other than line ends and tabs: a server
/// must not be able to move the cursor or change the title of a terminal.
pub(crate) fn without_controls(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.contains(harmful) {
        Cow::Owned(text.chars().filter(|&c| !harmful(c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters() {
        for (text, clean) in [
            ("plain\ttext\n", "plain\ttext\n"),
            ("\u{1b}]0;title\u{7}x", "]0;titlex"),
            ("a\r\nb\u{9b}2J\u{7f}", "a\nb2J"),
            ("héllo 👋🏽", "héllo 👋🏽"),
        ] {
            assert_eq!(without_controls(text), clean);
        }
    }
}
