use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chatwire_core::Error;

use super::failure::{check, too_large};
use super::utf16::Utf16;

/// What stands between two parts of an answer.
pub(crate) const BETWEEN: &str = "\n\n";

/// How much text of an answer is kept to correct what was handed out. A longer
/// answer can still be read, but not be taken back.
const KEPT: usize = 256 * 1024;

/// How many parts may be open at a time; the oldest counts as closed then.
const OPEN: usize = 64;

/// The text parts of an answer: hands deltas out as they come, and knows how
/// the whole text reads when the parts are put in the order of their start,
/// without those that were taken back.
#[derive(Debug)]
pub(crate) struct Parts {
    limit: Option<usize>,
    /// The text of the parts that are closed, up to the first open one.
    whole: String,
    /// Where the text of the current step begins in it.
    step: usize,
    /// The parts that are open, or that come after an open one.
    open: Vec<Part>,
    /// How many parts have been started.
    started: u64,
    /// The part that text was last handed out of.
    last: Option<u64>,
    /// Whether text was handed out.
    any: bool,
    /// Whether text of this step was handed out.
    in_step: bool,
    /// Whether what was handed out is not the text as it reads.
    differs: bool,
    /// Whether a part was left open at the end of its step.
    left_open: bool,
    /// How much text is kept; `None` when it was too much.
    kept: Option<usize>,
}

#[derive(Debug)]
struct Part {
    id: u64,
    number: u64,
    text: String,
    half: Utf16,
    closed: bool,
    /// It has begun with a delta, and need not be ended either.
    implied: bool,
}

impl Parts {
    /// Deltas may have `limit` bytes of text each.
    pub(crate) fn new(limit: impl Into<Option<usize>>) -> Parts {
        Parts {
            limit: limit.into(),
            whole: String::new(),
            step: 0,
            open: Vec::new(),
            started: 0,
            last: None,
            any: false,
            in_step: false,
            differs: false,
            left_open: false,
            kept: Some(0),
        }
    }

    /// A part starts. A part of the same id that is open ends.
    pub(crate) fn start(&mut self, id: &str) -> Option<String> {
        let ended = self.end(id);
        self.open_part(hash(id), false);
        ended
    }

    /// A delta of a part, a JSON string. Gives the text to hand out, or
    /// `Ok(None)` when it is no string.
    pub(crate) fn delta(&mut self, id: &str, json: &str) -> Result<Option<String>, Error> {
        let id = hash(id);
        let found = self.open.iter().rposition(|part| part.id == id);
        let index = found.unwrap_or_else(|| self.open_part(id, true));
        let (limit, keeps) = (self.limit, self.kept.is_some());
        let Some(part) = self.open.get_mut(index) else {
            return Ok(None);
        };
        let begin = part.text.len();
        if part.half.read(json, &mut part.text).is_none() {
            return Ok(None);
        }
        let text = part.text.get(begin..).unwrap_or_default().to_owned();
        check("a delta of the answer", text.len(), limit)?;
        if !keeps {
            part.text.clear();
        }
        let number = part.number;
        Ok(Some(self.hand_out(number, text)))
    }

    /// A part ends. Gives what was held back of it.
    pub(crate) fn end(&mut self, id: &str) -> Option<String> {
        let id = hash(id);
        let part = self.open.iter_mut().rfind(|part| part.id == id)?;
        part.closed = true;
        let (number, rest) = part.close();
        let rest = (!rest.is_empty()).then(|| self.hand_out(number, rest));
        self.fold();
        rest
    }

    /// A step ends, and all parts with it. Gives what was held back of them.
    pub(crate) fn end_step(&mut self) -> Option<String> {
        let mut rests = String::new();
        for index in 0..self.open.len() {
            if let Some(part) = self.open.get_mut(index) {
                self.left_open |= !part.closed && !part.implied;
                part.closed = true;
                let (number, rest) = part.close();
                if !rest.is_empty() {
                    rests.push_str(&self.hand_out(number, rest));
                }
            }
        }
        self.fold();
        self.step = self.whole.len();
        self.in_step = false;
        (!rests.is_empty()).then_some(rests)
    }

    /// The current step counts for nothing. Whether text of it was handed out.
    pub(crate) fn reset_step(&mut self) -> bool {
        self.whole.truncate(self.step);
        self.open.clear();
        self.last = None;
        self.differs |= self.in_step;
        std::mem::take(&mut self.in_step)
    }

    /// Whether every part that was started has ended.
    pub(crate) fn all_closed(&self) -> bool {
        !self.left_open && self.open.iter().all(|part| part.closed || part.implied)
    }

    /// Whether there is no text.
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_some()
            && self.whole.is_empty()
            && self.open.iter().all(|part| part.text.is_empty())
    }

    /// The text as it reads, if it is not what was handed out.
    pub(crate) fn correction(&mut self) -> Result<Option<String>, Error> {
        self.end_step();
        match (self.differs, self.kept) {
            (false, _) => Ok(None),
            (true, Some(_)) => Ok(Some(std::mem::take(&mut self.whole))),
            (true, None) => Err(too_large(
                "an answer of which the server has taken back a part",
                KEPT,
            )),
        }
    }

    /// The text of a part as it is handed out.
    fn hand_out(&mut self, number: u64, text: String) -> String {
        if text.is_empty() {
            return text;
        }
        self.in_step = true;
        self.keep(text.len());
        // A part that started before the one that was last handed out.
        self.differs |= self.last.is_some_and(|last| last > number);
        let is_new = self.last.replace(number) != Some(number);
        let is_first = !std::mem::replace(&mut self.any, true);
        if is_new && !is_first {
            format!("{BETWEEN}{text}")
        } else {
            text
        }
    }

    fn keep(&mut self, more: usize) {
        if let Some(kept) = &mut self.kept {
            *kept += more;
            if *kept > KEPT {
                self.kept = None;
                self.whole = String::new();
                self.step = 0;
                for part in &mut self.open {
                    part.text = String::new();
                }
            }
        }
    }

    fn open_part(&mut self, id: u64, implied: bool) -> usize {
        if self.open.len() == OPEN
            && let Some(oldest) = self.open.first_mut()
        {
            oldest.closed = true;
            self.fold();
        }
        self.open.push(Part {
            id,
            number: self.started,
            text: String::new(),
            half: Utf16::default(),
            closed: false,
            implied,
        });
        self.started += 1;
        self.open.len() - 1
    }

    /// Appends the closed parts to the text, up to the first open one.
    fn fold(&mut self) {
        let closed = self.open.iter().take_while(|part| part.closed).count();
        for part in self.open.drain(..closed) {
            if self.whole.is_empty() {
                self.whole = part.text;
            } else if !part.text.is_empty() {
                self.whole.push_str(BETWEEN);
                self.whole.push_str(&part.text);
            }
        }
    }
}

impl Part {
    /// The part's number, and what was held back of its text.
    fn close(&mut self) -> (u64, String) {
        let begin = self.text.len();
        self.half.finish(&mut self.text);
        let rest = self.text.get(begin..).unwrap_or_default().to_owned();
        (self.number, rest)
    }
}

/// Ids are compared by their hashes, so that long ones cost no memory.
fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::{KEPT, Parts};

    /// What is done with the parts: `+id` starts, `-id` ends, `id=json` is a
    /// delta, `/` ends a step, `!` takes a step back.
    fn run(actions: &[&str]) -> (String, Option<String>, bool) {
        let mut parts = Parts::new(1024);
        let mut out = String::new();
        for action in actions {
            let text = match action.split_at(1) {
                ("+", id) => parts.start(id),
                ("-", id) => parts.end(id),
                ("/", _) => parts.end_step(),
                ("!", _) => {
                    parts.reset_step();
                    None
                }
                _ => {
                    let (id, json) = action.split_once('=').unwrap();
                    parts.delta(id, json).unwrap()
                }
            };
            out.push_str(text.as_deref().unwrap_or_default());
        }
        let all_closed = parts.all_closed();
        out.push_str(parts.end_step().as_deref().unwrap_or_default());
        (out, parts.correction().unwrap(), all_closed)
    }

    #[test]
    fn parts_are_joined_in_the_order_of_their_start() {
        type Row<'a> = (&'a [&'a str], &'a str, Option<&'a str>, bool);
        let table: &[Row<'_>] = &[
            (&["+a", r#"a="x""#, r#"a="y""#, "-a"], "xy", None, true),
            (&["+a", r#"a="x""#], "x", None, false),
            (&["+a", r#"a="x""#, "/"], "x", None, false),
            (&[r#"a="x""#], "x", None, true),
            (
                &["+a", r#"a="x""#, "-a", "+b", r#"b="y""#, "-b"],
                "x\n\ny",
                None,
                true,
            ),
            // An id may come again, in the same step or the next.
            (
                &["+a", r#"a="x""#, "-a", "/", "+a", r#"a="y""#, "-a"],
                "x\n\ny",
                None,
                true,
            ),
            (
                &["+a", r#"a="x""#, "+a", r#"a="y""#, "-a"],
                "x\n\ny",
                None,
                true,
            ),
            // A part without text leaves no gap.
            (
                &["+a", "-a", "+b", r#"b="y""#, "-b", "+c", r#"c="""#, "-c"],
                "y",
                None,
                true,
            ),
            // Parts that interleave read in the order of their start.
            (
                &["+a", "+b", r#"a="1""#, r#"b="2""#, r#"a="3""#, "-b", "-a"],
                "1\n\n2\n\n3",
                Some("13\n\n2"),
                true,
            ),
            (
                &["+a", "+b", r#"b="2""#, "-b", r#"a="1""#, "-a"],
                "2\n\n1",
                Some("1\n\n2"),
                true,
            ),
            (
                &["+a", "+b", r#"a="1""#, "-a", r#"b="2""#, "-b"],
                "1\n\n2",
                None,
                true,
            ),
            // A step that is taken back.
            (
                &["+a", r#"a="no""#, "!", "+a", r#"a="yes""#, "-a"],
                "no\n\nyes",
                Some("yes"),
                true,
            ),
            (
                &[
                    "+a",
                    r#"a="1""#,
                    "-a",
                    "/",
                    "+b",
                    r#"b="no""#,
                    "-b",
                    "!",
                    "+c",
                    r#"c="2""#,
                    "-c",
                ],
                "1\n\nno\n\n2",
                Some("1\n\n2"),
                true,
            ),
            (
                &["+a", r#"a="1""#, "-a", "/", "!", "+c", r#"c="2""#, "-c"],
                "1\n\n2",
                None,
                true,
            ),
            (&["+a", r#"a="no""#, "!"], "no", Some(""), true),
            // Halves of characters are joined within a part only.
            (
                &["+a", r#"a="\ud83d""#, r#"a="\ude00""#, "-a"],
                "😀",
                None,
                true,
            ),
            (
                &[
                    "+a",
                    "+b",
                    r#"a="\ud83d""#,
                    r#"b="\ud83d""#,
                    r#"a="\ude00""#,
                    r#"b="\ude00""#,
                ],
                "😀\n\n😀",
                None,
                false,
            ),
            (
                &["+a", r#"a="x\ud83d""#, "-a", "+b", r#"b="y""#, "-b"],
                "x\u{fffd}\n\ny",
                None,
                true,
            ),
            (&["+a", r#"a="x\ud83d""#, "/"], "x\u{fffd}", None, false),
            (&["+a", r#"a="x\ud83d""#], "x\u{fffd}", None, false),
        ];
        for (actions, out, correction, all_closed) in table {
            let got = run(actions);
            let want = (
                (*out).to_owned(),
                correction.map(str::to_owned),
                *all_closed,
            );
            assert_eq!(got, want, "{actions:?}");
        }
    }

    #[test]
    fn a_delta_has_a_limit_and_what_is_kept_too() {
        let mut parts = Parts::new(1024);
        let json = |length: usize| format!("\"{}\"", "x".repeat(length));
        assert!(parts.delta("a", &json(1024)).is_ok());
        assert!(parts.delta("a", &json(1025)).is_err());
        assert_eq!(parts.delta("a", "7").unwrap(), None);

        let mut parts = Parts::new(None);
        for _ in 0..8 {
            parts.delta("a", &json(KEPT / 4)).unwrap();
        }
        assert!(!parts.is_empty());
        assert!(parts.reset_step());
        assert!(parts.correction().is_err());
    }

    #[test]
    fn parts_that_are_never_closed_cost_little() {
        let mut parts = Parts::new(1024);
        for number in 0..10_000 {
            parts.start(&number.to_string());
        }
        assert!(parts.open.len() <= super::OPEN);
        parts.delta("late", "\"x\"").unwrap();
        assert!(!parts.is_empty());
    }
}
