//! The lists and quotes around what is being written, as they are shown.

use super::frames::{Frame, Marker};
use super::look::{Color, Look, Run};
use super::page::Paper;
use super::width::text_columns;

/// Markers of lists, from the outer to the inner ones.
const BULLETS: [&str; 3] = ["•", "◦", "▪"];

/// A list item or a quote.
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

/// The containers from the outer to the inner ones.
#[derive(Debug, Default)]
pub(super) struct Surround(Vec<Container>);

impl Surround {
    /// Enters a quote whose content begins at this column of the source.
    pub(super) fn enter_quote(&mut self, content: usize) {
        self.0.push(Container {
            marker: None,
            columns: 2,
            quote: true,
            content,
            frame: Frame::Quote,
        });
    }

    /// Enters a list item. If it was shown before, perhaps with another marker,
    /// `before` is what that one took.
    pub(super) fn enter_item(&mut self, marker: &Marker<'_>, before: Option<usize>) {
        let outer = self.0.last().map_or(0, |outer| outer.content);
        let depth = self.0.iter().filter(|outer| !outer.quote).count();
        let shown = if marker.text.len() > 1 {
            marker.text.to_owned()
        } else {
            let bullet = BULLETS.get(depth % BULLETS.len());
            bullet.copied().unwrap_or_default().to_owned()
        };
        let columns = before.unwrap_or_else(|| text_columns(&shown) + 1);
        self.0.push(Container {
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

    /// Leaves the innermost one.
    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    pub(super) fn has_quote(&self) -> bool {
        self.0.iter().any(|it| it.quote)
    }

    /// Returns lines of the source without the marks of the quotes around them. The
    /// first has none if it `is_rest`: of a line that began before.
    pub(super) fn inner<'a>(
        &self,
        lines: impl Iterator<Item = &'a str>,
        is_rest: bool,
    ) -> impl Iterator<Item = &'a str> {
        let quotes = self.0.iter().filter(|it| it.quote).count();
        lines.enumerate().map(move |(index, line)| {
            let quotes = if is_rest && index == 0 { 0 } else { quotes };
            (0..quotes).fold(line, |line, _| {
                let mark = line.trim_start_matches([' ', '\t']).strip_prefix('>');
                mark.unwrap_or(line)
            })
        })
    }

    pub(super) fn frames(&self) -> Vec<Frame> {
        self.0.iter().map(|it| it.frame).collect()
    }

    /// Returns whether the innermost item has shown nothing yet, not even its marker.
    pub(super) fn owes_marker(&self) -> bool {
        self.0.last().is_some_and(|it| it.marker.is_some())
    }

    /// Takes all markers as shown.
    pub(super) fn forget_markers(&mut self) {
        for container in &mut self.0 {
            container.marker = None;
        }
    }

    /// Makes a task of the innermost item.
    pub(super) fn make_task(&mut self, done: bool) {
        let sign = if done { "☑" } else { "☐" };
        if let Some(container) = self.0.last_mut()
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

    /// Returns what the next row begins with, and those after it. Markers are shown
    /// once.
    pub(super) fn prefix(&mut self, paper: &Paper) -> (Vec<Run>, Vec<Run>) {
        let hang = self.hang(paper);
        if self.0.iter().all(|it| it.marker.is_none()) {
            return (hang.clone(), hang);
        }
        let mut first = Vec::new();
        let marker_look = Look::colored(paper.color(Color::Yellow));
        let quote_look = Look::colored(paper.color(Color::Gray));
        let most = paper.width() / 2;
        let mut sum = 0;
        for container in &mut self.0 {
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
        (first, self.hang(paper))
    }

    /// Returns what a row begins with that shows no marker.
    pub(super) fn hang(&self, paper: &Paper) -> Vec<Run> {
        let most = paper.width() / 2;
        let look = Look::colored(paper.color(Color::Gray));
        let mut sum = 0;
        let mut runs = Vec::new();
        for container in &self.0 {
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
}
