use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_core::provider_kit::decode::Lines;
use chatwire_core::{Error, Finish, FinishReason, ProgressKind, ReplyEvent, Usage};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::attached::Attached;
use super::failure::{check, empty, masked, server_failure, unended};
use super::limits::Limits;
use super::notes::{Tools, call_note, note, result_note, source_note, step_note};
use super::reason::reason;
use super::stray::Stray;
use super::usage::usage_of;
use super::utf16::{self, Utf16};

/// Decodes a data stream: what servers on the AI SDK 3 and 4 answer.
///
/// The answer is whole when its end (`d`) came, or the end of its last step
/// (`e`). A server that marks neither (3.0, 3.1, parts written by hand) ends it
/// with the body. The texts of all steps follow one another, as the official
/// client joins them.
///
/// ```
/// use chatwire_ai_sdk::{DataStream, Limits};
/// use chatwire_core::ReplyEvent;
/// use chatwire_core::provider_kit::ReplyDecoder as _;
///
/// let mut decoder = DataStream::new(Limits::new());
/// decoder.feed("0:\"Hi\"\n".into());
/// assert_eq!(decoder.next_event()?, Some(ReplyEvent::Text("Hi".into())));
/// # Ok::<(), chatwire_core::Error>(())
/// ```
pub struct DataStream {
    lines: Lines,
    state: State,
    ended: bool,
}

/// What has come of the answer.
struct State {
    limits: Limits,
    /// The header said that this is a data stream.
    marked: bool,
    half: Utf16,
    any_text: bool,
    thought: Utf16,
    attached: Attached,
    tools: Tools,
    queue: VecDeque<ReplyEvent>,
    steps: Steps,
    stray: Stray,
    unreadable: usize,
    sample: String,
    finish: Option<End>,
    /// A step ended with `e`.
    ends_steps: bool,
    finished: bool,
}

/// The steps of the answer.
#[derive(Default)]
struct Steps {
    begun: u32,
    is_open: bool,
    /// Their starts are marked (`f`).
    marks_start: bool,
    /// The end of the last one that has ended.
    last_end: Option<End>,
    usage: Usage,
}

/// The end of a step or of the answer.
#[derive(Clone)]
struct End {
    reason: String,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members<'a> {
    #[serde(borrow, default)]
    tool_call_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    url: Option<&'a RawValue>,
    #[serde(borrow, default)]
    title: Option<&'a RawValue>,
    #[serde(borrow, default)]
    mime_type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

impl DataStream {
    /// A decoder with these limits.
    pub fn new(limits: Limits) -> DataStream {
        DataStream {
            lines: Lines::new(limits.event()),
            state: State {
                limits,
                marked: false,
                half: Utf16::default(),
                any_text: false,
                thought: Utf16::default(),
                attached: Attached::new(limits),
                tools: Tools::default(),
                queue: VecDeque::new(),
                steps: Steps::default(),
                stray: Stray::default(),
                unreadable: 0,
                sample: String::new(),
                finish: None,
                ends_steps: false,
                finished: false,
            },
            ended: false,
        }
    }

    /// Says whether a header marked the body as a data stream: then the body of
    /// a server that ends its steps must end with a step.
    #[must_use]
    pub fn with_mark(mut self, marked: bool) -> DataStream {
        self.state.marked = marked;
        self
    }

    /// The versions that the answer looks like.
    pub(crate) fn versions(&self) -> &'static str {
        let state = &self.state;
        match (state.marked, state.steps.marks_start, state.ends_steps) {
            (_, true, _) => "AI SDK 4.1 to 4.3",
            (_, false, true) => "AI SDK 3.3 to 4.0",
            (true, false, false) => "AI SDK 3.2, or parts written by hand",
            (false, false, false) => "AI SDK 3.0 or 3.1, or parts written by hand",
        }
    }
}

impl ReplyDecoder for DataStream {
    fn feed(&mut self, chunk: Bytes) {
        self.state.stray.keep(&chunk);
        self.lines.feed(&chunk);
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
            match self.lines.next_line()? {
                Some(line) => self.state.line(line)?,
                None if self.ended => {
                    // The last line may lack its end.
                    let rest = self.lines.rest().to_owned();
                    self.lines = Lines::new(None);
                    self.state.line(&rest)?;
                    self.state.judge()?;
                }
                None => return Ok(None),
            }
        }
    }
}

impl State {
    fn line(&mut self, line: &str) -> Result<(), Error> {
        if line.is_empty() {
            return Ok(());
        }
        let part = line.split_once(':').filter(|(code, _)| code.len() == 1);
        let read = match part {
            Some((code, json)) => self.part(code, json.trim())?,
            None => None,
        };
        match read {
            Some(()) => self.stray.forget(),
            None => {
                self.unreadable += 1;
                if self.sample.is_empty() {
                    self.sample = line.chars().take(200).collect();
                }
            }
        }
        Ok(())
    }

    /// One part. Gives nothing if it is not JSON; a part of another type than
    /// its code demands is passed over.
    fn part(&mut self, code: &str, json: &str) -> Result<Option<()>, Error> {
        match code {
            "0" => {
                let mut text = String::new();
                if self.half.read(json, &mut text).is_some() {
                    check("a delta of the answer", text.len(), self.limits.delta())?;
                    self.open_step();
                    self.text(text);
                    return Ok(Some(()));
                }
            }
            "g" => {
                let mut text = String::new();
                if self.thought.read(json, &mut text).is_some() {
                    self.open_step();
                    if !text.is_empty() {
                        self.queue.push_back(note(ProgressKind::Thinking, text));
                    }
                    return Ok(Some(()));
                }
            }
            // What comes after the end of the answer does not make it worse.
            "3" if self.finish.is_none() => {
                if let Some(words) = utf16::text(json) {
                    return Err(server_failure(&words));
                }
            }
            "2" => self.attached.list("data", json_of(json))?,
            "8" => self.attached.list("annotations", json_of(json))?,
            "9" | "a" | "d" | "e" | "f" | "h" | "k" => {
                if let Ok(members) = serde_json::from_str(json) {
                    return self.object(code, &members).map(Some);
                }
            }
            _ => {}
        }
        Ok(serde_json::from_str::<&RawValue>(json).ok().map(|_| ()))
    }

    fn object(&mut self, code: &str, members: &Members<'_>) -> Result<(), Error> {
        let text = |member: Option<&RawValue>| {
            member
                .and_then(|json| utf16::text(json.get()))
                .unwrap_or_default()
        };
        let json = |member: Option<&'_ RawValue>| {
            member.map(|json| json.get().to_owned()).unwrap_or_default()
        };
        match code {
            "f" => {
                self.steps.is_open = false;
                self.open_step();
                self.steps.marks_start = true;
            }
            "9" => {
                self.open_step();
                let tool = text(members.tool_name);
                self.tools.called(&text(members.tool_call_id), &tool);
                self.queue.push_back(call_note(&tool, &json(members.args)));
            }
            "a" => {
                let tool = self.tools.answered(&text(members.tool_call_id));
                let note = result_note(tool.as_deref(), &json(members.result));
                self.queue.push_back(note);
            }
            "h" => {
                let note = source_note(&text(members.title), &text(members.url));
                self.queue.push_back(note);
            }
            "k" => {
                let media_type = text(members.mime_type);
                let url = format!("data:{media_type};base64,{}", text(members.data));
                self.attached.file(&media_type, url)?;
            }
            "e" => {
                let end = end_of(members, text(members.finish_reason));
                self.steps.is_open = false;
                self.ends_steps = true;
                self.steps.usage = sum(self.steps.usage, end.usage);
                self.steps.last_end = Some(end);
            }
            _ if self.finish.is_none() => {
                self.finish = Some(end_of(members, text(members.finish_reason)));
            }
            _ => {}
        }
        Ok(())
    }

    /// Something of a step has come: the first, if the last one has ended.
    fn open_step(&mut self) {
        if !self.steps.is_open {
            self.steps.is_open = true;
            self.steps.begun += 1;
            if self.steps.begun > 1 {
                self.queue.push_back(step_note(self.steps.begun));
            }
        }
    }

    fn text(&mut self, text: String) {
        if !text.is_empty() {
            self.any_text = true;
            self.queue.push_back(ReplyEvent::Text(text));
        }
    }

    /// The body has ended as HTTP says it should.
    fn judge(&mut self) -> Result<(), Error> {
        let mut rest = String::new();
        self.half.finish(&mut rest);
        self.text(rest);
        let end = match self.finish.take() {
            Some(end) => Some(end),
            None => self.end_without_mark()?,
        };
        let word = end.as_ref().map(|end| end.reason.as_str());
        if word == Some("error") {
            return Err(masked());
        }
        if !self.any_text && self.attached.is_empty() {
            return Err(empty(word.unwrap_or_default(), self.tools.waiting()));
        }
        let reason = match word {
            Some("") => FinishReason::Stop,
            Some(word) => reason(word),
            None => FinishReason::Eof,
        };
        let (images, extras, metadata) = self.attached.take();
        let usage = end.and_then(|end| end.usage).or(metadata);
        let mut finish = Finish::new(reason).with_usage(usage).with_images(images);
        finish.extras = extras;
        self.queue.push_back(ReplyEvent::Finish(finish));
        self.finished = true;
        Ok(())
    }

    /// The end of an answer without `d`: that of its last step, if it must have
    /// one; none where a clean end of the body has to do.
    fn end_without_mark(&mut self) -> Result<Option<End>, Error> {
        if let Some(error) = self.stray.error() {
            return Err(error);
        }
        let must_end = self.steps.marks_start || (self.marked && self.ends_steps);
        if self.unreadable > 0 || (self.steps.is_open && must_end) {
            return Err(unended("an end mark", self.unreadable, &self.sample));
        }
        let usage = self.steps.usage;
        let end = self.steps.last_end.take().filter(|_| !self.steps.is_open);
        Ok(end.map(|end| End {
            usage: (usage != Usage::new()).then_some(usage),
            ..end
        }))
    }
}

/// A list, if it is JSON at all.
fn json_of(json: &str) -> &str {
    match serde_json::from_str::<&RawValue>(json) {
        Ok(list) => list.get(),
        Err(_) => "",
    }
}

fn end_of(members: &Members<'_>, reason: String) -> End {
    let usage = members.usage.map(RawValue::get).unwrap_or_default();
    let usage: Option<Value> = serde_json::from_str(usage).ok();
    End {
        reason,
        usage: usage.as_ref().and_then(usage_of),
    }
}

/// The tokens of two steps together, where both are known or one has none.
fn sum(total: Usage, step: Option<Usage>) -> Usage {
    let Some(step) = step else {
        return total;
    };
    let add = |a: Option<u64>, b: Option<u64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (a, b) => a.or(b),
    };
    Usage::new()
        .with_prompt_tokens(add(total.prompt_tokens, step.prompt_tokens))
        .with_completion_tokens(add(total.completion_tokens, step.completion_tokens))
        .with_total_tokens(add(total.total_tokens, step.total_tokens))
}

/// Without the text of the answer.
impl fmt::Debug for DataStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataStream")
            .field("marked", &self.state.marked)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
