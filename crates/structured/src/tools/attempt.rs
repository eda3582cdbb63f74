use chatwire_core::{Finish, FinishReason};

use super::calls::{Call, InvalidCalls, read_calls};
use super::offer::Offer;
use super::scanner::Scanner;
use crate::json::read;

/// One answer of the model, while it comes.
#[derive(Debug)]
pub(super) struct Attempt {
    scanner: Scanner,
    /// The answer as the model wrote it.
    raw: String,
    /// The text before the first call, as far as it is certain.
    text: String,
    /// How much of that was passed on.
    passed_on: usize,
    /// Whether the text waits for the end of the answer.
    is_held: bool,
}

/// What an answer is, once it has ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is valid.
    Valid {
        /// The rest of the text.
        rest: String,
        /// The whole text, if it is not what was passed on with the rest.
        whole: Option<String>,
        calls: Vec<Call>,
        finish: Finish,
    },
    /// It is not.
    Invalid {
        /// Words for the model and the user.
        words: String,
        /// What it should be.
        what: &'static str,
        can_be_asked_again: bool,
        /// The answer as the model wrote it.
        raw: String,
    },
}

impl Attempt {
    /// Begins to read an answer. `has_text` says whether text of an answer before was
    /// passed on already.
    pub(super) fn new(offer: &Offer, has_text: bool) -> Attempt {
        Attempt {
            scanner: Scanner::new(offer.marker.open_call()),
            raw: String::new(),
            text: String::new(),
            passed_on: 0,
            is_held: offer.is_required || offer.shape.is_some() || has_text,
        }
    }

    /// The length of what has come, in bytes.
    pub(super) fn length(&self) -> usize {
        self.raw.len()
    }

    /// Reads the next piece, and returns the text that can be passed on; it may be
    /// empty.
    pub(super) fn push(&mut self, piece: &str) -> String {
        self.raw.push_str(piece);
        let text = self.scanner.push(piece);
        self.text.push_str(&text);
        if self.is_held {
            return String::new();
        }
        self.passed_on = self.text.len();
        text
    }

    /// Ends the answer. `had_text` says whether text of an answer before was passed on.
    pub(super) fn end(mut self, mut finish: Finish, offer: &Offer, had_text: bool) -> Outcome {
        // The backend's own text of the whole answer counts.
        let other = finish.text.take().filter(|whole| *whole != self.raw);
        let is_other = other.is_some();
        let passed_on = self.text.get(..self.passed_on).unwrap_or_default();
        let passed_on = passed_on.to_owned();
        let (text, calls) = match other {
            Some(whole) => {
                let mut scanner = Scanner::new(offer.marker.open_call());
                let mut text = scanner.push(&whole);
                let (rest, calls) = scanner.end();
                text.push_str(&rest);
                self.raw = whole;
                (text, calls)
            }
            None => {
                let (rest, calls) = self.scanner.end();
                (format!("{}{rest}", self.text), calls)
            }
        };
        let invalid = |words: String, what, can_be_asked_again, raw| Outcome::Invalid {
            words,
            what,
            can_be_asked_again,
            raw,
        };
        if let Some(calls) = calls {
            let calls = match read_calls(&calls, &finish.reason, offer) {
                Ok(calls) => calls,
                Err(InvalidCalls {
                    words,
                    can_be_asked_again,
                }) => return invalid(words, "call of a tool", can_be_asked_again, self.raw),
            };
            finish.reason = FinishReason::ToolCalls;
            // Words before a call are not the answer that has to be JSON, and are not
            // repeated.
            let text = match offer.shape.is_some() || had_text {
                true => String::new(),
                false => text,
            };
            return valid(&passed_on, text, is_other && !had_text, calls, finish);
        }
        if offer.is_required {
            let can_be_asked_again = !is_cut(&finish.reason);
            let words = "it calls no function, and one must be called".to_owned();
            return invalid(words, "call of a tool", can_be_asked_again, self.raw);
        }
        let Some(shape) = &offer.shape else {
            return valid(&passed_on, text, is_other, Vec::new(), finish);
        };
        match read(&self.raw, &finish.reason, shape.schema.as_ref()) {
            Ok(json) => {
                let json = json.into_owned();
                valid(&passed_on, json, false, Vec::new(), finish)
            }
            Err(error) => invalid(
                error.to_string(),
                shape.what(),
                error.can_be_asked_again(),
                self.raw,
            ),
        }
    }
}

/// The outcome of a valid answer, of whose text `passed_on` was passed on before.
fn valid(
    passed_on: &str,
    text: String,
    is_other: bool,
    calls: Vec<Call>,
    finish: Finish,
) -> Outcome {
    let (rest, whole) = match text.strip_prefix(passed_on) {
        Some(rest) => (rest.to_owned(), None),
        None => (String::new(), Some(text).filter(|_| is_other)),
    };
    Outcome::Valid {
        rest,
        whole,
        calls,
        finish,
    }
}

fn is_cut(reason: &FinishReason) -> bool {
    matches!(reason, FinishReason::Length | FinishReason::ContentFilter)
}
