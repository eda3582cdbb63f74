//! The events of a parser, laid out in rows.

use std::ops::Range;
use std::sync::Arc;

use pulldown_cmark::{BrokenLink, CodeBlockKind, CowStr, Event, LinkType, Parser, Tag, TagEnd};

use super::code_lines::{CodeLines, Ink};
use super::flow::{Flow, Place};
use super::frames::{Frame, Marker, SENTINEL, column};
use super::look::{Color, Look, Row, Run};
use super::page::{Around, Leaf, Page, Paper, Source, label, options};
use super::table::{Table, cells_of};
use super::width::{columns, text_columns};
use crate::terminal::filter::{exact, prose};

/// The columns of a thematic break: as many as say what it is.
const RULE: usize = 8;

/// The longest address that a link leads to.
const MAX_LINK: usize = 2048;

/// Markers of lists, from the outer to the inner ones.
const BULLETS: [&str; 3] = ["•", "◦", "▪"];

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
            let (first, hang) = writer.prefix();
            writer.page.around = Around { first, hang };
            return writer.page;
        }
        writer.event(event, range);
    }
    writer.finish();
    writer.gap(source.text.len(), true);
    writer.page
}

/// A list item or a quote, as it is shown.
#[derive(Debug)]
struct Container {
    /// The marker that is still to be written.
    marker: Option<String>,
    /// The columns of the marker.
    columns: usize,
    quote: bool,
    /// The column of the source at which its content begins.
    content: usize,
    frame: Frame,
}

/// A link or picture that is being read.
#[derive(Debug)]
struct OpenLink {
    address: String,
    /// The text that leads there.
    text: String,
    /// The address is shown after the text.
    told: bool,
}

struct Writer<'a> {
    source: &'a Source<'a>,
    paper: &'a Paper,
    page: Page,
    containers: Vec<Container>,
    looks: Vec<Look>,
    links: Vec<OpenLink>,
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
            containers: Vec::new(),
            looks: vec![Look::default()],
            links: Vec::new(),
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
                self.note_link(&code);
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
                let (first, _) = self.prefix();
                let mut row = Row::default();
                row.push_runs(&first);
                let rule = "─".repeat(RULE.min(self.paper.width()));
                let look = Look::colored(self.paper.color(Color::Gray));
                row.push_runs(&[Run::new(rule, look)]);
                self.page.push(row, None);
            }
            Event::TaskListMarker(done) => {
                let sign = if done { "☑" } else { "☐" };
                if let Some(container) = self.containers.last_mut()
                    && let Some(marker) = &mut container.marker
                {
                    if marker.starts_with(|c: char| c.is_ascii_digit()) {
                        marker.push(' ');
                        marker.push_str(sign);
                    } else {
                        sign.clone_into(marker);
                    }
                }
            }
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
                self.containers.push(Container {
                    marker: None,
                    columns: 2,
                    quote: true,
                    content,
                    frame: Frame::Quote,
                });
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
                self.open_link(&dest_url, told, look);
            }
            Tag::Image { dest_url, .. } => self.open_link(&dest_url, true, look),
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
                if self.containers.last().is_some_and(|it| it.marker.is_some()) {
                    self.flow(range.start);
                    self.finish();
                }
                self.containers.pop();
            }
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                self.code_rows(&code);
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
                self.close_link(range);
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
        let outer = self.containers.last().map_or(0, |outer| outer.content);
        let depth = self.containers.iter().filter(|outer| !outer.quote).count();
        let shown = if marker.text.len() > 1 {
            marker.text.to_owned()
        } else {
            let bullet = BULLETS.get(depth % BULLETS.len());
            bullet.copied().unwrap_or_default().to_owned()
        };
        self.opened |= marker.end > self.end;
        self.end = self.end.max(marker.end);
        let columns = match self.source.frames.get(self.containers.len()) {
            // It was shown before, perhaps with another marker.
            Some(Frame::Item { shown, .. }) if start < self.source.prefix => *shown,
            _ => text_columns(&shown) + 1,
        };
        self.containers.push(Container {
            columns,
            marker: Some(shown),
            quote: false,
            content: marker.content,
            frame: Frame::Item {
                width: marker.content.saturating_sub(outer),
                shown: columns,
            },
        });
    }

    fn open_link(&mut self, address: &str, told: bool, mut look: Look) {
        let address = exact(address).into_owned();
        if self.paper.links {
            look.link = target(&address);
        }
        look.underline = true;
        self.looks.push(look);
        self.links.push(OpenLink {
            address,
            text: String::new(),
            told,
        });
    }

    fn close_link(&mut self, range: &Range<usize>) {
        let Some(link) = self.links.pop() else { return };
        let mut shown = link.address.as_str();
        let text = link.text.trim();
        // A text that reads like an address must not hide another one.
        let misleads = text.contains("://") || text.starts_with("www.");
        let known = self.paper.links && target(shown).is_some() && !misleads && !text.is_empty();
        if !link.told || known || text == shown || shown.is_empty() {
            return;
        }
        let look = self.look();
        if text.is_empty() {
            // A picture without a description.
            shown = shown.split(',').next().unwrap_or_default();
            self.write(shown, &look, range, false);
        } else {
            let shown = format!(" ({shown})");
            self.write(&shown, &look, range, false);
        }
    }

    fn note_link(&mut self, text: &str) {
        for link in &mut self.links {
            link.text.push_str(text);
        }
    }

    fn text(&mut self, text: &str, range: &Range<usize>) {
        let look = self.look();
        self.note_link(text);
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
            for container in &mut self.containers {
                container.marker = None;
            }
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
            let (first, hang) = self.prefix();
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
        self.page.frames = self.containers.iter().map(|it| it.frame).collect();
    }

    /// What stands between two blocks: blank lines, of which one is shown, and
    /// definitions of links, which no event tells of. The last line is the begin
    /// of the next block, unless there is none.
    fn gap(&mut self, at: usize, with_last: bool) {
        let source = self.source;
        let between = source.text.get(self.end..at).unwrap_or_default();
        let mut lines: Vec<&str> = between.split('\n').collect();
        if !with_last {
            lines.pop();
        }
        // The first is the rest of a line, except where something begins.
        let before = source.text.get(..self.end).unwrap_or_default();
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
            let (first, hang) = self.prefix();
            let mut flow = Flow::new(self.paper.width(), &first, hang);
            let start = offset_in(source.text, line).unwrap_or(0);
            for (index, c) in line.char_indices() {
                let place = Some(Place {
                    offset: start + index,
                    plain: true,
                });
                flow.put(c, columns(c, None), &Look::default(), place);
            }
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
            if self.containers.iter().any(|it| it.quote) {
                row.push_runs(&self.hang());
                row.trim();
            }
            self.page.push(row, None);
        }
    }

    /// What the next row begins with, and those after it.
    fn prefix(&mut self) -> (Vec<Run>, Vec<Run>) {
        let hang = self.hang();
        if self.containers.iter().all(|it| it.marker.is_none()) {
            return (hang.clone(), hang);
        }
        let mut first = Vec::new();
        let marker_look = Look::colored(self.paper.color(Color::Yellow));
        let quote_look = Look::colored(self.paper.color(Color::Gray));
        let most = self.paper.width() / 2;
        let mut sum = 0;
        for container in &mut self.containers {
            match container.marker.take() {
                Some(marker) => {
                    container.columns = text_columns(&marker) + 1;
                    if let Frame::Item { shown, .. } = &mut container.frame {
                        *shown = container.columns;
                    }
                    first.push(Run::new(marker, marker_look.clone()));
                    first.push(Run::new(" ", Look::default()));
                }
                None if sum + container.columns > most => continue,
                None if container.quote => first.push(Run::new("│ ", quote_look.clone())),
                None => first.push(Run::new(" ".repeat(container.columns), Look::default())),
            }
            sum += container.columns;
        }
        (first, self.hang())
    }

    fn hang(&self) -> Vec<Run> {
        let most = self.paper.width() / 2;
        let look = Look::colored(self.paper.color(Color::Gray));
        let mut sum = 0;
        let mut runs = Vec::new();
        for container in &self.containers {
            if sum + container.columns > most {
                continue;
            }
            sum += container.columns;
            runs.push(match container.quote {
                true => Run::new("│ ", look.clone()),
                false => Run::new(" ".repeat(container.columns), Look::default()),
            });
        }
        runs
    }

    fn code_rows(&mut self, code: &[(String, usize)]) {
        let (first, hang) = if code.iter().all(|(text, _)| text.trim().is_empty()) {
            return;
        } else {
            self.prefix()
        };
        let look = Look::colored(self.paper.color(Color::Cyan));
        let hang_columns = hang.iter().map(|run| text_columns(&run.text)).sum();
        let mut lines = CodeLines::new(self.paper.columns, hang_columns);
        let mut rows: Vec<(Row, Option<Place>)> = Vec::new();
        let mut line = 0;
        let mut at_line = true;
        for (text, start) in code {
            let source = self.source.text.get(*start..*start + text.len());
            let plain = source == Some(text);
            for (index, c) in text.char_indices() {
                let offset = start + index;
                if std::mem::replace(&mut at_line, c == '\n') {
                    line = offset;
                }
                lines.write(c, |ink| {
                    if let Ink::Put(c) = ink {
                        if let Some((row, _)) = rows.last_mut() {
                            row.push(c, &look);
                        }
                        return;
                    }
                    let mut row = Row {
                        joined: ink == Ink::Join,
                        ..Row::default()
                    };
                    row.push_runs(if rows.is_empty() { &first } else { &hang });
                    let offset = if ink == Ink::Line { line } else { offset };
                    rows.push((row, Some(Place { offset, plain })));
                });
            }
        }
        for (row, place) in rows {
            self.page.push(row, place);
        }
    }

    fn table_rows(&mut self, range: &Range<usize>) {
        let Some(table) = self.table.take() else {
            return;
        };
        let widths = table.widths(self.source.widths);
        let (first, hang) = self.prefix();
        let hang_columns: usize = hang.iter().map(|run| text_columns(&run.text)).sum();
        let fits = Table::columns(&widths) + hang_columns <= self.paper.width();
        let source = self.source.text.get(range.clone()).unwrap_or_default();
        let columns_of_head = table.alignments.len();
        let whole = source.lines().all(|line| cells_of(line) <= columns_of_head);
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
        for (number, line) in source.lines().enumerate() {
            if number > 0 {
                flow.new_line();
            }
            let bare = line.trim();
            let start = offset_in(self.source.text, bare).unwrap_or(0);
            let mut chars = bare.char_indices().peekable();
            while let Some((index, c)) = chars.next() {
                let next = chars.peek().map(|(_, next)| *next);
                let place = Some(Place {
                    offset: start + index,
                    plain: true,
                });
                flow.put(c, columns(c, next), &Look::default(), place);
            }
        }
        for (row, place) in flow.finish() {
            self.page.push(row, place);
        }
    }
}

/// An address that may stand in a terminal's sequence for links.
fn target(address: &str) -> Option<Arc<str>> {
    let known = ["http://", "https://", "mailto:"].iter();
    let known = known.clone().any(|scheme| {
        address
            .get(..scheme.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(scheme))
    });
    let clean = address.bytes().all(|byte| matches!(byte, b'!'..=b'~'));
    (known && clean && address.len() <= MAX_LINK).then(|| Arc::from(address))
}

/// Where a part of a text begins in it.
fn offset_in(text: &str, part: &str) -> Option<usize> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    (start + part.len() <= text.len()).then_some(start)
}
