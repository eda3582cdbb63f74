//! Text on standard output: bytes for a pipe, Markdown for a person.

use std::io::{self, IsTerminal as _};

use tokio::io::AsyncWriteExt as _;

use super::filter::without_controls;
use super::markdown::Markdown;
use super::size::terminal_size;
use super::style::Style;

/// The buffer is written once it holds this many bytes.
const MANY: usize = 64 * 1024;

/// Writes the text of answers.
pub(crate) struct TextWriter {
    /// Written on a thread of its own, so that a full pipe does not delay Ctrl-C.
    out: tokio::io::Stdout,
    /// What is to be written next.
    buffer: Vec<u8>,
    way: Way,
    /// Whether the last line is incomplete.
    in_line: bool,
}

enum Way {
    /// As it is.
    Pipe,
    /// Without control characters.
    Plain,
    Rendered(Box<Markdown>),
}

impl TextWriter {
    /// For standard output as it is.
    pub(crate) fn new(style: &Style) -> TextWriter {
        let way = if !io::stdout().is_terminal() {
            Way::Pipe
        } else if style.markdown {
            let markdown = Markdown::new(style.colors, terminal_size());
            Way::Rendered(Box::new(markdown))
        } else {
            Way::Plain
        };
        TextWriter {
            out: tokio::io::stdout(),
            buffer: Vec::new(),
            way,
            in_line: false,
        }
    }

    /// Takes a piece of the answer; [`flush`](TextWriter::flush) writes it.
    pub(crate) async fn text(&mut self, text: &str) -> io::Result<()> {
        match &mut self.way {
            Way::Pipe => self.buffer.extend_from_slice(text.as_bytes()),
            Way::Plain => {
                let text = without_controls(text);
                self.buffer.extend_from_slice(text.as_bytes());
            }
            Way::Rendered(markdown) => {
                let text = without_controls(text);
                let sent = markdown.push(&text, terminal_size());
                self.buffer.extend_from_slice(sent.as_bytes());
            }
        }
        if let Some(last) = text.chars().next_back() {
            self.in_line = last != '\n';
        }
        self.relieve().await
    }

    /// Ends the answer: on a terminal, this ends its line.
    pub(crate) async fn end(&mut self) -> io::Result<()> {
        let end = match &mut self.way {
            Way::Pipe => String::new(),
            Way::Plain if self.in_line => "\n".to_owned(),
            Way::Plain => String::new(),
            Way::Rendered(markdown) => markdown.end(),
        };
        self.in_line = false;
        self.bytes(end.as_bytes()).await?;
        self.flush().await
    }

    /// Takes bytes as they are; [`flush`](TextWriter::flush) writes them.
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        self.relieve().await
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
        if self.buffer.is_empty() {
            return Ok(());
        }
        // Emptied first, so that a cancelled write is not repeated.
        let bytes = std::mem::take(&mut self.buffer);
        self.out.write_all(&bytes).await?;
        self.out.flush().await
    }

    /// Whether standard output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        !matches!(self.way, Way::Pipe)
    }
}
