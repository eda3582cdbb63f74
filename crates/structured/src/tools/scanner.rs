use super::fences::Fences;

/// How much of a text is held back because a call may follow it, in bytes. It is
/// more than the first line of a code block and a few empty lines need.
const MAX_HELD: usize = 256;

/// Splits an answer while it comes: the text before the first call, and the rest
/// from there on.
///
/// White space and the first line of a code block that stand directly before the
/// call belong to neither.
#[derive(Debug)]
pub(super) struct Scanner {
    open: String,
    /// The end of the text, which may belong to a call.
    held: String,
    /// From the first call on.
    calls: Option<String>,
    fences: Fences,
}

impl Scanner {
    /// Creates a scanner for calls that begin with `open`.
    pub(super) fn new(open: String) -> Scanner {
        Scanner {
            open,
            held: String::new(),
            calls: None,
            fences: Fences::default(),
        }
    }

    /// Reads the next piece of the answer, and returns the text that is certain.
    pub(super) fn push(&mut self, piece: &str) -> String {
        if let Some(calls) = &mut self.calls {
            calls.push_str(piece);
            return String::new();
        }
        self.held.push_str(piece);
        if let Some(at) = self.held.find(&self.open) {
            self.calls = Some(self.held.split_off(at));
            let text = self.before_call(&self.held).to_owned();
            self.held.clear();
            return text;
        }
        let certain = self.certain();
        let rest = self.held.split_off(certain);
        let text = std::mem::replace(&mut self.held, rest);
        self.fences.read(&text);
        text
    }

    /// Ends the answer. Returns the rest of the text, and everything from the first
    /// call on, if there is one.
    pub(super) fn end(self) -> (String, Option<String>) {
        (self.held, self.calls)
    }

    /// Returns how much of the text is certain to stand before no call.
    fn certain(&self) -> usize {
        let held = self.held.as_str();
        let is_begun = |at: &usize| {
            let end = held.get(*at..).unwrap_or_default();
            !end.is_empty() && self.open.starts_with(end)
        };
        let first = held.len().saturating_sub(self.open.len());
        let begun = (first..held.len()).find(is_begun).unwrap_or(held.len());
        let text = held.get(..begun).unwrap_or_default();
        let certain = self.before_call(text).len();
        if held.len() - certain > MAX_HELD {
            begun
        } else {
            certain
        }
    }

    /// Returns the text without the white space and the first line of a code block at
    /// its end.
    fn before_call<'a>(&self, text: &'a str) -> &'a str {
        let text = text.trim_end();
        let start = text.rfind('\n').map_or(0, |at| at + 1);
        let (before, line) = text.split_at(start);
        let is_line = start > 0 || self.fences.is_at_line_start();
        if !is_line || !Fences::may_open(line) {
            return text;
        }
        let mut fences = self.fences;
        fences.read(before);
        if fences.is_inside() {
            return text;
        }
        before.trim_end()
    }
}
