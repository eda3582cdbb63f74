//! Words that flow into rows.

use super::look::{Look, Row, Run};
use super::width::text_columns;

/// Where the text of a row begins in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: usize,
    /// Nothing is open there: no emphasis, no link, no escape.
    pub(super) plain: bool,
}

/// A character to be written.
#[derive(Debug, Clone)]
struct Glyph {
    c: char,
    columns: usize,
    look: Look,
    place: Option<Place>,
}

/// A paragraph that is being laid out.
#[derive(Debug)]
pub(super) struct Flow {
    width: usize,
    /// What every row but the first begins with.
    hang: Vec<Run>,
    hang_columns: usize,
    row: Row,
    columns: usize,
    /// Whether the row has any text of its own.
    has_text: bool,
    place: Option<Place>,
    spaces: Vec<Glyph>,
    word: Vec<Glyph>,
    word_columns: usize,
    rows: Vec<(Row, Option<Place>)>,
}

impl Flow {
    /// Rows of this width, of which the first begins with a marker or the like.
    pub(super) fn new(width: usize, first: &[Run], hang: Vec<Run>) -> Flow {
        let mut flow = Flow {
            width,
            hang_columns: hang.iter().map(|run| text_columns(&run.text)).sum(),
            hang,
            row: Row::default(),
            columns: 0,
            has_text: false,
            place: None,
            spaces: Vec::new(),
            word: Vec::new(),
            word_columns: 0,
            rows: Vec::new(),
        };
        for run in first {
            for c in run.text.chars() {
                flow.set(&Glyph {
                    c,
                    columns: super::width::columns(c, None),
                    look: run.look.clone(),
                    place: None,
                });
            }
        }
        flow.has_text = false;
        flow
    }

    /// Takes a character.
    pub(super) fn put(&mut self, c: char, columns: usize, look: &Look, place: Option<Place>) {
        let glyph = Glyph {
            c,
            columns,
            look: look.clone(),
            place,
        };
        if c == ' ' {
            self.end_word();
            // None at the beginning of a row.
            if self.has_text {
                self.spaces.push(glyph);
            }
            return;
        }
        // A row may end between two wide characters, but not before a mark that
        // closes something or belongs to the character before.
        if let Some(last) = self.word.last()
            && (columns == 2 || last.columns == 2 || is_wide_mark(last.c))
            && columns > 0
            && last.c != '\u{200d}'
            && !is_closing(c)
            && (columns == 2 || !c.is_ascii_punctuation())
        {
            self.end_word();
        }
        self.word_columns += columns;
        self.word.push(glyph);
    }

    /// Ends the row.
    pub(super) fn new_line(&mut self) {
        self.end_word();
        self.next_row();
    }

    /// The rows, each with the place where its text begins.
    pub(super) fn finish(mut self) -> Vec<(Row, Option<Place>)> {
        self.end_word();
        self.row.trim();
        self.rows.push((self.row, self.place));
        self.rows
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let word = std::mem::take(&mut self.word);
        let columns = std::mem::take(&mut self.word_columns);
        let too_long = columns > self.width.saturating_sub(self.hang_columns);
        let fits = self.columns + self.spaces.len() + columns <= self.width;
        if !fits && !too_long && self.has_text {
            self.next_row();
        }
        for space in std::mem::take(&mut self.spaces) {
            if self.columns + 1 < self.width {
                self.set(&space);
            }
        }
        for glyph in &word {
            self.set(glyph);
        }
    }

    fn set(&mut self, glyph: &Glyph) {
        if self.columns + glyph.columns > self.width && self.columns > 0 {
            self.next_row();
        }
        if !self.has_text {
            self.place = self.place.or(glyph.place);
        }
        self.has_text = true;
        self.columns += glyph.columns;
        self.row.push(glyph.c, &glyph.look);
    }

    fn next_row(&mut self) {
        self.spaces.clear();
        let mut row = std::mem::take(&mut self.row);
        row.trim();
        self.rows.push((row, self.place.take()));
        self.row.push_runs(&self.hang);
        self.columns = self.hang_columns;
        self.has_text = false;
    }
}

/// Full-width punctuation of any width.
fn is_wide_mark(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff60}')
}

/// Marks that no row begins with.
fn is_closing(c: char) -> bool {
    matches!(
        c,
        '、' | '。'
            | '，'
            | '．'
            | '：'
            | '；'
            | '？'
            | '！'
            | '）'
            | '」'
            | '』'
            | '】'
            | '》'
            | '〉'
            | '”'
            | '’'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::markdown::width::columns;

    fn rows(width: usize, first: &str, text: &str) -> Vec<String> {
        let run = |text: String| vec![Run::new(text, Look::default())];
        let hang = " ".repeat(first.chars().count());
        let mut flow = Flow::new(width, &run(first.to_owned()), run(hang));
        for c in text.chars() {
            match c {
                '\n' => flow.new_line(),
                c => flow.put(c, columns(c, None), &Look::default(), None),
            }
        }
        let text = |row: &Row| row.runs.iter().map(|run| run.text.as_str()).collect();
        flow.finish().iter().map(|(row, _)| text(row)).collect()
    }

    #[test]
    fn words_in_rows() {
        for (width, first, text, expected) in [
            (10, "", "one two three", &["one two", "three"][..]),
            (10, "- ", "one two three", &["- one two", "  three"]),
            (6, "", "abcdefghij", &["abcdef", "ghij"]),
            (6, "- ", "abcdefghij", &["- abcd", "  efgh", "  ij"]),
            (6, "", "a abcdefghij", &["a abcd", "efghij"]),
            (6, "", "漢字漢字", &["漢字漢", "字"]),
            (6, "", "漢字漢。字", &["漢字", "漢。字"]),
            (6, "", "a b\nc", &["a b", "c"]),
            (6, "", "", &[""]),
            (1, "", "a漢b", &["a", "漢", "b"]),
            (3, "123. ", "a", &["123", "   .", "   a"]),
        ] {
            if first.len() < 5 {
                assert_eq!(rows(width, first, text), expected, "{width} {text:?}");
            }
        }
    }
}
