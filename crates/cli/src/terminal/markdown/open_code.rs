//! A block of code that is being written: it is passed on as it comes.

use super::code_lines::{CodeLines, Ink};
use super::frames::Frame;
use super::look::{Look, Row, Run, write_runs};
use super::screen::Screen;
use super::width::text_columns;

/// The line that opened the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fence {
    mark: char,
    length: usize,
    /// The columns of source before the content of what is around, and before
    /// the fence itself.
    outer: usize,
    indent: usize,
}

impl Fence {
    /// Reads the line of the fence, which begins at this column and stands in
    /// these frames.
    pub(super) fn new(line: &str, column: usize, frames: &[Frame]) -> Option<Fence> {
        let outer = frames.iter().map(|frame| match frame {
            Frame::Item { width, .. } => Some(*width),
            Frame::Quote => None,
        });
        let outer: usize = outer.sum::<Option<usize>>()?;
        let rest = line.trim_start_matches([' ', '\t']);
        let mark = rest.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let length = rest.len() - rest.trim_start_matches(mark).len();
        Some(Fence {
            mark,
            length,
            outer,
            indent: column + line.len() - rest.len(),
        })
    }

    /// Whether a later line, without its end, closes the block.
    pub(super) fn is_closed_by(self, line: &str) -> bool {
        let rest = line.trim_start_matches([' ', '\t']);
        let indent = indent_of(line);
        let marks = rest.trim_end();
        indent < self.outer + 4
            && marks.len() >= self.length
            && marks.chars().all(|c| c == self.mark)
    }
}

/// The columns of the white space that a line begins with.
fn indent_of(line: &str) -> usize {
    let mut at = 0;
    for c in line.chars() {
        match c {
            ' ' => at += 1,
            '\t' => at = (at / 4 + 1) * 4,
            _ => break,
        }
    }
    at
}

/// What is known of the line that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Nothing but white space so far.
    Blank,
    /// It may be the fence that closes: so many marks.
    Marks(usize),
    /// The same, with spaces after the marks.
    Closing(usize),
    /// Code.
    Code,
}

/// The block, and where in it the text is.
#[derive(Debug)]
pub(super) struct OpenCode {
    fence: Fence,
    pub(super) frames: Vec<Frame>,
    first: Vec<Run>,
    hang: Vec<Run>,
    look: Look,
    lines: CodeLines,
    line: Line,
    indent: usize,
    /// What of the line is not written, because it may close the block.
    held: String,
    begun: bool,
}

/// How the block ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// How much of the text belongs to the block.
    pub(super) used: usize,
    /// Text that came before, and belongs to what follows.
    pub(super) back: String,
}

impl OpenCode {
    pub(super) fn new(
        fence: Fence,
        frames: Vec<Frame>,
        (first, hang): (Vec<Run>, Vec<Run>),
        look: Look,
        columns: usize,
    ) -> OpenCode {
        let hang_columns = hang.iter().map(|run| text_columns(&run.text)).sum();
        OpenCode {
            fence,
            frames,
            first,
            hang,
            look,
            lines: CodeLines::new(columns, hang_columns),
            line: Line::Blank,
            indent: 0,
            held: String::new(),
            begun: false,
        }
    }

    /// Writes code; says where the block ends, if it does.
    pub(super) fn push(
        &mut self,
        text: &str,
        screen: &mut Screen,
        out: &mut String,
    ) -> Option<Ended> {
        let mut ink = Row::default();
        for (index, c) in text.char_indices() {
            let used = index + c.len_utf8();
            match (self.line, c) {
                (Line::Code, c) => {
                    self.write(c, &mut ink, screen, out);
                    if c == '\n' {
                        self.line = Line::Blank;
                        self.indent = 0;
                    }
                    continue;
                }
                (Line::Marks(marks) | Line::Closing(marks), '\n') => {
                    if marks >= self.fence.length {
                        self.end_row(&mut ink, screen, out);
                        return Some(Ended {
                            used,
                            back: String::new(),
                        });
                    }
                    self.decide(&mut ink, screen, out);
                    self.write('\n', &mut ink, screen, out);
                    self.line = Line::Blank;
                    self.indent = 0;
                    continue;
                }
                (Line::Blank, '\n') => {
                    self.held.clear();
                    self.indent = 0;
                    self.write('\n', &mut ink, screen, out);
                    continue;
                }
                (Line::Blank, ' ') => self.indent += 1,
                (Line::Blank, '\t') => self.indent = (self.indent / 4 + 1) * 4,
                (Line::Blank, c) => {
                    if self.indent < self.fence.outer {
                        // The list item ends, and the block with it.
                        let mut back = "\n".repeat(self.lines.blank().min(1));
                        back.push_str(&self.held);
                        self.end_row(&mut ink, screen, out);
                        return Some(Ended { used: index, back });
                    }
                    let closing = c == self.fence.mark && self.indent < self.fence.outer + 4;
                    self.line = if closing { Line::Marks(1) } else { Line::Code };
                }
                (Line::Marks(marks), c) if c == self.fence.mark => {
                    self.line = Line::Marks(marks + 1);
                }
                (Line::Marks(marks) | Line::Closing(marks), ' ' | '\t') => {
                    self.line = Line::Closing(marks);
                }
                (Line::Marks(_) | Line::Closing(_), _) => self.line = Line::Code,
            }
            self.held.push(c);
            if self.line == Line::Code {
                self.decide(&mut ink, screen, out);
            }
        }
        flush(&mut ink, out);
        None
    }

    /// The text is over.
    pub(super) fn end(mut self, screen: &mut Screen, out: &mut String) {
        let mut ink = Row::default();
        if let Line::Marks(marks) | Line::Closing(marks) = self.line
            && marks < self.fence.length
        {
            self.decide(&mut ink, screen, out);
        }
        self.end_row(&mut ink, screen, out);
    }

    /// The line is code: writes what was held back of it.
    fn decide(&mut self, ink: &mut Row, screen: &mut Screen, out: &mut String) {
        let held = std::mem::take(&mut self.held);
        let mut at = 0;
        let mut chars = held.chars().peekable();
        // The indentation of the fence and of what is around it goes.
        while at < self.fence.indent
            && let Some(c) = chars.next_if(|c| matches!(c, ' ' | '\t'))
        {
            let next = if c == '\t' { (at / 4 + 1) * 4 } else { at + 1 };
            for _ in self.fence.indent..next {
                self.write(' ', ink, screen, out);
            }
            at = next;
        }
        for c in chars {
            self.write(c, ink, screen, out);
        }
    }

    fn write(&mut self, c: char, ink: &mut Row, screen: &mut Screen, out: &mut String) {
        let OpenCode {
            lines,
            look,
            first,
            hang,
            begun,
            ..
        } = self;
        lines.write(c, |what| match what {
            Ink::Put(c) => ink.push(c, look),
            Ink::Join => {}
            Ink::Line | Ink::Break => {
                flush(ink, out);
                screen.begin_row(out);
                let first_row = !std::mem::replace(begun, true);
                write_runs(if first_row { first } else { hang }, out);
            }
        });
    }

    /// Ends the last row; a list item's marker that still waits is written.
    fn end_row(&mut self, ink: &mut Row, screen: &mut Screen, out: &mut String) {
        flush(ink, out);
        if !self.begun && self.first != self.hang {
            screen.begin_row(out);
            let mut row = Row::default();
            row.push_runs(&self.first);
            row.trim();
            write_runs(&row.runs, out);
        }
    }
}

fn flush(ink: &mut Row, out: &mut String) {
    write_runs(&std::mem::take(ink).runs, out);
}
