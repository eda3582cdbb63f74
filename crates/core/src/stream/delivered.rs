use std::hash::Hasher as _;

use twox_hash::XxHash64;

/// What has been handed out as text, as far as it must be remembered.
#[derive(Default)]
pub(super) struct Delivered {
    length: usize,
    pieces: usize,
    /// A hash stands for the text itself, which may be large. It is the same
    /// in whatever pieces the text comes.
    hasher: Option<XxHash64>,
}

impl Delivered {
    /// Nothing yet. Only with `remember` can a whole text be compared with it.
    pub(super) fn new(remember: bool) -> Delivered {
        Delivered {
            hasher: remember.then(|| XxHash64::with_seed(0)),
            ..Delivered::default()
        }
    }

    /// Notes a piece of text.
    pub(super) fn add(&mut self, text: &str) {
        self.length += text.len();
        self.pieces += 1;
        if let Some(hasher) = &mut self.hasher {
            hasher.write(text.as_bytes());
        }
    }

    /// How many bytes of text have been handed out.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// In how many pieces.
    pub(super) fn pieces(&self) -> usize {
        self.pieces
    }

    /// What of the whole text has not been handed out; nothing when it does not
    /// begin with what has been.
    pub(super) fn rest_of<'a>(&self, whole: &'a str) -> &'a str {
        let (Some(begin), Some(hasher)) = (whole.get(..self.length), &self.hasher) else {
            return "";
        };
        if XxHash64::oneshot(hasher.seed(), begin.as_bytes()) == hasher.finish() {
            whole.get(self.length..).unwrap_or_default()
        } else {
            ""
        }
    }
}
