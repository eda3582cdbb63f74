//! Lines of code, with those without text kept back until others follow.

use super::typewriter::{Stroke, Typewriter};

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// A line begins, on a row of its own.
    Line,
    /// The line goes on, on the next row.
    Break,
    /// The same, and the terminal goes there by itself.
    Join,
    Put(char),
}

/// Reads code and tells what to write.
#[derive(Debug)]
pub(super) struct CodeLines {
    typewriter: Typewriter,
    /// Spaces of a line that has nothing else so far.
    spaces: String,
    /// Lines without text that have not been written.
    blank: usize,
    in_line: bool,
}

impl CodeLines {
    pub(super) fn new(columns: usize, hang: usize) -> CodeLines {
        CodeLines {
            typewriter: Typewriter::new(columns, hang),
            spaces: String::new(),
            blank: 0,
            in_line: false,
        }
    }

    /// How many lines without text came last.
    pub(super) fn blank(&self) -> usize {
        self.blank
    }

    /// Takes a character.
    pub(super) fn write(&mut self, c: char, mut to: impl FnMut(Ink)) {
        if c == '\n' {
            self.blank += usize::from(!self.in_line);
            self.spaces.clear();
            self.in_line = false;
            return;
        }
        if !self.in_line {
            if c == ' ' || c == '\t' {
                self.spaces.push(c);
                return;
            }
            for _ in 0..std::mem::take(&mut self.blank) {
                to(Ink::Line);
            }
            to(Ink::Line);
            self.typewriter.new_line();
            self.in_line = true;
            for space in std::mem::take(&mut self.spaces).chars() {
                self.stroke(space, &mut to);
            }
        }
        self.stroke(c, &mut to);
    }

    fn stroke(&mut self, c: char, to: &mut impl FnMut(Ink)) {
        self.typewriter.write(c, |stroke| {
            to(match stroke {
                Stroke::Put(c) => Ink::Put(c),
                Stroke::Join => Ink::Join,
                Stroke::Break => Ink::Break,
            });
        });
    }
}
