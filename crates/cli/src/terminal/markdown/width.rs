//! Columns that characters take.

use unicode_width::UnicodeWidthChar as _;

/// Asks for the coloured form of the character before it.
const EMOJI_FORM: char = '\u{fe0f}';

/// The columns of a character, of which `next` follows. Terminals differ over
/// joined emoji: this is what the widest of them takes, so that a row is never
/// longer than it was thought to be.
pub(super) fn columns(c: char, next: Option<char>) -> usize {
    let own = c.width().unwrap_or(0);
    if next == Some(EMOJI_FORM) {
        own.max(2)
    } else {
        own
    }
}

/// The columns of a text.
pub(super) fn text_columns(text: &str) -> usize {
    let mut chars = text.chars().peekable();
    let mut sum = 0;
    while let Some(c) = chars.next() {
        sum += columns(c, chars.peek().copied());
    }
    sum
}

/// Whether all terminals agree on the columns of this character.
pub(super) fn is_certain(c: char) -> bool {
    matches!(
        c,
        ' '..='~'
            | '\u{c0}'..='\u{24f}'
            | '\u{400}'..='\u{481}'
            | '\u{3041}'..='\u{3096}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
    )
}
