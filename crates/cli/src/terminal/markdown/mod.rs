//! Markdown on a terminal, while it arrives.
//!
//! What is finished is printed once. The block that is still being written is
//! printed again, from the first row that changed; code is passed on as it
//! comes. What that costs, in time and in bytes, stays in proportion to the text.

mod blocks;
mod code_block;
mod code_lines;
mod flow;
mod frames;
mod layout;
mod links;
mod look;
mod open_code;
mod page;
mod screen;
mod surround;
mod table;
#[cfg(test)]
mod tests;
mod typewriter;
mod verbatim;
mod width;

use pulldown_cmark::Parser;

use self::blocks::blocks;
use self::frames::{Frame, column, reopened};
use self::layout::page;
use self::look::{Color, Look};
use self::open_code::{Fence, OpenCode};
use self::page::{Definitions, Leaf, Page, Paper, Source, continued, label, options};
use self::screen::Screen;
use super::size::Size;

/// A block longer than this is printed in parts.
const LONG_BLOCK: usize = 4 * 1024;

/// Bytes that may be parsed for each byte that comes.
const PARSED_PER_BYTE: usize = 32;

/// The same, before anything has come.
const PARSED_AT_FIRST: usize = 64 * 1024;

/// How many references of links are remembered.
const MAX_DEFINITIONS: usize = 1000;

/// Turns Markdown that comes in pieces into what a terminal is sent.
pub(crate) struct Markdown {
    paper: Paper,
    screen: Screen,
    /// The source of the block that is being written.
    tail: String,
    /// How much of it only opens what is around the rest.
    prefix: usize,
    /// What the prefix opens.
    frames: Vec<Frame>,
    /// The widths of the table that it goes on with.
    widths: Vec<usize>,
    /// The block is code.
    code: Option<OpenCode>,
    /// Whether any block stands before.
    begun: bool,
    definitions: Definitions,
    /// Bytes that may still be parsed to draw what has come so far.
    work: usize,
    /// The same, for lines that may open a block of code.
    fences: usize,
}

impl Markdown {
    /// With or without colours; without them, bold and italic remain.
    pub(crate) fn new(colors: bool, links: bool, size: Size) -> Markdown {
        Markdown {
            paper: Paper {
                columns: size.columns,
                colors,
                links,
            },
            screen: Screen::new(size),
            tail: String::new(),
            prefix: 0,
            frames: Vec::new(),
            widths: Vec::new(),
            code: None,
            begun: false,
            definitions: Definitions::new(),
            work: PARSED_AT_FIRST,
            fences: PARSED_AT_FIRST,
        }
    }

    /// What to send for the next piece of text.
    pub(crate) fn push(&mut self, text: &str, size: Size) -> String {
        let mut out = String::new();
        if size != self.screen.size {
            if size.columns != self.paper.columns {
                self.let_go(&mut out);
                self.paper.columns = size.columns;
            }
            self.screen.size = size;
        }
        self.screen.earn(text.len());
        self.work = self.work.saturating_add(PARSED_PER_BYTE * text.len());
        self.feed(text, &mut out);
        if self.code.is_none() && self.may_work() {
            self.draw(false, &mut out);
        }
        out
    }

    /// What to send when the text is over.
    pub(crate) fn end(&mut self) -> String {
        let mut out = String::new();
        match self.code.take() {
            Some(code) => code.end(&mut self.screen, &mut out),
            None => {
                self.settle(&mut out);
                match self.code.take() {
                    Some(code) => code.end(&mut self.screen, &mut out),
                    None => self.draw(true, &mut out),
                }
            }
        }
        out.push_str(self.screen.end());
        *self = Markdown::new(self.paper.colors, self.paper.links, self.screen.size);
        out
    }

    /// Takes text, and prints what is finished.
    fn feed(&mut self, text: &str, out: &mut String) {
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(code) = &mut self.code {
                let Some(ended) = code.push(rest, &mut self.screen, out) else {
                    return;
                };
                rest = rest.get(ended.used..).unwrap_or_default();
                let frames = std::mem::take(&mut code.frames);
                self.code = None;
                self.reopen(frames);
                self.tail.push_str(&ended.back);
                continue;
            }
            let piece = self.next_piece(rest);
            rest = rest.get(piece.len()..).unwrap_or_default();
            self.fences = self.fences.saturating_add(PARSED_PER_BYTE * piece.len());
            self.tail.push_str(piece);
            self.drop_blank_lines();
            let full = self.open() >= LONG_BLOCK;
            let fence =
                piece.ends_with('\n') && self.ends_in_fence() && self.fences >= self.tail.len();
            if fence {
                self.fences -= self.tail.len();
            }
            if full || fence || (piece.contains('\n') && self.may_work()) {
                self.settle(out);
            }
            if full && self.code.is_none() && self.open() >= LONG_BLOCK {
                self.cut(out);
            }
        }
    }

    /// What of the text is taken at once: so much that the block is not longer
    /// than it may be, and no more than up to a line that may open code.
    fn next_piece<'a>(&self, text: &'a str) -> &'a str {
        let room = LONG_BLOCK.saturating_sub(self.open()).max(1);
        let room = (room..text.len()).find(|at| text.is_char_boundary(*at));
        let piece = room.map_or(text, |room| text.get(..room).unwrap_or(text));
        if !piece.contains('\n') {
            return piece;
        }
        let mut line = self.last_line().to_owned();
        let mut at = 0;
        for part in piece.split_inclusive('\n') {
            at += part.len();
            line.push_str(part);
            if line.ends_with('\n') {
                if may_be_fence(&line) {
                    break;
                }
                line.clear();
            }
        }
        piece.get(..at).unwrap_or(piece)
    }

    fn last_line(&self) -> &str {
        let own = self.tail.get(self.prefix..).unwrap_or_default();
        own.rsplit('\n').next().unwrap_or_default()
    }

    fn ends_in_fence(&self) -> bool {
        self.tail.lines().next_back().is_some_and(may_be_fence)
    }

    /// The length of the block that is being written.
    fn open(&self) -> usize {
        let own = self.tail.get(self.prefix..).unwrap_or_default();
        own.trim_start_matches('\n').len()
    }

    /// Whether there is time to parse the block; takes it.
    fn may_work(&mut self) -> bool {
        match self.work.checked_sub(self.tail.len()) {
            Some(left) => {
                self.work = left;
                true
            }
            None => false,
        }
    }

    /// Of several blank lines before a block, one is enough.
    fn drop_blank_lines(&mut self) {
        let before = self.tail.get(..self.prefix).unwrap_or_default();
        if !before.is_empty() && !before.ends_with('\n') {
            return;
        }
        let own = self.tail.get(self.prefix..).unwrap_or_default();
        let (mut at, mut last) = (0, 0);
        for line in own.split_inclusive('\n') {
            if !line.ends_with('\n') || !line.trim().is_empty() {
                break;
            }
            last = at;
            at += line.len();
        }
        self.tail.drain(self.prefix..self.prefix + last);
    }

    fn source(&self) -> Source<'_> {
        Source {
            text: &self.tail,
            prefix: self.prefix,
            begun: self.begun,
            definitions: &self.definitions,
            frames: &self.frames,
            widths: &self.widths,
            stop: None,
        }
    }

    /// Shows the block that is being written as it is now.
    fn draw(&mut self, now: bool, out: &mut String) {
        let page = page(&self.source(), &self.paper);
        self.screen.draw(page.rows, now, out);
    }

    /// Prints the blocks that are finished, and finds out about code.
    fn settle(&mut self, out: &mut String) {
        let Some(end) = self.tail.rfind('\n') else {
            return;
        };
        let whole = self.tail.get(..=end).unwrap_or_default();
        let found = blocks(whole);
        let mut from = 0;
        for start in found.starts {
            let finished = self.tail.get(..start).unwrap_or_default();
            let end = finished.trim_end().len();
            let end = finished
                .get(end..)
                .and_then(|it| it.find('\n'))
                .map_or(start, |at| end + at + 1);
            if end <= from.max(self.prefix) {
                continue;
            }
            let block = self.tail.get(from..end).unwrap_or_default();
            let source = Source {
                text: block,
                ..self.source()
            };
            let page = page(&source, &self.paper);
            define(block, &mut self.definitions);
            self.begun |= !page.rows.is_empty();
            self.screen.finish(page.rows, out);
            self.prefix = 0;
            self.widths.clear();
            from = end;
        }
        self.tail.drain(..from);
        if let Some(code) = found.code.and_then(|at| at.checked_sub(from)) {
            self.open_code(code, out);
        }
    }

    /// Passes code on from now on, if the block that begins there is not closed.
    fn open_code(&mut self, at: usize, out: &mut String) {
        let Some(end) = self.tail.rfind('\n') else {
            return;
        };
        let source = Source {
            text: self.tail.get(..=end).unwrap_or_default(),
            stop: Some(at),
            ..self.source()
        };
        let page = page(&source, &self.paper);
        let rest = self.tail.get(at..).unwrap_or_default();
        let mut lines = rest.split_inclusive('\n');
        let opening = lines.next().unwrap_or_default();
        let Some(fence) = Fence::new(opening, column(&self.tail, at), &page.frames) else {
            return;
        };
        let whole = lines.filter(|line| line.ends_with('\n'));
        if whole
            .into_iter()
            .any(|line| fence.is_closed_by(line.trim_end_matches('\n')))
        {
            return;
        }
        let rest = rest.get(opening.len()..).unwrap_or_default().to_owned();
        let look = Look::colored(self.paper.colors.then_some(Color::Cyan));
        let around = (page.around.first, page.around.hang);
        self.code = Some(OpenCode::new(
            fence,
            page.frames,
            around,
            look,
            self.paper.columns,
        ));
        self.begun = true;
        self.screen.draw(page.rows, true, out);
        self.screen.settle();
        self.tail.clear();
        self.prefix = 0;
        self.widths.clear();
        self.feed(&rest, out);
    }

    /// Prints the block up to its last row but one, and goes on from there.
    fn cut(&mut self, out: &mut String) {
        let page = page(&self.source(), &self.paper);
        let fits = |index: usize, plain: bool| {
            let place = page.places.get(index).copied().flatten()?;
            (place.offset > self.prefix && (place.plain || !plain)).then_some((index, place.offset))
        };
        let rows = 1..page.rows.len();
        let at = match &page.leaf {
            Leaf::Table {
                head,
                last_row,
                widths,
            } if !widths.is_empty() => {
                let last = page.rows.len().saturating_sub(1);
                (page.frames.is_empty() && *last_row > head.end).then_some((last, *last_row))
            }
            _ => rows
                .clone()
                .rev()
                .find_map(|index| fits(index, true))
                .or_else(|| rows.rev().find_map(|index| fits(index, false))),
        };
        let (row, offset) = at.unwrap_or((page.rows.len(), self.tail.len()));
        let rest = self.tail.get(offset..).unwrap_or_default().to_owned();
        self.go_on(page, row, &rest, out);
    }

    /// Prints the first rows of a page; then comes this source, which goes on
    /// with the last block.
    fn go_on(&mut self, mut page: Page, row: usize, rest: &str, out: &mut String) {
        let (prefix, widths) = continued(&page, &self.tail);
        page.rows.truncate(row);
        self.begun |= !page.rows.is_empty();
        self.screen.draw(page.rows, true, out);
        self.screen.settle();
        self.prefix = prefix.len();
        self.frames = page.frames;
        self.tail = prefix;
        self.widths = widths;
        self.tail.push_str(rest);
    }

    /// Prints all of the block as it is: with a new width, nobody knows where on
    /// the screen it stands.
    fn let_go(&mut self, out: &mut String) {
        if self.code.is_none() {
            self.settle(out);
        }
        if self.code.is_some() || self.open() == 0 {
            self.screen.settle();
            return;
        }
        let page = page(&self.source(), &self.paper);
        let rows = page.rows.len();
        let last = self.last_line();
        let ended =
            last.trim().is_empty() && self.tail.trim_end_matches([' ', '\t']).ends_with("\n\n");
        let frames = page.frames.clone();
        self.go_on(page, rows, "", out);
        if ended {
            self.reopen(frames);
            self.tail.push('\n');
        }
    }

    /// What comes next begins a block inside of these frames.
    fn reopen(&mut self, frames: Vec<Frame>) {
        self.tail = reopened(&frames);
        self.prefix = self.tail.len();
        self.frames = frames;
        self.widths.clear();
    }
}

/// Whether a line may open a block of code, in a list or not.
fn may_be_fence(line: &str) -> bool {
    let marks = line.trim_start_matches([' ', '\t', '-', '+', '*', '>', '.', ')']);
    let marks = marks.trim_start_matches(|c: char| {
        c.is_ascii_digit() || matches!(c, '.' | ')' | ' ' | '\t' | '-' | '+' | '*' | '>')
    });
    marks.starts_with("```") || marks.starts_with("~~~")
}

/// Remembers the references of links that a block defines.
fn define(block: &str, definitions: &mut Definitions) {
    if !block.contains("]:") {
        return;
    }
    let parser = Parser::new_ext(block, options());
    for (name, definition) in parser.reference_definitions().iter() {
        if definitions.len() < MAX_DEFINITIONS {
            let address = definition.dest.to_string();
            definitions.entry(label(name)).or_insert(address);
        }
    }
}
