//! Text on standard output: bytes for a pipe, Markdown for a person.

use std::io::{self, IsTerminal as _};

use tokio::io::AsyncWriteExt as _;

use crate::markdown::Markdown;
use crate::style::{Style, terminal_size};
use crate::terminal;

/// Writes the text of answers.
pub(crate) struct TextWriter {
    /// A full pipe holds up a thread of its own, not Ctrl-C.
    out: tokio::io::Stdout,
    way: Way,
    /// Whether a line has been begun.
    in_line: bool,
}

enum Way {
    /// As it is.
    Pipe,
    /// Without what could do harm to a terminal.
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
            way,
            in_line: false,
        }
    }

    /// Writes a piece of the answer, now.
    pub(crate) async fn text(&mut self, text: &str) -> io::Result<()> {
        match &mut self.way {
            Way::Pipe => self.out.write_all(text.as_bytes()).await?,
            Way::Plain => {
                let text = terminal::without_controls(text);
                self.out.write_all(text.as_bytes()).await?;
            }
            Way::Rendered(markdown) => {
                let text = terminal::without_controls(text);
                let sent = markdown.push(&text, terminal_size());
                self.out.write_all(sent.as_bytes()).await?;
            }
        }
        if let Some(last) = text.chars().next_back() {
            self.in_line = last != '\n';
        }
        self.out.flush().await
    }

    /// The answer is over: a terminal gets the end of its line.
    pub(crate) async fn end(&mut self) -> io::Result<()> {
        let end = match &mut self.way {
            Way::Pipe => String::new(),
            Way::Plain if self.in_line => "\n".to_owned(),
            Way::Plain => String::new(),
            Way::Rendered(markdown) => markdown.end(),
        };
        self.in_line = false;
        self.out.write_all(end.as_bytes()).await?;
        self.out.flush().await
    }

    /// Whether a person reads along.
    pub(crate) fn is_terminal(&self) -> bool {
        !matches!(self.way, Way::Pipe)
    }

    /// Writes bytes as they are.
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes).await?;
        self.out.flush().await
    }
}
