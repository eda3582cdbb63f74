//! Where the messages of a chat come from.

use crate::conversation::Piped;
use crate::failure::Failure;
use crate::terminal::{Lines, Typed};

/// A person at a terminal, or a pipe.
pub(super) enum ChatInput {
    Terminal(Box<Lines>),
    Pipe(Piped),
}

impl ChatInput {
    /// Waits for a message, which can have several lines. A pipe shows no prompt.
    pub(super) fn read(&mut self, prompt: &str) -> Result<Typed, Failure> {
        match self {
            ChatInput::Terminal(lines) => lines.read(prompt),
            ChatInput::Pipe(piped) => Ok(match piped.message()? {
                Some(message) => Typed::message(&message),
                None => Typed::End,
            }),
        }
    }

    /// Remembers what a person typed, also for later chats.
    pub(super) fn remember(&mut self, line: &str) {
        if let ChatInput::Terminal(lines) = self {
            lines.remember(line);
        }
    }
}
