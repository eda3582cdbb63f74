//! Standard output: the answer, as text or as JSON.

use std::io::{self, IsTerminal as _};

use chatwire::{Error, Finish, ReplyEvent, Usage};
use serde::Serialize;
use tokio::io::AsyncWriteExt as _;

use crate::args::AskArgs;
use crate::exit::{Failure, say};
use crate::terminal;

/// The shape of the answer on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// The text and nothing else.
    Text,
    /// One object at the end.
    Json,
    /// One object an event.
    JsonLines,
}

/// Writes one answer, and remembers what it wrote.
#[derive(Debug)]
pub(crate) struct Output {
    format: Format,
    stream: bool,
    terminal: bool,
    /// A full pipe holds up a thread of its own, not Ctrl-C.
    out: tokio::io::Stdout,
    /// The text that arrived so far.
    text: String,
    provider: String,
    model: String,
}

/// One line of `--jsonl`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Text {
        text: &'a str,
    },
    Progress {
        kind: &'a str,
        text: &'a str,
    },
    Finish {
        text: &'a str,
        reason: &'a str,
        usage: Option<UsageJson>,
        images: &'a [String],
    },
    Error(ErrorJson<'a>),
}

/// The one object of `--json`.
#[derive(Serialize)]
#[serde(untagged)]
enum Whole<'a> {
    Answer {
        provider: &'a str,
        model: &'a str,
        text: &'a str,
        reason: &'a str,
        usage: Option<UsageJson>,
        images: &'a [String],
    },
    Error {
        error: ErrorJson<'a>,
        /// What had arrived of the answer.
        #[serde(skip_serializing_if = "str::is_empty")]
        text: &'a str,
    },
}

#[derive(Serialize)]
struct UsageJson {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

#[derive(Serialize)]
struct ErrorJson<'a> {
    kind: &'a str,
    message: String,
    status: Option<u16>,
    retry_after: Option<f64>,
}

impl From<Usage> for UsageJson {
    fn from(usage: Usage) -> UsageJson {
        UsageJson {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.total_tokens,
        }
    }
}

impl From<&Error> for ErrorJson<'_> {
    fn from(error: &Error) -> Self {
        ErrorJson {
            kind: error.kind().as_str(),
            message: error.to_string(),
            status: error.status(),
            retry_after: error.retry_after().map(|wait| wait.as_secs_f64()),
        }
    }
}

impl ErrorJson<'_> {
    /// None for a failure after which nothing is to be written.
    fn of(failure: &Failure) -> Option<Self> {
        let (kind, message) = match failure {
            Failure::Provider(error, _) => return Some(ErrorJson::from(error)),
            Failure::Usage(message) => ("invalid_request", message.clone()),
            Failure::Other(message) => ("other", message.clone()),
            Failure::Cancelled => ("cancelled", "stopped by Ctrl-C".to_owned()),
            Failure::ClosedPipe => return None,
        };
        Some(ErrorJson {
            kind,
            message,
            status: None,
            retry_after: None,
        })
    }
}

impl Output {
    /// Writes as the arguments say.
    pub(crate) fn new(args: &AskArgs) -> Output {
        let format = match (args.json, args.jsonl) {
            (true, _) => Format::Json,
            (false, true) => Format::JsonLines,
            (false, false) => Format::Text,
        };
        Output {
            format,
            stream: !args.no_stream,
            terminal: io::stdout().is_terminal(),
            out: tokio::io::stdout(),
            text: String::new(),
            provider: String::new(),
            model: String::new(),
        }
    }

    /// Says who answers.
    pub(crate) fn answered_by(&mut self, provider: &str, model: &str) {
        provider.clone_into(&mut self.provider);
        model.clone_into(&mut self.model);
    }

    /// Takes the next event, and writes what there is to write.
    pub(crate) async fn event(&mut self, event: &ReplyEvent) -> Result<(), Failure> {
        match event {
            ReplyEvent::Text(piece) => {
                self.text.push_str(piece);
                if !self.stream {
                    return Ok(());
                }
                match self.format {
                    Format::Text => self.plain(piece).await?,
                    Format::JsonLines => self.json(&Line::Text { text: piece }).await?,
                    Format::Json => {}
                }
            }
            ReplyEvent::Progress { kind, text } => {
                if self.format == Format::JsonLines {
                    let kind = kind.as_str();
                    self.json(&Line::Progress { kind, text }).await?;
                } else {
                    say(text.trim());
                }
            }
            ReplyEvent::Finish(finish) => self.finish(finish).await?,
            _ => {}
        }
        Ok(())
    }

    async fn finish(&mut self, finish: &Finish) -> Result<(), Failure> {
        let streamed = std::mem::take(&mut self.text);
        let text = finish.text.as_deref().unwrap_or(&streamed);
        let reason = finish.reason.as_str();
        let usage = finish.usage.map(UsageJson::from);
        let images = finish.images.as_slice();
        match self.format {
            Format::Text => {
                if !self.stream {
                    self.plain(text).await?;
                } else if text.trim() != streamed.trim() {
                    say(
                        "the backend's final text is not the one that was streamed; \
                         --no-stream, --json and --jsonl have the final one",
                    );
                }
                let mut ends = text;
                if text.is_empty() {
                    // Then the images are the answer.
                    let list = images.join("\n");
                    self.plain(&list).await?;
                    self.plain("\n").await?;
                    ends = "\n";
                } else {
                    for image in images {
                        say(&format!("image: {image}"));
                    }
                }
                if self.terminal && !ends.ends_with('\n') {
                    self.plain("\n").await?;
                }
            }
            Format::JsonLines => {
                if !self.stream && !text.is_empty() {
                    self.json(&Line::Text { text }).await?;
                }
                let line = Line::Finish {
                    text,
                    reason,
                    usage,
                    images,
                };
                self.json(&line).await?;
            }
            Format::Json => {
                let whole = Whole::Answer {
                    provider: &self.provider.clone(),
                    model: &self.model.clone(),
                    text,
                    reason,
                    usage,
                    images,
                };
                self.json(&whole).await?;
            }
        }
        Ok(())
    }

    /// Writes what there is to write about a failure; the text so far stays.
    pub(crate) async fn fail(&mut self, failure: &Failure) -> Result<(), Failure> {
        let text = std::mem::take(&mut self.text);
        match (self.format, ErrorJson::of(failure)) {
            (_, None) => {}
            (Format::Text, Some(_)) => {
                if !self.stream {
                    self.plain(&text).await?;
                }
                if self.terminal && !text.is_empty() && !text.ends_with('\n') {
                    self.plain("\n").await?;
                }
            }
            (Format::JsonLines, Some(error)) => {
                if !self.stream && !text.is_empty() {
                    self.json(&Line::Text { text: &text }).await?;
                }
                self.json(&Line::Error(error)).await?;
            }
            (Format::Json, Some(error)) => {
                self.json(&Whole::Error { error, text: &text }).await?;
            }
        }
        Ok(())
    }

    async fn plain(&mut self, text: &str) -> Result<(), Failure> {
        if self.terminal {
            let text = terminal::without_controls(text);
            self.out.write_all(text.as_bytes()).await?;
        } else {
            self.out.write_all(text.as_bytes()).await?;
        }
        self.out.flush().await?;
        Ok(())
    }

    async fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(value)
            .map_err(|error| Failure::Other(format!("JSON cannot be written: {error}")))?;
        line.push(b'\n');
        self.out.write_all(&line).await?;
        self.out.flush().await?;
        Ok(())
    }
}
