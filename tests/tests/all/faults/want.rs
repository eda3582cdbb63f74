//! What a cell must come to.

use std::time::Duration;

use chatwire::{Error, ErrorKind};

use super::place::Place;

/// What a cell must come to.
#[derive(Debug, Clone)]
pub(crate) struct Want {
    /// The kind of error; none: the reply is whole.
    pub(crate) kind: Option<ErrorKind>,
    pub(crate) text: Text,
    /// The status that the error has.
    pub(crate) status: Option<u16>,
    /// Between which bounds the wait is that the server asks for.
    pub(crate) retry_after: Option<(Duration, Duration)>,
    pub(crate) retryable: Option<bool>,
    /// Words that the message must have.
    pub(crate) words: &'static str,
    /// The least time that it takes.
    pub(crate) at_least: Duration,
}

/// The text that had come.
#[derive(Debug, Clone)]
pub(crate) enum Text {
    Exactly(String),
    /// This over and over, up to so many bytes.
    Repeated(&'static str, usize),
}

/// How long any cell may take beyond the limits that it waits for: a machine
/// under load must not matter, and a request that hangs must.
pub(crate) const BOUND: Duration = Duration::from_secs(90);

/// A whole reply.
pub(crate) fn ok(text: &str) -> Want {
    Want {
        kind: None,
        text: Text::Exactly(text.to_owned()),
        status: None,
        retry_after: None,
        retryable: None,
        words: "",
        at_least: Duration::ZERO,
    }
}

/// An error before any text.
pub(crate) fn fails(kind: ErrorKind) -> Want {
    Want {
        kind: Some(kind),
        ..ok("")
    }
}

/// An error after this text.
pub(crate) fn breaks(kind: ErrorKind, text: &str) -> Want {
    Want {
        kind: Some(kind),
        ..ok(text)
    }
}

impl Want {
    /// The same for the documents that MagickPen's secrets are looked for in: if
    /// the server refuses one, the others are looked at, and the error is that
    /// the secrets are missing. If no document can be read, a server that is out
    /// of order is the error.
    pub(crate) fn at(mut self, place: Place) -> Want {
        let out_of_order = matches!(self.status, Some(408 | 425 | 500..));
        match (place, self.kind) {
            (Place::MagickPenFront, Some(ErrorKind::Status)) if out_of_order => {}
            (Place::MagickPenFront, Some(ErrorKind::Status))
            | (Place::MagickPenBundle, Some(ErrorKind::Status | ErrorKind::Blocked)) => {
                self.kind = Some(ErrorKind::Credentials);
            }
            _ => {}
        }
        self
    }

    /// Whether this is what the mock says by itself.
    pub(crate) fn is_own(&self, place: Place) -> bool {
        matches!(&self.text, Text::Exactly(text) if text == super::table::own_reply(place))
    }

    pub(crate) fn status(mut self, status: u16) -> Want {
        self.status = Some(status);
        self
    }

    pub(crate) fn retry_after(mut self, least: u64, most: u64) -> Want {
        self.retry_after = Some((Duration::from_secs(least), Duration::from_secs(most)));
        self
    }

    pub(crate) fn retryable(mut self, yes: bool) -> Want {
        self.retryable = Some(yes);
        self
    }

    pub(crate) fn words(mut self, words: &'static str) -> Want {
        self.words = words;
        self
    }

    pub(crate) fn at_least(mut self, time: Duration) -> Want {
        self.at_least = time;
        self
    }

    pub(crate) fn repeated(mut self, piece: &'static str, most: usize) -> Want {
        self.text = Text::Repeated(piece, most);
        self
    }

    /// How much text comes before the fault may strike.
    pub(crate) fn text_len(&self) -> usize {
        match &self.text {
            Text::Exactly(text) => text.len(),
            Text::Repeated(..) => 0,
        }
    }

    /// Compares with what has come.
    pub(crate) fn compare(
        &self,
        provider: &str,
        text: &str,
        error: Option<&Error>,
        took: Duration,
    ) -> Result<(), String> {
        let same_text = match &self.text {
            Text::Exactly(wanted) => wanted == text,
            Text::Repeated(piece, most) => {
                let same = text.bytes().eq(piece.bytes().cycle().take(text.len()));
                text.len() <= *most && same
            }
        };
        let checks = [
            (
                error.map(Error::kind) == self.kind,
                format!("kind, wanted {:?}", self.kind),
            ),
            (same_text, format!("text, wanted {:?}", self.text)),
            (
                took >= self.at_least,
                format!("took only {took:?} of {:?}", self.at_least),
            ),
            (took <= self.at_least + BOUND, format!("took {took:?}")),
        ];
        let mut wrong: Vec<String> = checks
            .into_iter()
            .filter_map(|(right, what)| (!right).then_some(what))
            .collect();
        if let Some(error) = error {
            wrong.extend(self.compare_error(provider, error));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let start: String = text.chars().take(80).collect();
        Err(format!(
            "{}; got {} bytes {start:?} and {error:?}",
            wrong.join("; "),
            text.len()
        ))
    }

    fn compare_error(&self, provider: &str, error: &Error) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut check = |right: bool, what: String| {
            if !right {
                wrong.push(what);
            }
        };
        let shown = error.to_string();
        check(
            error.provider() == Some(provider) && shown.starts_with(provider),
            format!("names {:?}", error.provider()),
        );
        if self.status.is_some() {
            check(
                error.status() == self.status,
                format!("status {:?}, wanted {:?}", error.status(), self.status),
            );
        }
        if let Some((least, most)) = self.retry_after {
            check(
                error
                    .retry_after()
                    .is_some_and(|wait| least <= wait && wait <= most),
                format!("retry_after {:?}", error.retry_after()),
            );
        }
        if let Some(retryable) = self.retryable {
            check(
                error.is_retryable() == retryable,
                format!("retryable {}", error.is_retryable()),
            );
        }
        check(
            shown.contains(self.words),
            format!("{shown:?} without {:?}", self.words),
        );
        check(
            error
                .excerpt()
                .is_none_or(|excerpt| excerpt.len() <= Error::EXCERPT_MAX),
            "long excerpt".to_owned(),
        );
        wrong
    }
}
