//! What has to be sent so that a terminal shows other rows than before.

use super::look::{Row, write_runs};
use crate::terminal::size::Size;

/// Bytes that may be spent on drawing again, for each byte of the answer.
const PER_BYTE: usize = 4;

/// The same, before anything has come.
const AT_FIRST: usize = 4 * 1024;

/// The rows of the block that is being written.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) size: Size,
    shown: Vec<Row>,
    /// Something stands on the cursor's row.
    in_row: bool,
    /// What may still be spent on drawing again.
    credit: usize,
}

impl Screen {
    pub(super) fn new(size: Size) -> Screen {
        Screen {
            size,
            shown: Vec::new(),
            in_row: false,
            credit: AT_FIRST,
        }
    }

    /// Allows for more, because so many bytes have come.
    pub(super) fn earn(&mut self, bytes: usize) {
        self.credit = self.credit.saturating_add(PER_BYTE * bytes);
    }

    /// Shows these rows in place of those before. What is more than an addition
    /// waits if it costs too much, unless it has to be drawn now.
    pub(super) fn draw(&mut self, rows: Vec<Row>, now: bool, out: &mut String) {
        let same = self
            .shown
            .iter()
            .zip(&rows)
            .take_while(|(old, new)| old == new);
        let same = same.count();
        let kept = self.shown.len();
        if same == kept {
            self.append(rows.get(same..).unwrap_or_default(), out);
            self.shown = rows;
            return;
        }
        if same + 1 == kept
            && let (Some(old), Some(new)) = (self.shown.last(), rows.get(same))
            && let Some(added) = new.added_to(old)
        {
            write_runs(&added, out);
            self.append(rows.get(kept..).unwrap_or_default(), out);
            self.shown = rows;
            return;
        }
        let mut again = String::new();
        self.again(&rows, same, &mut again);
        if !now && again.len() > self.credit {
            return;
        }
        self.credit = self.credit.saturating_sub(again.len());
        out.push_str(&again);
        self.in_row = !rows.is_empty();
        self.shown = rows;
    }

    /// Draws again from the first row that differs.
    fn again(&self, rows: &[Row], same: usize, out: &mut String) {
        // Rows that have left the screen stay as they are.
        let top = self.shown.len().saturating_sub(self.size.rows);
        // There can be fewer rows than before; the cursor ends on the last.
        let same = same.min(rows.len().saturating_sub(1));
        let (to, from) = if same >= top {
            (same, same)
        } else {
            (top, top.min(rows.len().saturating_sub(self.size.rows)))
        };
        let up = self.shown.len().saturating_sub(1).saturating_sub(to);
        out.push('\r');
        if up > 0 {
            out.push_str(&format!("\u{1b}[{up}A"));
        }
        out.push_str("\u{1b}[J");
        for (index, row) in rows.iter().enumerate().skip(from) {
            if index > from && !row.joined {
                out.push('\n');
            }
            write_runs(&row.runs, out);
        }
    }

    fn append(&mut self, rows: &[Row], out: &mut String) {
        for row in rows {
            if self.in_row && !row.joined {
                out.push('\n');
            }
            write_runs(&row.runs, out);
            self.in_row = true;
        }
    }

    /// The block with these rows is over. What stands below it already, of blocks
    /// after it, is not drawn again: its beginning may have left the screen.
    pub(super) fn finish(&mut self, rows: Vec<Row>, out: &mut String) {
        if rows.len() < self.shown.len() && self.shown.starts_with(&rows) {
            self.shown.drain(..rows.len());
            return;
        }
        self.draw(rows, true, out);
        self.settle();
    }

    /// What is shown stays; what comes next begins a row.
    pub(super) fn settle(&mut self) {
        self.shown.clear();
    }

    /// The cursor's row has something on it from elsewhere.
    pub(super) fn begin_row(&mut self, out: &mut String) {
        if std::mem::replace(&mut self.in_row, true) {
            out.push('\n');
        }
    }

    /// The text is over: the cursor goes to a row of its own.
    pub(super) fn end(&mut self) -> &'static str {
        self.settle();
        if std::mem::take(&mut self.in_row) {
            "\n"
        } else {
            ""
        }
    }
}
