//! Markdown on a terminal that shows it as it is.

use super::fence::Fence;
use super::filter::{exact, prose};

/// How much of a line is looked at to tell whether it opens or closes code.
const START: usize = 256;

/// Tells code from prose while text arrives: in code, characters that cannot be
/// seen are made visible.
#[derive(Debug, Default)]
pub(super) struct Plain {
    open: Option<Fence>,
    /// The begin of the line that is being written.
    line: String,
}

impl Plain {
    /// Adds what is shown of a piece.
    pub(super) fn push(&mut self, text: &str, out: &mut Vec<u8>) {
        for part in text.split_inclusive('\n') {
            let shown = match self.open {
                Some(_) => exact(part),
                None => prose(part),
            };
            out.extend_from_slice(shown.as_bytes());
            // What is shown decides, so that nothing hides a fence.
            let room = START.saturating_sub(self.line.len());
            self.line.extend(shown.chars().take(room));
            if part.ends_with('\n') {
                self.open = Fence::after(self.open, self.line.trim_end());
                self.line.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_prose() {
        let source = "a\u{200d}b\n```\nc\u{200d}d\u{1b}[m\n```\ne\u{200d}f\u{202e}";
        let shown = "a\u{200d}b\n```\nc\\u{200d}d[m\n```\ne\u{200d}f\\u{202e}";
        let mut plain = Plain::default();
        let (mut whole, mut pieces) = (Vec::new(), Vec::new());
        plain.push(source, &mut whole);
        let mut plain = Plain::default();
        for c in source.chars() {
            plain.push(&c.to_string(), &mut pieces);
        }
        assert_eq!(String::from_utf8(whole).unwrap(), shown);
        assert_eq!(String::from_utf8(pieces).unwrap(), shown);
    }

    #[test]
    fn a_fence_is_what_looks_like_one() {
        let mut plain = Plain::default();
        let mut out = Vec::new();
        plain.push("\u{1b}``\0`\u{9b}\nc\u{200d}d\n", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "```\nc\\u{200d}d\n");
    }
}
