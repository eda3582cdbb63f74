use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_core::provider_kit::decode::SseDecoder;
use chatwire_core::{Error, Finish, ProgressKind, ReplyEvent};
use serde_json::value::RawValue;

use super::attached::Attached;
use super::failure::{aborted, empty, server_failure, truncated, unended};
use super::limits::Limits;
use super::notes::{Tools, call_note, note, result_note, source_note, step_note};
use super::parts::{BETWEEN, Parts};
use super::reason::reason;
use super::stray::Stray;
use super::ui_event::{UiEvent, text_delta};
use super::utf16::Utf16;

/// Decodes a UI message stream: what servers on the AI SDK 5 to 7 answer.
///
/// The answer is whole when a `finish` event came, or `[DONE]` after text whose
/// parts are all closed; never because the body ended. Text parts are joined
/// with a blank line. Where the server takes a step back (`reset-step`) or its
/// parts interleave, the end of the reply has the text that counts.
///
/// ```
/// use chatwire_ai_sdk::{Limits, UiMessageStream};
/// use chatwire_core::ReplyEvent;
/// use chatwire_core::provider_kit::ReplyDecoder as _;
///
/// let mut decoder = UiMessageStream::new(Limits::new());
/// decoder.feed("data: {\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"Hi\"}\n\n".into());
/// assert_eq!(decoder.next_event()?, Some(ReplyEvent::Text("Hi".into())));
/// # Ok::<(), chatwire_core::Error>(())
/// ```
pub struct UiMessageStream {
    events: SseDecoder,
    state: State,
    ended: bool,
}

/// What has come of the answer.
struct State {
    parts: Parts,
    attached: Attached,
    thoughts: Thoughts,
    tools: Tools,
    queue: VecDeque<ReplyEvent>,
    steps: u32,
    /// What stands in the body before its first event: a page, perhaps.
    stray: Stray,
    /// Events that cannot be read.
    unreadable: usize,
    sample: String,
    /// Why the answer ended, once `finish` came.
    finish: Option<String>,
    /// `finish` said why.
    gives_reason: bool,
    /// Something came that only version 7 sends.
    is_seven: bool,
    /// `[DONE]` came.
    done: bool,
    finished: bool,
}

/// The model's reasoning, whose parts are joined as those of the text are.
#[derive(Default)]
struct Thoughts {
    id: Option<String>,
    half: Utf16,
    any: bool,
}

impl UiMessageStream {
    /// A decoder with these limits.
    pub fn new(limits: Limits) -> UiMessageStream {
        UiMessageStream {
            events: SseDecoder::new(limits.event()),
            state: State {
                parts: Parts::new(limits.delta()),
                attached: Attached::new(limits),
                thoughts: Thoughts::default(),
                tools: Tools::default(),
                queue: VecDeque::new(),
                steps: 0,
                stray: Stray::default(),
                unreadable: 0,
                sample: String::new(),
                finish: None,
                gives_reason: false,
                is_seven: false,
                done: false,
                finished: false,
            },
            ended: false,
        }
    }

    /// The versions that the answer looks like.
    pub(crate) fn versions(&self) -> &'static str {
        match (self.state.is_seven, self.state.gives_reason) {
            (true, _) => "AI SDK 7",
            (false, true) => "AI SDK 5.0.92 or later, 6 or 7",
            (false, false) => "AI SDK 5.0.0 to 5.0.91, or parts written by hand",
        }
    }
}

impl ReplyDecoder for UiMessageStream {
    fn feed(&mut self, chunk: Bytes) {
        self.state.stray.keep(&chunk);
        self.events.feed(&chunk);
    }

    fn end(&mut self) {
        self.ended = true;
    }

    fn is_complete(&self) -> bool {
        self.state.finish.is_some()
    }

    fn next_event(&mut self) -> Result<Option<ReplyEvent>, Error> {
        loop {
            if let Some(event) = self.state.queue.pop_front() {
                return Ok(Some(event));
            }
            if self.state.finished {
                return Ok(None);
            }
            match self.events.next_event()? {
                Some(event) => {
                    if let Some(event) = self.state.take(event.data)? {
                        return Ok(Some(event));
                    }
                }
                None if self.ended => self.state.judge()?,
                None => return Ok(None),
            }
        }
    }
}

impl State {
    /// Takes the data of an event. What it gives comes before the queue.
    fn take(&mut self, data: &str) -> Result<Option<ReplyEvent>, Error> {
        if let Some((id, delta)) = text_delta(data)
            && let Some(text) = self.parts.delta(id, delta)?
        {
            self.stray.forget();
            return Ok(Some(ReplyEvent::Text(text)));
        }
        if data == "[DONE]" {
            self.stray.forget();
            self.done = true;
            return self.finish_if_whole().map(|()| None);
        }
        let Some((event, kind)) = UiEvent::read(data).and_then(|event| {
            let kind = event.kind()?;
            Some((event, kind))
        }) else {
            self.unreadable += 1;
            if self.sample.is_empty() {
                self.sample = data.chars().take(200).collect();
            }
            return Ok(None);
        };
        self.stray.forget();
        self.event(&kind, &event)
    }

    fn event(&mut self, kind: &str, event: &UiEvent<'_>) -> Result<Option<ReplyEvent>, Error> {
        let id = || event.id().unwrap_or_default();
        let text = |text: Option<String>| Ok(text.map(ReplyEvent::Text));
        match kind {
            "text-start" => return text(self.parts.start(&id())),
            "text-delta" => {
                let Some(delta) = event.delta else {
                    return Ok(None);
                };
                return text(self.parts.delta(&id(), delta.get())?);
            }
            "text-end" => return text(self.parts.end(&id())),
            "reasoning-delta" => return Ok(self.thought(id(), event.delta)),
            "start" | "message-metadata" => self.metadata(event)?,
            "start-step" => {
                self.end_step();
                self.steps += 1;
                if self.steps > 1 {
                    self.queue.push_back(step_note(self.steps));
                }
            }
            "finish-step" => self.end_step(),
            "reset-step" => {
                self.is_seven = true;
                self.attached.reset_step();
                let words = "the server takes back what it said in this step";
                let visible = self.parts.reset_step();
                return Ok(visible.then(|| note(ProgressKind::Step, words)));
            }
            "finish" => {
                self.metadata(event)?;
                if self.finish.is_none() {
                    let reason = event.finish_reason();
                    self.gives_reason = reason.is_some();
                    self.finish = Some(reason.unwrap_or_else(|| "stop".to_owned()));
                }
                if self.done {
                    self.finish_if_whole()?;
                }
            }
            // What comes after the end of the answer does not make it worse.
            "error" if self.finish.is_none() => {
                return Err(server_failure(&event.error_text().unwrap_or_default()));
            }
            "abort" if self.finish.is_none() => {
                return Err(aborted(&event.reason().unwrap_or_default()));
            }
            "source-url" => {
                let (title, url) = (event.title(), event.url().unwrap_or_default());
                return Ok(Some(source_note(&title.unwrap_or_default(), &url)));
            }
            "source-document" => {
                let (title, name) = (event.title(), event.filename().unwrap_or_default());
                return Ok(Some(source_note(&title.unwrap_or_default(), &name)));
            }
            "file" => self.file(event)?,
            "steering-message" | "custom" | "reasoning-file" => self.is_seven = true,
            _ if kind.starts_with("tool-") => return Ok(self.tool(kind, event)),
            _ if kind.starts_with("data-") => {
                if let Some(data) = event.data {
                    self.attached.extra(kind, event.id(), data.get())?;
                }
            }
            _ => {}
        }
        Ok(None)
    }

    fn thought(&mut self, id: String, delta: Option<&RawValue>) -> Option<ReplyEvent> {
        let thoughts = &mut self.thoughts;
        let mut text = String::new();
        if thoughts.id.as_ref() != Some(&id) {
            thoughts.half.finish(&mut text);
            if thoughts.any {
                text.push_str(BETWEEN);
            }
            thoughts.id = Some(id);
        }
        thoughts.half.read(delta?.get(), &mut text)?;
        thoughts.any |= !text.is_empty();
        (!text.is_empty()).then(|| note(ProgressKind::Thinking, text))
    }

    fn tool(&mut self, kind: &str, event: &UiEvent<'_>) -> Option<ReplyEvent> {
        let call = event.tool_call_id().unwrap_or_default();
        match kind {
            "tool-input-available" | "tool-input-error" => {
                let tool = event.tool_name().unwrap_or_default();
                self.tools.called(&call, &tool);
                Some(call_note(&tool, event.input()))
            }
            "tool-output-available" => {
                let tool = self.tools.answered(&call);
                Some(result_note(tool.as_deref(), event.output()))
            }
            "tool-output-error" | "tool-output-denied" => {
                let tool = self.tools.answered(&call);
                let words = event
                    .error_text()
                    .unwrap_or_else(|| "was denied".to_owned());
                Some(result_note(tool.as_deref(), &words))
            }
            "tool-approval-request" => {
                let tool = self.tools.tool(&call).unwrap_or("tool");
                Some(call_note(tool, "waits for an approval"))
            }
            _ => None,
        }
    }

    fn file(&mut self, event: &UiEvent<'_>) -> Result<(), Error> {
        let Some(url) = event.url() else {
            return Ok(());
        };
        let media_type = event.media_type().unwrap_or_default();
        self.attached.file(&media_type, url)
    }

    fn metadata(&mut self, event: &UiEvent<'_>) -> Result<(), Error> {
        match event.message_metadata {
            Some(metadata) => self.attached.metadata(metadata.get()),
            None => Ok(()),
        }
    }

    fn end_step(&mut self) {
        if let Some(rest) = self.parts.end_step() {
            self.queue.push_back(ReplyEvent::Text(rest));
        }
        self.attached.end_step();
    }

    /// Ends the reply if the answer is whole by what has come so far.
    fn finish_if_whole(&mut self) -> Result<(), Error> {
        let reason_word = match &self.finish {
            Some(reason) => reason.clone(),
            None if self.done && self.parts.all_closed() && !self.parts.is_empty() => {
                "stop".to_owned()
            }
            None => return Ok(()),
        };
        if self.parts.is_empty() && self.attached.is_empty() {
            return Err(empty(&reason_word, self.tools.waiting()));
        }
        self.end_step();
        let correction = self.parts.correction()?;
        let (images, extras, usage) = self.attached.take();
        let mut finish = Finish::new(reason(&reason_word))
            .with_usage(usage)
            .with_images(images);
        finish.extras = extras;
        finish.text = correction;
        self.queue.push_back(ReplyEvent::Finish(finish));
        self.finished = true;
        Ok(())
    }

    /// The body has ended as HTTP says it should.
    fn judge(&mut self) -> Result<(), Error> {
        self.finish_if_whole()?;
        if self.finished {
            return Ok(());
        }
        if let Some(error) = self.stray.error() {
            return Err(error);
        }
        if !self.done {
            return Err(unended("an end mark", self.unreadable, &self.sample));
        }
        if self.parts.is_empty() {
            return Err(empty("", self.tools.waiting()));
        }
        Err(truncated("a part of its text was left open"))
    }
}

/// Without the text of the answer.
impl fmt::Debug for UiMessageStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UiMessageStream")
            .field("done", &self.state.done)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
