use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_core::provider_kit::decode::Lines;
use chatwire_core::provider_kit::refusal::{self, is_html_page, json_in, page_error};
use chatwire_core::{
    Error, ErrorKind, Extra, Finish, FinishReason, Limit, ProgressKind, ReplyEvent,
};

use crate::failure;
use crate::payload::{Answer, Data, Event};

/// Decodes the body of an answer of the AI Engine plugin: an event stream, or
/// one JSON object, whatever the headers say, with PHP warnings anywhere.
///
/// Like the plugin's own client it takes every complete line `data: …` for one
/// event and does not wait for the blank line after it.
///
/// ```
/// use chatwire_chatgpt4online::AiEngineDecoder;
/// use chatwire_core::ReplyEvent;
/// use chatwire_core::provider_kit::ReplyDecoder;
///
/// let mut decoder = AiEngineDecoder::new(1024 * 1024);
/// decoder.feed("data: {\"type\":\"live\",\"data\":\"Hello\"}\n".into());
/// assert_eq!(decoder.next_event()?, Some(ReplyEvent::Text("Hello".into())));
/// # Ok::<(), chatwire_core::Error>(())
/// ```
pub struct AiEngineDecoder {
    lines: Lines,
    limit: Option<usize>,
    /// What is not an event: a whole answer in JSON, a page, warnings of PHP.
    stray: String,
    seen_event: bool,
    /// Text of the answer has come.
    has_text: bool,
    /// The backend has reported an error without words; one with words may
    /// follow.
    wordless_error: bool,
    ended: bool,
    finished: bool,
    /// The end of the answer, behind a note about it.
    finish: Option<Finish>,
    on_token: Option<TokenSink>,
}

/// Where fresh nonces go that come with an answer.
pub(crate) type TokenSink = Arc<dyn Fn(&str) + Send + Sync>;

/// How much of what is not an event is kept once there were events: enough to
/// show.
const STRAY_BETWEEN: usize = 4096;

impl AiEngineDecoder {
    /// A decoder for events of at most `limit` bytes.
    pub fn new(limit: impl Into<Option<usize>>) -> AiEngineDecoder {
        let limit = limit.into();
        AiEngineDecoder {
            lines: Lines::new(limit),
            limit,
            stray: String::new(),
            seen_event: false,
            has_text: false,
            wordless_error: false,
            ended: false,
            finished: false,
            finish: None,
            on_token: None,
        }
    }

    /// Tells this function each fresh nonce that an answer carries.
    pub(crate) fn on_token(mut self, sink: TokenSink) -> AiEngineDecoder {
        self.on_token = Some(sink);
        self
    }

    /// The event of a line, if it is one.
    fn decode_line(&mut self, line: Line) -> Result<Option<ReplyEvent>, Error> {
        match line {
            Line::Text(text) => {
                self.has_text = self.has_text || !text.trim().is_empty();
                Ok(Some(ReplyEvent::Text(text)))
            }
            Line::Progress(kind, text) => Ok(Some(ReplyEvent::Progress { kind, text })),
            Line::Nothing => Ok(None),
            Line::End(payload) => self.end_of(&payload).map(Some),
            Line::Error(words) if words.trim().is_empty() => {
                self.wordless_error = true;
                Ok(None)
            }
            Line::Error(words) => Err(failure::from_words(&words)),
            Line::OverLimit(words) => Err(failure::over_limit(&words)),
        }
    }

    /// The end of the answer, from the payload of an `end` event.
    fn end_of(&mut self, payload: &str) -> Result<ReplyEvent, Error> {
        let end: Answer = serde_json::from_str(payload).map_err(|error| {
            Error::new(
                ErrorKind::Protocol,
                format!("the end of the answer cannot be read: {error}"),
            )
            .with_excerpt(payload)
        })?;
        self.finish(end)
    }

    fn finish(&mut self, end: Answer) -> Result<ReplyEvent, Error> {
        let token = end.new_token.as_str();
        if let Some(sink) = &self.on_token
            && !token.is_empty()
        {
            sink(token);
        }
        if end.over_limit == Some(true) && end.success != Some(true) {
            return Err(failure::over_limit(&end.message));
        }
        if end.success == Some(false) || self.wordless_error {
            return Err(failure::from_words(&end.message));
        }
        let images = end.images();
        let mut reply = end.reply.clone();
        let mut reason = FinishReason::Stop;
        let mut note = None;
        if images.is_empty() && reply.as_deref().is_some_and(|it| it.trim().is_empty()) {
            // What was streamed is the answer, also where the end does not repeat it.
            reply = end.shown().filter(|_| !self.has_text);
            if reply.is_none() && !self.has_text {
                reason = without_words(&end)?;
                note = note_functions(&end);
            }
        }
        self.finished = true;
        let mut finish = Finish::new(reason)
            .with_usage(end.usage())
            .with_images(images);
        finish.text = reply;
        finish.extras = end.extras().collect();
        if let Some(note) = note {
            self.finish = Some(finish);
            return Ok(note);
        }
        if end.is_doubtful() {
            finish.extras.push(Extra::new("accuracy", "\"estimated\""));
            self.finish = Some(finish);
            return Ok(ReplyEvent::Progress {
                kind: ProgressKind::Doubt,
                text: "the answer may be incomplete: the site had to estimate its tokens, as it \
                       does when the stream of its model breaks off"
                    .to_owned(),
            });
        }
        Ok(ReplyEvent::Finish(finish))
    }

    /// Keeps a line that is not an event.
    fn keep_stray(&mut self, line: &str) -> Result<(), Error> {
        let limit = if self.seen_event {
            Some(STRAY_BETWEEN)
        } else {
            self.limit
        };
        if let Some(limit) = limit
            && self.stray.len() + line.len() >= limit
        {
            if self.seen_event {
                return Ok(());
            }
            if is_html_page(&self.stray) {
                return Err(page_error(&self.stray, "an answer"));
            }
            return Err(Error::new(
                ErrorKind::LimitExceeded(Limit::Event),
                format!(
                    "the answer begins with more than the limit of {limit} bytes that are not events"
                ),
            ));
        }
        self.stray.push_str(line);
        self.stray.push('\n');
        Ok(())
    }

    /// What the body was, once it has ended without an end of the answer.
    fn judge(&mut self) -> Result<Option<ReplyEvent>, Error> {
        // Taken out, since this is called again after each event.
        let mut lines = std::mem::replace(&mut self.lines, Lines::new(self.limit));
        let rest = lines.rest();
        match read_line(rest) {
            Some(line) => {
                self.seen_event = true;
                if let Some(event) = self.decode_line(line)? {
                    return Ok(Some(event));
                }
            }
            None => self.keep_stray(rest)?,
        }
        let stray = std::mem::take(&mut self.stray);
        let end = json_in(&stray, |end: &Answer| {
            end.success.is_some() || !end.code.is_empty() || !end.message.is_empty()
        });
        if let Some(end) = end {
            return match end.success {
                Some(_) => self.finish(end).map(Some),
                None => Err(failure::from_words(&end.message)),
            };
        }
        if self.wordless_error {
            return Err(failure::from_words(""));
        }
        if self.seen_event {
            let error = Error::new(
                ErrorKind::Truncated,
                "the answer was cut off: the site ended it without an end mark",
            );
            return Err(error.with_excerpt(&stray));
        }
        if stray.trim().is_empty() {
            return Err(Error::new(
                ErrorKind::Protocol,
                "the answer is empty: the site sent nothing",
            ));
        }
        if is_html_page(&stray) {
            return Err(page_error(&stray, "an answer"));
        }
        Err(Error::new(
            ErrorKind::Protocol,
            "the answer is neither an event stream nor JSON of AI Engine",
        )
        .with_detail(&refusal::first_line(&stray).unwrap_or_default())
        .with_excerpt(&stray))
    }
}

impl ReplyDecoder for AiEngineDecoder {
    fn feed(&mut self, chunk: Bytes) {
        self.lines.feed(&chunk);
    }

    fn end(&mut self) {
        self.ended = true;
    }

    fn next_event(&mut self) -> Result<Option<ReplyEvent>, Error> {
        if self.finished
            && let Some(finish) = self.finish.take()
        {
            return Ok(Some(ReplyEvent::Finish(finish)));
        }
        while let Some(line) = self.lines.next_line()? {
            // Every other line is blank.
            if line.is_empty() {
                continue;
            }
            if let Some(text) = live_text(line) {
                self.seen_event = true;
                self.has_text = self.has_text || !text.trim().is_empty();
                return Ok(Some(ReplyEvent::Text(text)));
            }
            match read_line(line) {
                Some(line) => {
                    self.seen_event = true;
                    if let Some(event) = self.decode_line(line)? {
                        return Ok(Some(event));
                    }
                }
                None => {
                    let line = line.to_owned();
                    self.keep_stray(&line)?;
                }
            }
        }
        if self.ended && !self.finished {
            return self.judge();
        }
        Ok(None)
    }

    fn has_authoritative_text(&self) -> bool {
        true
    }
}

impl fmt::Debug for AiEngineDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AiEngineDecoder")
            .field("seen_event", &self.seen_event)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// What a line says, without borrowing it.
enum Line {
    Text(String),
    Progress(ProgressKind, String),
    End(String),
    Error(String),
    OverLimit(String),
    /// An event of a type that is not known, or a comment.
    Nothing,
}

/// The text of a line that is a text event just as the plugin writes it, which
/// nearly all are. Only its string has to be read as JSON; every other line is
/// for [`read_line`].
fn live_text(line: &str) -> Option<String> {
    let string = line
        .strip_prefix(r#"data: {"type":"live","data":"#)?
        .strip_suffix('}')?;
    match plain(string) {
        Some(text) => Some(text.to_owned()),
        None => serde_json::from_str(string).ok(),
    }
}

/// What a JSON string says that has no escapes.
fn plain(string: &str) -> Option<&str> {
    let text = string.strip_prefix('"')?.strip_suffix('"')?;
    // All bytes are looked at, which compilers turn into instructions for
    // vectors.
    let is_special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    let special = text.bytes().fold(false, |any, byte| any | is_special(byte));
    (!special).then_some(text)
}

/// Reads a line; none when it is no event. A `data:` line that is not JSON is
/// none: it may be anything, and the events after it still count.
fn read_line(line: &str) -> Option<Line> {
    let Some(data) = line.strip_prefix("data:") else {
        // Comments keep the connection alive.
        return line.starts_with(':').then_some(Line::Nothing);
    };
    let event: Event = serde_json::from_str(data).ok()?;
    let Data { text, is_object } = event.data;
    Some(match event.kind.as_str() {
        // An object is no text, whatever it says.
        "live" if is_object => Line::Nothing,
        "live" => match event.subtype.as_str() {
            "" | "content" => Line::Text(text),
            subtype => Line::Progress(progress_kind(subtype), text),
        },
        "end" => Line::End(text),
        "error" if event.over_limit == Some(true) => Line::OverLimit(text),
        "error" if is_object => Line::Error(refusal::message_in_json(&text).unwrap_or_default()),
        "error" => Line::Error(text),
        _ => Line::Nothing,
    })
}

/// What an end without words, pictures and anything to show means: data for the
/// page of the bot is an answer too.
fn without_words(end: &Answer) -> Result<FinishReason, Error> {
    match end.extras().next() {
        Some(first) => Ok(FinishReason::Other(first.name)),
        None => Err(Error::new(
            ErrorKind::Protocol,
            "the answer is empty: the backend ended it without a word",
        )),
    }
}

/// The note about functions that the bot wants its page to run, if it says
/// nothing else.
fn note_functions(end: &Answer) -> Option<ReplyEvent> {
    let functions = end.functions();
    (!functions.is_empty()).then(|| ReplyEvent::Progress {
        kind: ProgressKind::ToolCall,
        text: format!(
            "the bot has no words, but wants its page to run {}: only a browser can do that",
            functions.join(", ")
        ),
    })
}

fn progress_kind(subtype: &str) -> ProgressKind {
    match subtype {
        "status" => ProgressKind::Status,
        "thinking" => ProgressKind::Thinking,
        "tool_call" => ProgressKind::ToolCall,
        "tool_result" => ProgressKind::ToolResult,
        other => ProgressKind::Other(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use chatwire_core::ErrorKind;
    use chatwire_core::provider_kit::ReplyDecoder as _;

    use super::{AiEngineDecoder, Line, live_text, read_line};

    /// What is not an event is judged once, and not from each brace on: that was
    /// eleven seconds for half a megabyte.
    #[test]
    fn noise_takes_linear_time() {
        let started = std::time::Instant::now();
        for pattern in [
            "{",
            "{ ",
            "{\n",
            "{\"",
            "{\"a\":",
            "{\"a\":{",
            "[{",
            "{}",
            "data: {\n",
            "data:\n",
            "<",
            "<!--",
            "\u{feff}",
            "\"",
            "\\",
        ] {
            for piece in [usize::MAX, 4096] {
                let body = pattern.repeat(512 * 1024 / pattern.len());
                let mut decoder = AiEngineDecoder::new(1024 * 1024);
                let end = body
                    .as_bytes()
                    .chunks(piece.min(body.len()))
                    .find_map(|piece| {
                        decoder.feed(piece.to_vec().into());
                        decoder.next_event().err()
                    });
                decoder.end();
                let error = end.unwrap_or_else(|| decoder.next_event().unwrap_err());
                assert_eq!(error.kind(), ErrorKind::Protocol, "{pattern:?}: {error}");
            }
        }
        assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    }

    #[test]
    fn the_short_way_reads_what_the_long_one_reads() {
        let cases = [
            (r#"{"type":"live","data":"tok"}"#, true),
            (r#"{"type":"live","data":""}"#, true),
            (
                r#"{"type":"live","data":"a\"b \u4f60 \ud83d\ude00 \/"}"#,
                true,
            ),
            (r#"{"type":"live","data":"a"}"}"#, false),
            (r#"{"type":"live","data":"a","subtype":"status"}"#, false),
            (r#"{"type":"live","data":"a","subtype":"content"}"#, false),
            (r#"{"type":"live","data":"a\"}"#, false),
            (r#"{"type":"live","data":"}"#, false),
            (r#"{"type":"live","data":null}"#, false),
            (r#"{"type":"live", "data":"a"}"#, false),
            ("{\"type\":\"live\",\"data\":\"a\u{1}\"}", false),
        ];
        for (json, short) in cases {
            let line = format!("data: {json}");
            let text = live_text(&line);
            assert_eq!(text.is_some(), short, "{json}");
            if short {
                let Some(Line::Text(long)) = read_line(&line) else {
                    panic!("{json}");
                };
                assert_eq!(text, Some(long), "{json}");
            }
        }
    }
}
