//! How text is split into pieces.

use std::time::Duration;

use crate::answers::{Step, copy};

/// How a reply that is given as text is split, and how long the server pauses between the pieces.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Pacing {
    /// The number of characters in a piece; `None` splits at words.
    pub piece_chars: Option<usize>,
    /// The pause between two pieces.
    pub delay: Option<Duration>,
}

impl Pacing {
    /// Splits a text into pieces.
    pub fn split(&self, text: &str) -> Vec<String> {
        match self.piece_chars {
            Some(chars) => {
                let all: Vec<char> = text.chars().collect();
                all.chunks(chars.max(1)).map(String::from_iter).collect()
            }
            None => text.split_inclusive(' ').map(str::to_owned).collect(),
        }
    }

    /// The steps that send these pieces with the pauses between them.
    pub fn steps<I>(&self, pieces: I) -> Vec<Step>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        let mut steps = Vec::new();
        for piece in pieces {
            if let (Some(delay), false) = (self.delay, steps.is_empty()) {
                steps.push(Step::Delay(delay));
            }
            steps.push(Step::Piece(copy(piece)));
        }
        steps
    }
}
