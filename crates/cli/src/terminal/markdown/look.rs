//! Rows of text, and how the text in them looks.

use std::fmt::Write as _;
use std::sync::Arc;

/// Colours of the terminal's own palette, which suits light and dark backgrounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Color {
    Yellow = 33,
    Magenta = 35,
    Cyan = 36,
    Gray = 90,
}

/// How a run of text looks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Look {
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) underline: bool,
    pub(super) strike: bool,
    pub(super) color: Option<Color>,
    /// Where a click leads.
    pub(super) link: Option<Arc<str>>,
}

impl Look {
    /// In this colour alone, if there is one.
    pub(super) fn colored(color: Option<Color>) -> Look {
        Look {
            color,
            ..Look::default()
        }
    }

    fn open(&self, out: &mut String) {
        if let Some(link) = &self.link {
            let _ = write!(out, "\u{1b}]8;;{link}\u{1b}\\");
        }
        let mut codes = Vec::new();
        for (set, code) in [
            (self.bold, 1),
            (self.italic, 3),
            (self.underline, 4),
            (self.strike, 9),
        ] {
            if set {
                codes.push(code);
            }
        }
        codes.extend(self.color.map(|color| color as u8));
        for (index, code) in codes.iter().enumerate() {
            let start = if index == 0 { "\u{1b}[" } else { ";" };
            let _ = write!(out, "{start}{code}");
        }
        if !codes.is_empty() {
            out.push('m');
        }
    }

    fn close(&self, out: &mut String) {
        let plain = Look {
            link: self.link.clone(),
            ..Look::default()
        };
        if *self != plain {
            out.push_str("\u{1b}[0m");
        }
        if self.link.is_some() {
            out.push_str("\u{1b}]8;;\u{1b}\\");
        }
    }
}

/// Text of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) look: Look,
    pub(super) text: String,
}

impl Run {
    pub(super) fn new(text: impl Into<String>, look: Look) -> Run {
        Run {
            look,
            text: text.into(),
        }
    }
}

/// Writes runs with the sequences that make them look so.
pub(super) fn write_runs(runs: &[Run], out: &mut String) {
    for run in runs.iter().filter(|run| !run.text.is_empty()) {
        run.look.open(out);
        out.push_str(&run.text);
        run.look.close(out);
    }
}

/// One row of the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Row {
    pub(super) runs: Vec<Run>,
    /// The row before is full, and the terminal itself goes on here: nothing is
    /// sent between the two, so that a copied line is one line.
    pub(super) joined: bool,
}

impl Row {
    pub(super) fn push(&mut self, c: char, look: &Look) {
        match self.runs.last_mut().filter(|run| run.look == *look) {
            Some(run) => run.text.push(c),
            None => self.runs.push(Run::new(c, look.clone())),
        }
    }

    pub(super) fn push_runs(&mut self, runs: &[Run]) {
        for run in runs {
            match self.runs.last_mut().filter(|last| last.look == run.look) {
                Some(last) => last.text.push_str(&run.text),
                None => self.runs.push(run.clone()),
            }
        }
    }

    /// Takes spaces away at the end.
    pub(super) fn trim(&mut self) {
        while let Some(last) = self.runs.last_mut() {
            let kept = last.text.trim_end_matches(' ').len();
            last.text.truncate(kept);
            if kept > 0 {
                break;
            }
            self.runs.pop();
        }
    }

    /// What has to be added to the other row to get this one, if that is all.
    pub(super) fn added_to(&self, other: &Row) -> Option<Vec<Run>> {
        if self.joined != other.joined {
            return None;
        }
        let Some((last, before)) = other.runs.split_last() else {
            return Some(self.runs.clone());
        };
        let (same, rest) = self.runs.split_at_checked(before.len())?;
        let (next, more) = rest.split_first()?;
        if same != before || next.look != last.look {
            return None;
        }
        let added = next.text.strip_prefix(last.text.as_str())?;
        let mut runs = vec![Run::new(added, next.look.clone())];
        runs.extend_from_slice(more);
        Some(runs)
    }
}
