//! Text on standard output: bytes for a pipe, Markdown for a person.

use std::io::{self, IsTerminal as _};

use super::filter::{exact, json, prose};
use super::markdown::Markdown;
use super::plain::Plain;
use super::size::terminal_size;
use super::standard_output::StandardOutput;
use super::style::Style;

/// The buffer is written once it holds this many bytes.
const MANY: usize = 64 * 1024;

/// Writes the text of answers.
pub(crate) struct TextWriter {
    out: StandardOutput,
    /// What is to be written next.
    buffer: Vec<u8>,
    way: Way,
    /// Whether the last line is incomplete.
    in_line: bool,
}

enum Way {
    /// As it is.
    Pipe,
    /// Without what a terminal may not be sent.
    Plain(Plain),
    Rendered(Box<Markdown>),
}

impl TextWriter {
    /// For standard output as it is.
    pub(crate) fn new(style: &Style) -> TextWriter {
        let way = if !io::stdout().is_terminal() {
            Way::Pipe
        } else if style.markdown {
            let markdown = Markdown::new(style.colors, style.links, terminal_size());
            Way::Rendered(Box::new(markdown))
        } else {
            Way::Plain(Plain::default())
        };
        TextWriter {
            out: StandardOutput::new(matches!(way, Way::Pipe)),
            buffer: Vec::new(),
            way,
            in_line: false,
        }
    }

    /// Takes a piece of the answer; [`flush`](TextWriter::flush) writes it.
    pub(crate) async fn text(&mut self, text: &str) -> io::Result<()> {
        match &mut self.way {
            Way::Pipe => self.buffer.extend_from_slice(text.as_bytes()),
            Way::Plain(plain) => plain.push(text, &mut self.buffer),
            Way::Rendered(markdown) => {
                let sent = markdown.push(&prose(text), terminal_size());
                self.buffer.extend_from_slice(sent.as_bytes());
            }
        }
        if let Some(last) = text.as_bytes().last() {
            self.in_line = *last != b'\n';
        }
        self.relieve().await
    }

    /// Takes code or other text that is shown as it is, but for what a terminal
    /// may not be sent.
    pub(crate) async fn exact(&mut self, text: &str) -> io::Result<()> {
        let shown = match self.way {
            Way::Pipe => text.into(),
            _ => exact(text),
        };
        self.buffer.extend_from_slice(shown.as_bytes());
        self.relieve().await
    }

    /// Takes a line of JSON.
    pub(crate) async fn json(&mut self, line: &str) -> io::Result<()> {
        let shown = match self.way {
            Way::Pipe => line.into(),
            _ => json(line),
        };
        self.buffer.extend_from_slice(shown.as_bytes());
        self.relieve().await
    }

    /// Ends the answer: on a terminal, this ends its line.
    pub(crate) async fn end(&mut self) -> io::Result<()> {
        match &mut self.way {
            Way::Pipe => {}
            Way::Plain(plain) => {
                *plain = Plain::default();
                if self.in_line {
                    self.buffer.push(b'\n');
                }
            }
            Way::Rendered(markdown) => self.buffer.extend_from_slice(markdown.end().as_bytes()),
        }
        self.in_line = false;
        self.flush().await
    }

    /// In a pipe, ends a line that the answer left open: another one follows.
    pub(crate) async fn end_turn(&mut self) -> io::Result<()> {
        if matches!(self.way, Way::Pipe) && self.in_line {
            self.buffer.push(b'\n');
        }
        self.end().await
    }

    /// Sends a sequence to the terminal.
    pub(crate) async fn sequence(&mut self, sequence: &str) -> io::Result<()> {
        self.buffer.extend_from_slice(sequence.as_bytes());
        self.flush().await
    }

    /// Writes the buffer if it is large.
    async fn relieve(&mut self) -> io::Result<()> {
        if self.buffer.len() < MANY {
            return Ok(());
        }
        self.flush().await
    }

    /// Writes the buffer.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        self.out.write(&mut self.buffer).await
    }

    /// Whether standard output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        !matches!(self.way, Way::Pipe)
    }
}
