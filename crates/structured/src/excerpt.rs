//! Pieces of foreign text in messages: short, and on one line.

/// Writes where something is wrong: at the first characters of a text.
pub(crate) fn excerpt(text: &str) -> String {
    if text.trim().is_empty() {
        return "at its end".to_owned();
    }
    format!("at `{}`", shortened(text.trim_start(), 40))
}

/// Returns the first characters of a text, without control characters.
pub(crate) fn shortened(text: &str, characters: usize) -> String {
    let mut rest = text.chars();
    let clean = |c: char| if is_unclean(c) { ' ' } else { c };
    let mut short: String = rest.by_ref().take(characters).map(clean).collect();
    if rest.next().is_some() {
        short.push('…');
    }
    short
}

/// Control characters, and those that turn the direction of text around.
fn is_unclean(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
