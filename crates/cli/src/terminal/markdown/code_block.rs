//! A whole block of code in rows.

use super::code_lines::{CodeLines, Ink};
use super::flow::Place;
use super::look::{Look, Row, Run};
use super::width::text_columns;

/// Lays out the pieces of a block of code, which stand at these offsets in the source.
/// The first row begins with `first`, the others with `hang`.
pub(super) fn code_rows(
    code: &[(String, usize)],
    source: &str,
    columns: usize,
    (first, hang): (&[Run], &[Run]),
    look: &Look,
) -> Vec<(Row, Option<Place>)> {
    let hang_columns = hang.iter().map(|run| text_columns(&run.text)).sum();
    let mut lines = CodeLines::new(columns, hang_columns);
    let mut rows: Vec<(Row, Option<Place>)> = Vec::new();
    let mut line = 0;
    let mut at_line = true;
    for (text, start) in code {
        let plain = source.get(*start..*start + text.len()) == Some(text);
        for (index, c) in text.char_indices() {
            let offset = start + index;
            if std::mem::replace(&mut at_line, c == '\n') {
                line = offset;
            }
            lines.write(c, |ink| {
                if let Ink::Put(c) = ink {
                    if let Some((row, _)) = rows.last_mut() {
                        row.push(c, look);
                    }
                    return;
                }
                let mut row = Row {
                    joined: ink == Ink::Join,
                    ..Row::default()
                };
                row.push_runs(if rows.is_empty() { first } else { hang });
                let offset = if ink == Ink::Line { line } else { offset };
                rows.push((row, Some(Place { offset, plain })));
            });
        }
    }
    rows
}
