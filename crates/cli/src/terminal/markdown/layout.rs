//! The events of a parser, laid out in rows.

use std::ops::Range;

use pulldown_cmark::{BrokenLink, CodeBlockKind, CowStr, Event, LinkType, Parser, Tag, TagEnd};

use super::code_block::code_rows;
use super::flow::{Flow, Place};
use super::frames::{Frame, Marker, SENTINEL, column};
use super::links::Links;
use super::look::{Color, Look, Row, Run};
use super::page::{Around, Leaf, Page, Paper, Source, label, options};
use super::surround::Surround;
use super::table::{Table, cells_of};
use super::verbatim::write_verbatim;
use super::width::{columns, text_columns};
use crate::terminal::filter::{exact, prose};

/// The columns of a thematic break: as many as say what it is.
const RULE: usize = 8;

/// Writes the source into rows.
pub(super) fn page(source: &Source<'_>, paper: &Paper) -> Page {
    let definitions = source.definitions;
    let broken = |link: BrokenLink<'_>| {
        let address = definitions.get(&label(&link.reference))?;
        Some((CowStr::from(address.clone()), CowStr::from("")))
    };
    let parser = Parser::new_with_broken_link_callback(source.text, options(), Some(broken));
    let mut writer = Writer::new(source, paper);
    for (event, range) in parser.into_offset_iter() {
        if source.stop == Some(range.start) && matches!(event, Event::Start(Tag::CodeBlock(_))) {
            writer.begin(range.start);
            let (first, hang) = writer.around.prefix(paper);
            writer.page.around = Around { first, hang };
            return writer.page;
        }
        writer.event(event, range);
    }
    writer.finish();
    writer.gap(source.text.len(), true);
    writer.page
}

struct Writer<'a> {
    source: &'a Source<'a>,
    paper: &'a Paper,
    page: Page,
    around: Surround,
    looks: Vec<Look>,
    links: Links,
    flow: Option<Flow>,
    table: Option<Table>,
    /// The pieces of a block of code, and where they are in the source.
    code: Option<Vec<(String, usize)>>,
    /// The marks that are open and shown, because they are none.
    literal: Vec<Option<&'static str>>,
    /// Where in the source the last block ends.
    end: usize,
    /// That is where a list item or quote begins.
    opened: bool,
    begun: bool,
}

impl<'a> Writer<'a> {
    fn new(source: &'a Source<'a>, paper: &'a Paper) -> Writer<'a> {
        Writer {
            source,
            paper,
            page: Page::default(),
            around: Surround::default(),
            looks: vec![Look::default()],
            links: Links::default(),
            flow: None,
            table: None,
            code: None,
            literal: Vec::new(),
            end: source.prefix,
            opened: false,
            begun: source.begun,
        }
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => {
                self.start(tag, &range);
                return;
            }
            Event::End(tag) => self.close(tag, &range),
            Event::Text(text) if self.code.is_some() => {
                if let Some(code) = &mut self.code {
                    code.push((text.into_string(), range.start));
                }
            }
            Event::Text(text) => self.text(&text, &range),
            Event::Code(code) => {
                let mut look = self.look();
                look.color = self.paper.color(Color::Cyan).or(look.color);
                let code = exact(&code).into_owned();
                self.links.note(&code);
                self.write(&code, &look, &range, false);
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let look = self.look();
                self.write(&html, &look, &range, true);
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some(flow) = &mut self.flow {
                    flow.new_line();
                }
            }
            Event::Rule => {
                self.begin(range.start);
                let (first, _) = self.around.prefix(self.paper);
                let mut row = Row::default();
                row.push_runs(&first);
                let rule = "─".repeat(RULE.min(self.paper.width()));
                let look = Look::colored(self.paper.color(Color::Gray));
                row.push_runs(&[Run::new(rule, look)]);
                self.page.push(row, None);
            }
            Event::TaskListMarker(done) => self.around.make_task(done),
            // Extensions that are off.
            _ => {}
        }
        let read = self.source.text.get(..range.end).unwrap_or_default();
        self.end = self.end.max(read.trim_end().len());
    }

    fn look(&self) -> Look {
        self.looks.last().cloned().unwrap_or_default()
    }

    fn start(&mut self, tag: Tag<'_>, range: &Range<usize>) {
        let mut look = self.look();
        match tag {
            Tag::Heading { level, .. } => {
                self.finish();
                look.bold = true;
                look.underline = level as usize == 1;
                look.color = self.paper.color(Color::Magenta);
                self.page.leaf = Leaf::Text(level as usize);
                self.looks.push(look);
            }
            Tag::Paragraph | Tag::HtmlBlock => {
                self.finish();
                self.page.leaf = Leaf::Text(0);
            }
            Tag::BlockQuote(_) => {
                self.finish();
                self.gap(range.start, false);
                let rest = self.source.text.get(range.start..).unwrap_or_default();
                let mark = range.start + rest.find('>').unwrap_or(0) + 1;
                let after = self.source.text.get(mark..).unwrap_or_default();
                let content = column(self.source.text, mark) + usize::from(after.starts_with(' '));
                self.opened |= mark > self.end;
                self.end = self.end.max(mark);
                self.around.enter_quote(content);
            }
            Tag::List(_) => self.finish(),
            Tag::Item => {
                self.finish();
                self.page.leaf = Leaf::Text(0);
                self.gap(range.start, false);
                self.item(range.start);
            }
            Tag::CodeBlock(kind) => {
                self.begin(range.start);
                self.page.leaf = Leaf::Code(match kind {
                    CodeBlockKind::Indented => None,
                    CodeBlockKind::Fenced(_) => {
                        let rest = self.source.text.get(range.clone()).unwrap_or_default();
                        let rest = rest.trim_start();
                        let mark = rest.chars().next().unwrap_or('`');
                        let length = rest.len() - rest.trim_start_matches(mark).len();
                        Some(String::from(mark).repeat(length.clamp(3, 80)))
                    }
                });
                self.code = Some(Vec::new());
            }
            Tag::Table(alignments) => {
                self.begin(range.start);
                self.table = Some(Table {
                    alignments,
                    rows: Vec::new(),
                });
                self.page.leaf = Leaf::Table {
                    head: range.start..range.end,
                    last_row: range.end,
                    widths: Vec::new(),
                };
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    let is_head = table.rows.is_empty();
                    table.rows.push(Vec::new());
                    if let Leaf::Table { head, last_row, .. } = &mut self.page.leaf {
                        if is_head {
                            head.start = range.start;
                        } else {
                            if table.rows.len() == 2 {
                                head.end = range.start;
                            }
                            *last_row = range.start;
                        }
                    }
                    look.bold = is_head;
                }
                self.looks.push(look);
            }
            Tag::TableCell => {
                if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(Row::default());
                }
            }
            Tag::Emphasis => {
                let literal = self.is_glob(range.start);
                self.literal.push(literal.then_some("*"));
                if literal {
                    self.write("*", &look, range, false);
                } else {
                    look.italic = true;
                }
                self.looks.push(look);
            }
            Tag::Strong => {
                look.bold = true;
                self.looks.push(look);
            }
            Tag::Strikethrough => {
                let rest = self.source.text.get(range.start..).unwrap_or_default();
                let single = !rest.starts_with("~~");
                self.literal.push(single.then_some("~"));
                if single {
                    self.write("~", &look, range, false);
                } else {
                    look.strike = true;
                }
                self.looks.push(look);
            }
            Tag::Link {
                dest_url,
                link_type,
                ..
            } => {
                let told = !matches!(link_type, LinkType::Email);
                let look = self.links.open(&dest_url, told, look, self.paper);
                self.looks.push(look);
            }
            Tag::Image { dest_url, .. } => {
                let look = self.links.open(&dest_url, true, look, self.paper);
                self.looks.push(look);
            }
            _ => {}
        }
    }

    fn close(&mut self, tag: TagEnd, range: &Range<usize>) {
        match tag {
            TagEnd::Heading(_) => {
                self.finish();
                self.looks.pop();
            }
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.finish(),
            TagEnd::BlockQuote(_) | TagEnd::Item => {
                self.finish();
                let inner = self.source.text.get(..range.end).unwrap_or_default();
                // Definitions of links are not told by events.
                let inner = inner.trim_end().len();
                if self.end < inner {
                    self.gap(inner, true);
                }
                if self.around.owes_marker() {
                    self.flow(range.start);
                    self.finish();
                }
                self.around.leave();
            }
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                self.code_block(&code);
            }
            TagEnd::Table => self.table_rows(range),
            TagEnd::TableHead | TagEnd::TableRow | TagEnd::Strong => {
                self.looks.pop();
            }
            TagEnd::Strikethrough | TagEnd::Emphasis => {
                self.looks.pop();
                if let Some(mark) = self.literal.pop().flatten() {
                    let look = self.look();
                    self.write(mark, &look, range, false);
                }
            }
            TagEnd::Link | TagEnd::Image => {
                self.looks.pop();
                if let Some(address) = self.links.close(self.paper) {
                    let look = self.look();
                    self.write(&address, &look, range, false);
                }
            }
            _ => {}
        }
    }

    /// Whether a star belongs to the name of files or to code: no emphasis of
    /// prose begins with one of these marks, or after a slash.
    fn is_glob(&self, at: usize) -> bool {
        let source = self.source.text.as_bytes();
        let before = at.checked_sub(1).and_then(|at| source.get(at));
        source.get(at) == Some(&b'*')
            && (matches!(source.get(at + 1), Some(b'.' | b'/' | b')' | b',' | b';'))
                || before == Some(&b'/'))
    }

    fn item(&mut self, start: usize) {
        let marker = Marker::at(self.source.text, start);
        self.opened |= marker.end > self.end;
        self.end = self.end.max(marker.end);
        let before = match self.source.frames.get(self.around.depth()) {
            Some(Frame::Item { shown, .. }) if start < self.source.prefix => Some(*shown),
            _ => None,
        };
        self.around.enter_item(&marker, before);
    }

    fn text(&mut self, text: &str, range: &Range<usize>) {
        let look = self.look();
        self.links.note(text);
        let verbatim = self.source.text.get(range.clone()) == Some(text);
        self.write(text, &look, range, verbatim);
    }

    /// Writes text of a paragraph, heading or cell.
    fn write(&mut self, text: &str, look: &Look, range: &Range<usize>, verbatim: bool) {
        // Character references can stand for anything.
        let checked = match verbatim {
            true => text.into(),
            false => prose(text),
        };
        let text = checked.as_ref();
        if let Some(cell) = self.table.as_mut().and_then(Table::cell) {
            for c in text.chars().map(|c| if c == '\n' { ' ' } else { c }) {
                cell.push(c, look);
            }
            return;
        }
        let mut start = range.start;
        let mut text = text;
        if let Some(rest) = text.strip_prefix(SENTINEL) {
            // It goes on: its markers are on the screen already.
            self.around.forget_markers();
            text = rest;
            start += SENTINEL.len_utf8();
        }
        if text.is_empty() {
            return;
        }
        let plain = self.looks.len() <= 1 + usize::from(matches!(self.page.leaf, Leaf::Text(1..)));
        let escaped = start
            .checked_sub(1)
            .and_then(|at| self.source.text.as_bytes().get(at));
        let plain = plain && verbatim && escaped != Some(&b'\\');
        let flow = self.flow(start);
        let mut chars = text.char_indices().peekable();
        while let Some((index, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            let offset = if verbatim { start + index } else { start };
            let place = Some(Place { offset, plain });
            match c {
                '\n' if next.is_some() || !verbatim => flow.new_line(),
                '\n' => {}
                '\t' => (0..4).for_each(|_| flow.put(' ', 1, look, None)),
                c => flow.put(c, columns(c, next), look, place),
            }
        }
        if verbatim && text.ends_with('\n') {
            // A line of HTML.
            flow.new_line();
        }
    }

    /// The paragraph that is being written, which begins here.
    fn flow(&mut self, at: usize) -> &mut Flow {
        if self.flow.is_none() {
            self.begin(at);
        }
        let width = self.paper.width();
        if self.flow.is_none() {
            let (first, hang) = self.around.prefix(self.paper);
            self.flow = Some(Flow::new(width, &first, hang));
        }
        self.flow
            .get_or_insert_with(|| Flow::new(width, &[], Vec::new()))
    }

    /// Ends the paragraph that is being written.
    fn finish(&mut self) {
        let Some(flow) = self.flow.take() else { return };
        let mut rows = flow.finish();
        // The last line of HTML has ended already.
        if rows.len() > 1 && rows.last().is_some_and(|(_, place)| place.is_none()) {
            rows.pop();
        }
        for (row, place) in rows {
            self.page.push(row, place);
        }
    }

    /// Begins a block: ends the one before, and leaves a row free where the
    /// source does.
    fn begin(&mut self, at: usize) {
        self.finish();
        self.gap(at, false);
        self.begun = true;
        self.page.frames = self.around.frames();
    }

    /// What stands between two blocks: blank lines, of which one is shown, and
    /// definitions of links, which no event tells of. The last line is the begin
    /// of the next block, unless there is none.
    fn gap(&mut self, at: usize, with_last: bool) {
        let source = self.source;
        let between = source.text.get(self.end..at).unwrap_or_default();
        // The first is the rest of a line, except where something begins.
        let before = source.text.get(..self.end).unwrap_or_default();
        let is_rest = !before.is_empty() && !before.ends_with('\n');
        let mut lines: Vec<&str> = self.around.inner(between.split('\n'), is_rest).collect();
        if !with_last {
            lines.pop();
        }
        let begins = match std::mem::take(&mut self.opened) {
            true => lines.first().is_some_and(|line| !line.trim().is_empty()),
            false => self.end <= source.prefix && !before.ends_with(SENTINEL),
        };
        if !begins && !lines.is_empty() {
            lines.remove(0);
        }
        let mut blank = false;
        for line in lines {
            let bare = line.trim_matches([' ', '\t', '>', '\r']);
            if bare.is_empty() {
                blank = true;
                continue;
            }
            self.free_row(std::mem::take(&mut blank));
            self.begun = true;
            let (first, hang) = self.around.prefix(self.paper);
            let mut flow = Flow::new(self.paper.width(), &first, hang);
            write_verbatim(&mut flow, source.text, line);
            for (row, place) in flow.finish() {
                self.page.push(row, place);
            }
        }
        if !with_last {
            self.free_row(blank);
        }
        self.end = self.end.max(at);
    }

    fn free_row(&mut self, free: bool) {
        if free && self.begun {
            let mut row = Row::default();
            if self.around.has_quote() {
                row.push_runs(&self.around.hang(self.paper));
                row.trim();
            }
            self.page.push(row, None);
        }
    }

    fn code_block(&mut self, code: &[(String, usize)]) {
        if code.iter().all(|(text, _)| text.trim().is_empty()) {
            return;
        }
        let (first, hang) = self.around.prefix(self.paper);
        let look = Look::colored(self.paper.color(Color::Cyan));
        let begins = (first.as_slice(), hang.as_slice());
        let columns = self.paper.columns;
        for (row, place) in code_rows(code, self.source.text, columns, begins, &look) {
            self.page.push(row, place);
        }
    }

    fn table_rows(&mut self, range: &Range<usize>) {
        let Some(table) = self.table.take() else {
            return;
        };
        let widths = table.widths(self.source.widths);
        let (first, hang) = self.around.prefix(self.paper);
        let hang_columns: usize = hang.iter().map(|run| text_columns(&run.text)).sum();
        let fits = Table::columns(&widths) + hang_columns <= self.paper.width();
        let source = self.source.text.get(range.clone()).unwrap_or_default();
        let columns_of_head = table.alignments.len();
        let lines: Vec<&str> = self.around.inner(source.lines(), true).collect();
        let whole = lines.iter().all(|line| cells_of(line) <= columns_of_head);
        let border = Look::colored(self.paper.color(Color::Gray));
        if fits && whole {
            // A head that was shown before is not shown again.
            let again = !self.source.widths.is_empty() && range.start < self.source.prefix;
            let head = if again { 2 } else { 0 };
            let rows = table.layout(&widths, &border).into_iter();
            for (index, row) in rows.enumerate().skip(head) {
                let mut shown = Row::default();
                shown.push_runs(if index == 0 { &first } else { &hang });
                shown.push_runs(&row.runs);
                self.page.push(shown, None);
            }
            if let Leaf::Table { widths: known, .. } = &mut self.page.leaf {
                *known = widths;
            }
            return;
        }
        self.page.leaf = Leaf::Text(0);
        let mut flow = Flow::new(self.paper.width(), &first, hang);
        for (number, line) in lines.into_iter().enumerate() {
            if number > 0 {
                flow.new_line();
            }
            write_verbatim(&mut flow, self.source.text, line.trim());
        }
        for (row, place) in flow.finish() {
            self.page.push(row, place);
        }
    }
}
