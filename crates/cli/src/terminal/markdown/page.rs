//! A page: Markdown to be shown, and the rows that it becomes.

use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::Options;

use super::flow::Place;
use super::frames::{Frame, SENTINEL, inside, opening};
use super::look::{Color, Row, Run};

/// What the rows are made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paper {
    pub(super) columns: usize,
    pub(super) colors: bool,
    /// The terminal can make text lead to an address.
    pub(super) links: bool,
}

impl Paper {
    /// The last column stays free: a terminal that wraps there would count rows
    /// differently.
    pub(super) fn width(&self) -> usize {
        self.columns.saturating_sub(1).max(1)
    }

    pub(super) fn color(&self, color: Color) -> Option<Color> {
        self.colors.then_some(color)
    }
}

/// The addresses of link references that came before.
pub(super) type Definitions = HashMap<String, String>;

/// The form of a link's label in which labels are compared.
pub(super) fn label(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// Markdown to be shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    /// How much of it only opens what is around the rest.
    pub(super) prefix: usize,
    /// Something stands before it.
    pub(super) begun: bool,
    pub(super) definitions: &'a Definitions,
    /// What the prefix opens.
    pub(super) frames: &'a [Frame],
    /// The widths of the table that it goes on with.
    pub(super) widths: &'a [usize],
    /// The block of code before which to stop.
    pub(super) stop: Option<usize>,
}

/// The last block of a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Leaf {
    #[default]
    Nothing,
    /// A paragraph, or a heading of this level.
    Text(usize),
    /// Code with the fence that opened it.
    Code(Option<String>),
    /// A table: where head and rows begin, and how wide its columns are.
    Table {
        head: Range<usize>,
        last_row: usize,
        widths: Vec<usize>,
    },
}

/// What stands around a block of code.
#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    /// What its first row begins with, and the others.
    pub(super) first: Vec<Run>,
    pub(super) hang: Vec<Run>,
}

/// Rows, and what is known about them.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    /// Where in the source the text of each row begins.
    pub(super) places: Vec<Option<Place>>,
    pub(super) leaf: Leaf,
    /// The frames around the last block.
    pub(super) frames: Vec<Frame>,
    /// What the block of code stands in before which the page stops.
    pub(super) around: Around,
}

impl Page {
    pub(super) fn push(&mut self, row: Row, place: Option<Place>) {
        self.rows.push(row);
        self.places.push(place);
    }
}

/// What chatwire reads of Markdown: CommonMark, tables, task lists and
/// strikethrough.
pub(super) fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH
}

/// The source before which the rest of the last block can stand alone.
pub(super) fn continued(page: &Page, source: &str) -> (String, Vec<usize>) {
    let frames = &page.frames;
    match &page.leaf {
        Leaf::Nothing => (String::from(SENTINEL), Vec::new()),
        Leaf::Text(level) => {
            let mut line = opening(frames);
            line.push_str(&"#".repeat(*level));
            if *level > 0 {
                line.push(' ');
            }
            line.push(SENTINEL);
            (line, Vec::new())
        }
        Leaf::Code(fence) => {
            let mut lines = format!(
                "{}{SENTINEL}\n{}\n",
                opening(frames),
                inside(frames).trim_end()
            );
            lines.push_str(&inside(frames));
            match fence {
                Some(fence) => {
                    lines.push_str(fence);
                    lines.push('\n');
                    lines.push_str(&inside(frames));
                }
                None => lines.push_str("    "),
            }
            (lines, Vec::new())
        }
        Leaf::Table { head, widths, .. } => {
            let head = source.get(head.clone()).unwrap_or_default();
            (head.to_owned(), widths.clone())
        }
    }
}
