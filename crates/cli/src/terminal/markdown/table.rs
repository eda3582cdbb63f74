//! Tables.

use pulldown_cmark::Alignment;

use super::look::{Look, Row, Run};
use super::width::text_columns;

/// Between two columns.
const BORDER: &str = " │ ";

/// A table that is being read.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) alignments: Vec<Alignment>,
    /// The cells of each row; the first row is the head.
    pub(super) rows: Vec<Vec<Row>>,
}

impl Table {
    /// The cell that is being read.
    pub(super) fn cell(&mut self) -> Option<&mut Row> {
        self.rows.last_mut().and_then(|row| row.last_mut())
    }

    /// The columns that each column takes, at least those given.
    pub(super) fn widths(&self, least: &[usize]) -> Vec<usize> {
        let mut widths: Vec<usize> = least.to_vec();
        widths.resize(self.alignments.len().max(least.len()), 1);
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell_columns(cell));
            }
        }
        widths
    }

    /// The columns of the whole.
    pub(super) fn columns(widths: &[usize]) -> usize {
        let borders = widths.len().saturating_sub(1) * text_columns(BORDER);
        widths.iter().sum::<usize>() + borders
    }

    /// The rows of the screen.
    pub(super) fn layout(&self, widths: &[usize], border: &Look) -> Vec<Row> {
        let mut shown = Vec::new();
        for (index, cells) in self.rows.iter().enumerate() {
            shown.push(self.row(cells, widths, border));
            if index == 0 {
                let lines: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                let mut row = Row::default();
                row.push_runs(&[Run::new(lines.join("─┼─"), border.clone())]);
                shown.push(row);
            }
        }
        shown
    }

    fn row(&self, cells: &[Row], widths: &[usize], border: &Look) -> Row {
        let mut row = Row::default();
        let spaces = |count: usize| [Run::new(" ".repeat(count), Look::default())];
        for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
            if index > 0 {
                row.push_runs(&[Run::new(BORDER, border.clone())]);
            }
            let free = width.saturating_sub(cell_columns(cell));
            let before = match self.alignments.get(index) {
                Some(Alignment::Right) => free,
                Some(Alignment::Center) => free / 2,
                _ => 0,
            };
            row.push_runs(&spaces(before));
            row.push_runs(&cell.runs);
            row.push_runs(&spaces(free - before));
        }
        row.trim();
        row
    }
}

fn cell_columns(cell: &Row) -> usize {
    cell.runs.iter().map(|run| text_columns(&run.text)).sum()
}

/// How many cells a line of a table's source has.
pub(super) fn cells_of(line: &str) -> usize {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut escaped = false;
    let mut bars = 0;
    let mut ends_in_bar = false;
    for c in line.chars() {
        ends_in_bar = c == '|' && !escaped;
        bars += usize::from(ends_in_bar);
        escaped = c == '\\' && !escaped;
    }
    bars + usize::from(!ends_in_bar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        for (line, count) in [
            ("| a | b |", 2),
            ("a | b", 2),
            ("| a | b", 2),
            ("a \\| b | c |", 2),
            ("| a | | c |", 3),
            ("|", 1),
        ] {
            assert_eq!(cells_of(line), count, "{line:?}");
        }
    }
}
