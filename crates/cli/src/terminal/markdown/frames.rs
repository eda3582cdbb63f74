//! Lists and quotes that stand around a piece of source.
//!
//! A long block is taken apart. What is parsed next then needs the lists and
//! quotes around it again: a line before it opens them.

/// Marks text that goes on with a block. It cannot come from outside, because
/// control characters are taken out before.
pub(super) const SENTINEL: char = '\u{1}';

/// One list item or quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    Quote,
    Item {
        /// The columns from the content of what is around to its own.
        width: usize,
        /// The columns that its marker takes on the screen.
        shown: usize,
    },
}

/// The marks that open the frames, up to where the content begins.
pub(super) fn opening(frames: &[Frame]) -> String {
    let mut line = String::new();
    for frame in frames {
        match *frame {
            Frame::Quote => line.push_str("> "),
            // A marker has at most 9 digits, and at most 4 spaces after it.
            Frame::Item { width, .. } if width <= 5 => {
                line.push('-');
                line.push_str(&" ".repeat(width.saturating_sub(1).max(1)));
            }
            Frame::Item { width, .. } => {
                let digits = width.saturating_sub(2).clamp(1, 9);
                let spaces = width.saturating_sub(digits + 1).clamp(1, 4);
                line.push_str(&" ".repeat(width.saturating_sub(digits + 1 + spaces).min(3)));
                line.push_str(&"1".repeat(digits));
                line.push('.');
                line.push_str(&" ".repeat(spaces));
            }
        }
    }
    line
}

/// The begin of a line inside of the frames.
pub(super) fn inside(frames: &[Frame]) -> String {
    let mut line = String::new();
    for frame in frames {
        match *frame {
            Frame::Quote => line.push_str("> "),
            Frame::Item { width, .. } => line.push_str(&" ".repeat(width)),
        }
    }
    line
}

/// Source that opens the frames for what begins on the line after it.
pub(super) fn reopened(frames: &[Frame]) -> String {
    if frames.is_empty() {
        return String::new();
    }
    let blank = inside(frames);
    format!("{}{SENTINEL}\n{}\n", opening(frames), blank.trim_end())
}

/// The columns up to an offset in its line.
pub(super) fn column(source: &str, offset: usize) -> usize {
    let before = source.get(..offset).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.chars().fold(0, |at, c| match c {
        '\t' => (at / 4 + 1) * 4,
        _ => at + 1,
    })
}

/// A list item's marker in the source, from where the item begins.
pub(super) struct Marker<'a> {
    pub(super) text: &'a str,
    /// Where it ends.
    pub(super) end: usize,
    /// The column at which the item's content begins.
    pub(super) content: usize,
}

impl<'a> Marker<'a> {
    pub(super) fn at(source: &'a str, start: usize) -> Marker<'a> {
        let rest = source.get(start..).unwrap_or_default();
        let trimmed = rest.trim_start_matches([' ', '\t']);
        let start = start + rest.len() - trimmed.len();
        let digits = trimmed.len()
            - trimmed
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        let text = trimmed.get(..digits + 1).unwrap_or_default();
        let end = start + text.len();
        let after = source.get(end..).unwrap_or_default();
        let content = after.trim_start_matches([' ', '\t']);
        let from = column(source, end);
        let to = column(source, end + after.len() - content.len());
        // An empty line, and code that is indented, count as one space.
        let blank = content.is_empty() || content.starts_with(['\n', '\r']);
        let spaces = if blank || to - from > 4 {
            1
        } else {
            (to - from).max(1)
        };
        Marker {
            text,
            end,
            content: from + spaces,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers() {
        for (source, start, text, content) in [
            ("- a", 0, "-", 2),
            ("  10) a", 0, "10)", 6),
            ("-     code", 0, "-", 2),
            ("*\n", 0, "*", 2),
            ("- 1.  a", 2, "1.", 6),
            ("-\ta", 0, "-", 4),
        ] {
            let marker = Marker::at(source, start);
            assert_eq!((marker.text, marker.content), (text, content), "{source:?}");
        }
    }

    #[test]
    fn every_width_can_be_opened() {
        for width in 2..=17 {
            let line = opening(&[Frame::Item { width, shown: 2 }]);
            assert_eq!(
                Marker::at(&format!("{line}a"), 0).content,
                width,
                "{line:?}"
            );
        }
    }
}
