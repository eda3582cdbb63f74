use bytes::Bytes;
use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_core::provider_kit::decode::Lines;
use chatwire_core::provider_kit::refusal::{from_words, message_in_json};
use chatwire_core::{Error, ErrorKind, Finish, FinishReason, ProgressKind, ReplyEvent, Usage};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// The mark of the end.
const DONE: &str = "[DONE]";

/// Decodes a stream of chat completion chunks, as the OpenAI API sends them and
/// some servers pass them on. Every complete line `data: …` is one chunk.
#[derive(Debug)]
pub(crate) struct OpenAiStream {
    lines: Lines,
    reason: Option<FinishReason>,
    usage: Option<Usage>,
    /// The text of a chunk that also had a part of the reasoning.
    queued: Option<ReplyEvent>,
    ended: bool,
    finished: bool,
}

/// A chunk, or an error in its place. Members of another type than usual count
/// as not there: servers extend this API in many ways.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    choices: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

/// The value, if it is of that type.
fn read<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

/// Whether the data of an event is that of a chunk, an error or the end: what no
/// answer in plain text begins with.
pub(crate) fn is_chunk(data: &str) -> bool {
    #[derive(Deserialize)]
    struct Probe {
        choices: Option<Vec<IgnoredAny>>,
        error: Option<IgnoredAny>,
    }
    let data = data.trim();
    data == DONE
        || serde_json::from_str(data)
            .is_ok_and(|probe: Probe| probe.choices.is_some() || probe.error.is_some())
}

/// The data of a line `data: …`.
pub(crate) fn data_of(line: &str) -> Option<&str> {
    let data = line.strip_prefix("data:")?;
    Some(data.strip_prefix(' ').unwrap_or(data))
}

impl OpenAiStream {
    /// A decoder for chunks of at most `limit` bytes.
    pub(crate) fn new(limit: Option<usize>) -> OpenAiStream {
        OpenAiStream {
            lines: Lines::new(limit),
            reason: None,
            usage: None,
            queued: None,
            ended: false,
            finished: false,
        }
    }

    fn finish(&mut self) -> ReplyEvent {
        self.finished = true;
        let reason = self.reason.take().unwrap_or(FinishReason::Stop);
        ReplyEvent::Finish(Finish::new(reason).with_usage(self.usage.take()))
    }

    /// Reads a line, and returns its first event.
    fn read_line(&mut self, line: &str) -> Result<Option<ReplyEvent>, Error> {
        let Some(data) = data_of(line) else {
            return Ok(None);
        };
        if data.trim() == DONE {
            return Ok(Some(self.finish()));
        }
        let chunk: Chunk<'_> = serde_json::from_str(data).map_err(|error| {
            let why = format!("a chunk of the answer cannot be read: {error}");
            Error::new(ErrorKind::Protocol, why).with_excerpt(data)
        })?;
        if chunk.error.is_some() {
            return Err(from_words(&message_in_json(data).unwrap_or_default()));
        }
        if let Some(tokens) = read::<Tokens>(chunk.usage) {
            let usage = Usage::new()
                .with_prompt_tokens(tokens.prompt_tokens)
                .with_completion_tokens(tokens.completion_tokens)
                .with_total_tokens(tokens.total_tokens);
            self.usage = Some(usage);
        }
        let choices: Vec<Choice<'_>> = read(chunk.choices).unwrap_or_default();
        let Some(choice) = choices.into_iter().next() else {
            return Ok(None);
        };
        if let Some(reason) = read::<String>(choice.finish_reason) {
            self.reason = Some(FinishReason::from(reason.as_str()));
        }
        let delta: Delta<'_> = read(choice.delta).unwrap_or_default();
        let some_text = |raw| read::<String>(raw).filter(|text| !text.is_empty());
        let text = some_text(delta.content).map(ReplyEvent::Text);
        let thoughts = some_text(delta.reasoning_content).or_else(|| some_text(delta.reasoning));
        match thoughts {
            Some(thoughts) => {
                self.queued = text;
                Ok(Some(ReplyEvent::Progress {
                    kind: ProgressKind::Thinking,
                    text: thoughts,
                }))
            }
            None => Ok(text),
        }
    }
}

impl ReplyDecoder for OpenAiStream {
    fn feed(&mut self, chunk: Bytes) {
        self.lines.feed(&chunk);
    }

    fn end(&mut self) {
        self.ended = true;
    }

    fn next_event(&mut self) -> Result<Option<ReplyEvent>, Error> {
        if let Some(event) = self.queued.take() {
            return Ok(Some(event));
        }
        while !self.finished
            && let Some(line) = self.lines.next_line()?
        {
            // Every other line is blank.
            if line.is_empty() {
                continue;
            }
            let line = line.to_owned();
            if let Some(event) = self.read_line(&line)? {
                return Ok(Some(event));
            }
        }
        if !self.ended || self.finished {
            return Ok(None);
        }
        // The last line may lack its end.
        let rest = self.lines.rest().to_owned();
        self.lines = Lines::new(0);
        if let Some(event) = self.read_line(&rest)? {
            return Ok(Some(event));
        }
        if self.reason.is_some() {
            return Ok(Some(self.finish()));
        }
        Err(Error::new(
            ErrorKind::Truncated,
            "the answer was cut off: its stream ended without an end mark",
        ))
    }

    /// The last chunk with text says why it is the last; the tokens may follow.
    fn is_complete(&self) -> bool {
        self.reason.is_some()
    }
}
