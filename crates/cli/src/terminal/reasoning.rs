use std::io::{self, Write as _};

use super::filter::prose;

/// The model's reasoning on standard error, as it arrives.
#[derive(Debug, Default)]
pub(crate) struct Reasoning {
    /// A line of it is open.
    open: bool,
}

impl Reasoning {
    /// Writes a piece. That standard error may be closed is no error.
    pub(crate) fn write(&mut self, piece: &str) {
        let piece = prose(piece);
        if let Some(last) = piece.chars().last() {
            self.open = last != '\n';
            let _ = io::stderr().write_all(piece.as_bytes());
            let _ = io::stderr().flush();
        }
    }

    /// Ends the line, so that something else can follow.
    pub(crate) fn end(&mut self) {
        if std::mem::take(&mut self.open) {
            let _ = writeln!(io::stderr());
        }
    }
}
