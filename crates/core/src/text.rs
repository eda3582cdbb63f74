//! Small pure work on texts that other modules share.

use std::borrow::Cow;

/// What stands at the end of a text that was cut.
pub(crate) const CUT: &str = "…";

/// Returns the text, or as much of it as makes at most `max` bytes with
/// [a mark](CUT) at its end. It is cut between two characters.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let mut end = max.saturating_sub(CUT.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{CUT}", text.get(..end).unwrap_or_default())
}

/// Returns the text without control characters other than tab and line feed.
pub(crate) fn without_controls(text: &str) -> Cow<'_, str> {
    without(text, |c| c.is_control() && !matches!(c, '\t' | '\n'))
}

/// Returns the text without characters that show nothing: zero-width ones and
/// those that set the direction of writing.
pub(crate) fn without_invisible(text: &str) -> Cow<'_, str> {
    without(text, |c| {
        matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        )
    })
}

fn without(text: &str, is_unwanted: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.contains(&is_unwanted) {
        Cow::Owned(text.chars().filter(|c| !is_unwanted(*c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}
