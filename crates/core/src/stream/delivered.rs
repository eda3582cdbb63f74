use std::hash::Hasher as _;

use twox_hash::XxHash64;

/// Remembers the text that the stream has yielded, as far as it is needed.
#[derive(Default)]
pub(super) struct Delivered {
    length: usize,
    pieces: usize,
    /// A hash in place of the text, which may be large. It does not depend on how
    /// the text was split.
    hasher: Option<XxHash64>,
}

impl Delivered {
    /// With `remember`, a whole text can be compared with what was yielded.
    pub(super) fn new(remember: bool) -> Delivered {
        Delivered {
            hasher: remember.then(|| XxHash64::with_seed(0)),
            ..Delivered::default()
        }
    }

    /// Adds a piece of text.
    pub(super) fn add(&mut self, text: &str) {
        self.length += text.len();
        self.pieces += 1;
        if let Some(hasher) = &mut self.hasher {
            hasher.write(text.as_bytes());
        }
    }

    /// Returns how many bytes of text were yielded.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Returns in how many pieces.
    pub(super) fn pieces(&self) -> usize {
        self.pieces
    }

    /// Returns the rest of the whole text that was not yielded. It is empty if the
    /// whole text does not begin with what was.
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
