//! Standard output: the answer, as text or as JSON.

use std::pin::pin;

use chatwire::{Finish, FinishReason, ProgressKind, ReplyEvent};
use serde::Serialize;

use super::json::{ErrorJson, Extras, Line, UsageJson, Whole};
use crate::args::OutputArgs;
use crate::failure::Failure;
use crate::runtime;
use crate::terminal::{Reasoning, Spinner, Style, TextWriter, first_code_block, say};

/// The shape of the answer on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// The text and nothing else.
    Text,
    /// The first code block of it.
    Code,
    /// One object at the end.
    Json,
    /// One object per event.
    JsonLines,
}

/// Writes one answer, and remembers what it wrote.
pub(crate) struct Output {
    format: Format,
    /// Text is written when it arrives.
    stream: bool,
    out: TextWriter,
    spinner: Spinner,
    /// The text that arrived so far.
    text: String,
    /// Where the model's reasoning goes, if it is wanted.
    reasoning: Option<Reasoning>,
    /// The reasoning that arrived so far, for JSON.
    thoughts: String,
    provider: String,
    model: String,
    /// Why the answer may be incomplete.
    doubt: Option<String>,
}

impl Output {
    /// Writes as the arguments say.
    pub(crate) fn new(args: &OutputArgs, style: &Style) -> Output {
        let format = if args.json {
            Format::Json
        } else if args.jsonl {
            Format::JsonLines
        } else if args.extract {
            Format::Code
        } else {
            Format::Text
        };
        Output {
            format,
            stream: !args.no_stream && matches!(format, Format::Text | Format::JsonLines),
            out: TextWriter::new(style),
            spinner: Spinner::new(style),
            text: String::new(),
            reasoning: args.reasoning.then(Reasoning::default),
            thoughts: String::new(),
            provider: String::new(),
            model: String::new(),
            doubt: None,
        }
    }

    /// Sets the provider and model that answer.
    pub(crate) fn answered_by(&mut self, provider: &str, model: &str) {
        provider.clone_into(&mut self.provider);
        model.clone_into(&mut self.model);
    }

    /// Waits for the task, with a sign of life until text has been written.
    /// What was taken before is written first, unless the task is done already:
    /// pieces that come together are written together.
    pub(crate) async fn during<T>(&mut self, task: impl Future<Output = T>) -> Result<T, Failure> {
        let mut task = pin!(task);
        if let Some(done) = runtime::at_once(&mut task).await {
            return Ok(done);
        }
        self.out.flush().await?;
        Ok(self.spinner.during(task).await)
    }

    /// Takes the next event, and writes what there is to write.
    pub(crate) async fn event(&mut self, event: &ReplyEvent) -> Result<(), Failure> {
        match event {
            ReplyEvent::Text(piece) => {
                self.text.push_str(piece);
                if !self.stream {
                    return Ok(());
                }
                self.spinner.stop();
                self.end_reasoning();
                if self.format == Format::JsonLines {
                    self.json(&Line::Text { text: piece }).await?;
                } else {
                    self.out.text(piece).await?;
                }
            }
            ReplyEvent::Progress { kind, text } => {
                let in_answer = self.stream && self.out.is_terminal() && !self.text.is_empty();
                if self.format == Format::JsonLines {
                    let kind = kind.as_str();
                    self.json(&Line::Progress { kind, text }).await?;
                } else if *kind == ProgressKind::Doubt {
                    self.doubt = Some(text.clone());
                } else if *kind == ProgressKind::Thinking {
                    self.think(text, in_answer).await?;
                } else if !in_answer {
                    self.spinner.note(text);
                }
            }
            ReplyEvent::Finish(finish) => self.finish(finish).await?,
            _ => {}
        }
        Ok(())
    }

    /// Writes a piece of the model's reasoning, if it is wanted.
    async fn think(&mut self, piece: &str, in_answer: bool) -> Result<(), Failure> {
        match &mut self.reasoning {
            Some(_) if self.format == Format::Json => self.thoughts.push_str(piece),
            Some(reasoning) => {
                self.spinner.stop();
                if in_answer {
                    self.out.flush().await?;
                }
                reasoning.write(piece);
            }
            None => self.spinner.label("thinking"),
        }
        Ok(())
    }

    fn end_reasoning(&mut self) {
        if let Some(reasoning) = &mut self.reasoning {
            reasoning.end();
        }
    }

    async fn finish(&mut self, finish: &Finish) -> Result<(), Failure> {
        self.spinner.stop();
        self.end_reasoning();
        let streamed = std::mem::take(&mut self.text);
        let text = finish.text.as_deref().unwrap_or(&streamed);
        let reason = finish.reason.as_str();
        let usage = finish.usage.map(UsageJson::from);
        let images = finish.images.as_slice();
        match self.format {
            Format::Text => {
                if text.is_empty() {
                    // An answer without text consists of its images.
                    self.out.text(&images.join("\n")).await?;
                    self.out.text("\n").await?;
                } else if !self.stream {
                    self.out.text(text).await?;
                }
                self.out.end().await?;
                if self.stream && text.trim() != streamed.trim() {
                    say(
                        "the backend's final text is not the one that was streamed; \
                         --no-stream, --json and --jsonl have the final one",
                    );
                }
                if !text.is_empty() {
                    for image in images {
                        say(&format!("image: {image}"));
                    }
                }
                if let Some(flag) = flag(&finish.reason) {
                    say(flag);
                }
            }
            Format::Code => match first_code_block(text) {
                Some(code) => self.out.exact(&code).await?,
                None => {
                    say("the answer has no code block: it is printed whole");
                    self.out.text(text).await?;
                    self.out.end().await?;
                }
            },
            Format::JsonLines => {
                if !self.stream && !text.is_empty() {
                    self.json(&Line::Text { text }).await?;
                }
                let line = Line::Finish {
                    text,
                    reason,
                    usage,
                    images,
                    extras: Extras(&finish.extras),
                };
                self.json(&line).await?;
            }
            Format::Json => {
                let whole = Whole::Answer {
                    provider: &self.provider.clone(),
                    model: &self.model.clone(),
                    text,
                    reason,
                    reasoning: &std::mem::take(&mut self.thoughts),
                    usage,
                    images,
                    extras: Extras(&finish.extras),
                };
                self.json(&whole).await?;
            }
        }
        self.out.flush().await?;
        if let Some(doubt) = self.doubt.take() {
            say(&doubt);
        }
        Ok(())
    }

    /// Writes what there is to write about a failure; the text so far stays.
    pub(crate) async fn fail(&mut self, failure: &Failure) -> Result<(), Failure> {
        self.spinner.stop();
        self.end_reasoning();
        let text = std::mem::take(&mut self.text);
        match (self.format, ErrorJson::of(failure)) {
            (_, None) | (Format::Code, _) => {}
            (Format::Text, Some(_)) => {
                if !self.stream {
                    self.out.text(&text).await?;
                }
                self.out.end().await?;
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
        self.out.flush().await?;
        Ok(())
    }

    /// Writes what would be sent.
    pub(crate) async fn dry_run(&mut self, requests: &str) -> Result<(), Failure> {
        self.out.exact(requests).await?;
        self.out.flush().await?;
        Ok(())
    }

    async fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let mut line = serde_json::to_string(value)
            .map_err(|error| Failure::Other(format!("JSON cannot be written: {error}")))?;
        line.push('\n');
        self.out.json(&line).await?;
        Ok(())
    }
}

/// What to say about an answer that is complete, but perhaps not all there is.
fn flag(reason: &FinishReason) -> Option<&'static str> {
    match reason {
        FinishReason::Length => Some("the answer ends at the model's limit of tokens"),
        FinishReason::ContentFilter => Some("the answer ends where a content filter stopped it"),
        FinishReason::ToolCalls => Some("the answer ends where the model waits for a tool"),
        FinishReason::Other(reason) if reason == "error" => {
            Some("the server says that the model failed at the end of the answer")
        }
        _ => None,
    }
}
