use std::error::Error;
use std::fmt;

use super::schema::Violation;

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidKind {
    /// The answer contains no JSON.
    Missing,
    /// The JSON cannot be read, or could be read in more than one way.
    Broken,
    /// The answer ended before its JSON did: a limit was reached, or a filter
    /// stopped it. Asking again for the same answer leads to the same end.
    Cut,
    /// There are several values, and nothing says which of them is the answer.
    Several,
    /// The schema does not allow the value.
    Violations(Vec<Violation>),
}

/// Why an answer is not the JSON that was asked for.
///
/// `Display` writes words for the model and for a person: what is wrong, and
/// where. They are at most a few kilobytes long and hold no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    kind: InvalidKind,
    words: String,
}

impl Invalid {
    pub(super) fn new(kind: InvalidKind, words: impl Into<String>) -> Invalid {
        let words = words.into();
        Invalid { kind, words }
    }

    pub(super) fn violations(violations: Vec<Violation>) -> Invalid {
        let words: Vec<String> = violations.iter().map(Violation::to_string).collect();
        Invalid::new(InvalidKind::Violations(violations), words.join("; "))
    }

    /// Returns what is wrong.
    pub fn kind(&self) -> &InvalidKind {
        &self.kind
    }

    /// Returns whether the model may do better when it is told what is wrong.
    /// False if the answer was cut.
    pub fn can_be_asked_again(&self) -> bool {
        self.kind != InvalidKind::Cut
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl Error for Invalid {}
