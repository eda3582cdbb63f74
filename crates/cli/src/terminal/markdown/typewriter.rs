//! Code in rows: every character where it stands, and long lines broken.

use super::width::{columns, is_certain};
use crate::terminal::filter::visible;

/// How far apart the stops of tabs are.
const TAB: usize = 4;

/// What to do for a character.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stroke {
    Put(char),
    /// The row is full: the terminal goes on with the next by itself.
    Join,
    /// The row ends here, though the line goes on.
    Break,
}

/// Counts the columns of a line of code while it is written.
#[derive(Debug, Clone)]
pub(super) struct Typewriter {
    /// The columns of the terminal.
    columns: usize,
    /// What each row begins with.
    hang: usize,
    at: usize,
    /// The columns of the line so far, for tabs.
    line: usize,
    /// All terminals agree where in the row this is.
    certain: bool,
}

impl Typewriter {
    pub(super) fn new(columns: usize, hang: usize) -> Typewriter {
        Typewriter {
            columns,
            hang,
            at: hang,
            line: 0,
            certain: hang == 0,
        }
    }

    /// Begins a line.
    pub(super) fn new_line(&mut self) {
        *self = Typewriter::new(self.columns, self.hang);
    }

    /// Writes a character.
    pub(super) fn write(&mut self, c: char, mut to: impl FnMut(Stroke)) {
        if c == '\t' {
            for _ in 0..TAB - self.line % TAB {
                self.set(' ', 1, &mut to);
            }
        } else if let Some(escape) = visible(c) {
            for c in escape.chars() {
                self.set(c, 1, &mut to);
            }
        } else {
            self.set(c, columns(c, None), &mut to);
        }
    }

    fn set(&mut self, c: char, width: usize, to: &mut impl FnMut(Stroke)) {
        let certain = self.certain && is_certain(c);
        // A last column that stays free keeps terminals from wrapping where
        // they disagree.
        let room = if certain {
            self.columns
        } else {
            self.columns.saturating_sub(1)
        };
        if self.at + width > room && self.at > self.hang {
            // Where a wide character does not fit into the last column, some
            // terminals do not wrap.
            let full = certain && self.at == self.columns;
            to(if full { Stroke::Join } else { Stroke::Break });
            self.at = self.hang;
            self.certain = self.hang == 0;
        }
        self.certain &= is_certain(c);
        self.at += width;
        self.line += width;
        to(Stroke::Put(c));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_code() {
        for (columns, hang, text, expected) in [
            (8, 0, "abc", "abc"),
            (4, 0, "abcdefghi", "abcd+efgh+i"),
            (5, 1, "abcdefg", "abc|def|g"),
            (9, 0, "a\tb", "a   b"),
            (8, 0, "abcd\tb", "abcd    +b"),
            (4, 0, "漢字漢", "漢字+漢"),
            (5, 0, "漢字漢", "漢字|漢"),
            (5, 0, "漢字a漢", "漢字a+漢"),
            (5, 0, "abcdé", "abcdé"),
            (5, 0, "abc❤❤", "abc❤|❤"),
            (20, 0, "a\u{202e}b", "a\\u{202e}b"),
        ] {
            let mut typewriter = Typewriter::new(columns, hang);
            let mut out = String::new();
            for c in text.chars() {
                typewriter.write(c, |stroke| match stroke {
                    Stroke::Put(c) => out.push(c),
                    Stroke::Join => out.push('+'),
                    Stroke::Break => out.push('|'),
                });
            }
            assert_eq!(out, expected, "{columns} {text:?}");
        }
    }
}
