use bytes::Bytes;
use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_core::provider_kit::decode::PlainText;
use chatwire_core::{Error, ReplyEvent};

use crate::openai_stream::{OpenAiStream, data_of, is_chunk};

/// Decodes the body of an answer: plain text, or the stream of the model behind
/// the server, which some servers pass on as it is. The first bytes tell which,
/// whatever the headers say.
///
/// ```
/// use chatwire_aura::{AuraDecoder, ReplyEvent};
/// use chatwire_core::provider_kit::ReplyDecoder;
///
/// let mut decoder = AuraDecoder::new(None, 1024 * 1024);
/// decoder.feed("data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n".into());
/// assert_eq!(decoder.next_event()?, Some(ReplyEvent::Text("Hello".into())));
/// # Ok::<(), chatwire_aura::Error>(())
/// ```
#[derive(Debug)]
pub struct AuraDecoder(State);

#[derive(Debug)]
enum State {
    Open(Beginning),
    Text(PlainText),
    Stream(Box<OpenAiStream>),
}

/// The first bytes of a body, until it shows what it is.
#[derive(Debug)]
struct Beginning {
    content_type: Option<String>,
    limit: Option<usize>,
    held: Vec<u8>,
    /// How much is to be held before it is judged again: judging every small
    /// piece would take quadratic time.
    judge_at: usize,
    ended: bool,
}

/// How much is held at most. Chunks are much smaller.
const MAX_HELD: usize = 64 * 1024;

/// What the beginning of a body says about the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Stream,
    Text,
    /// What has come so far can become either.
    Open,
}

impl AuraDecoder {
    /// Creates a decoder for a body of this `Content-Type`, with events of at
    /// most `limit` bytes if it is a stream.
    pub fn new(content_type: Option<&str>, limit: impl Into<Option<usize>>) -> AuraDecoder {
        AuraDecoder(State::Open(Beginning {
            content_type: content_type.map(str::to_owned),
            limit: limit.into(),
            held: Vec::new(),
            judge_at: 1,
            ended: false,
        }))
    }
}

impl Beginning {
    /// The decoder for the body, once it is known.
    fn decoder(&mut self) -> Option<State> {
        let is_due = self.held.len() >= self.judge_at;
        if !is_due && !self.ended {
            return None;
        }
        let kind = match kind(&self.held, self.ended) {
            Kind::Open if self.held.len() > MAX_HELD || self.ended => Kind::Text,
            Kind::Open => {
                let length = self.held.len();
                self.judge_at = if length < 64 { length + 1 } else { 2 * length };
                return None;
            }
            known => known,
        };
        let held = Bytes::from(std::mem::take(&mut self.held));
        let mut state = match kind {
            Kind::Stream => State::Stream(Box::new(OpenAiStream::new(self.limit))),
            _ => State::Text(PlainText::new(self.content_type_for(&held))),
        };
        if let Some(decoder) = state.decoder() {
            decoder.feed(held);
        }
        Some(state)
    }
}

impl Beginning {
    /// The content type for the decoder of plain text. The server itself sends
    /// none: a proxy has guessed it, and text that does not begin as JSON is not
    /// JSON.
    fn content_type_for(&self, held: &[u8]) -> Option<&str> {
        let first = held.iter().find(|byte| !byte.is_ascii_whitespace());
        let begins_json = matches!(first, Some(b'{' | b'['));
        let content_type = self.content_type.as_deref();
        content_type.filter(|it| begins_json || !it.to_ascii_lowercase().contains("json"))
    }
}

impl State {
    /// The decoder, if it is known which.
    fn decoder(&mut self) -> Option<&mut dyn ReplyDecoder> {
        match self {
            State::Open(_) => None,
            State::Text(text) => Some(text),
            State::Stream(stream) => Some(&mut **stream),
        }
    }
}

/// Judges the beginning of a body: after blank lines and comments, the first line
/// is that of a chunk, or it is not.
fn kind(held: &[u8], ended: bool) -> Kind {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    if !ended && MARK.starts_with(held) {
        return Kind::Open;
    }
    let held = held.strip_prefix(MARK).unwrap_or(held);
    let text = String::from_utf8_lossy(held);
    let mut rest = &*text;
    loop {
        let (line, after) = match rest.split_once('\n') {
            Some((line, after)) => (line, Some(after)),
            None if ended => (rest, Some("")),
            None => (rest, None),
        };
        if let Some(data) = data_of(line) {
            return match after {
                Some(_) if is_chunk(data) => Kind::Stream,
                Some(_) => Kind::Text,
                // The data of a chunk is an object, and the end is a list.
                None if data.is_empty() || data.starts_with(['{', '[']) => Kind::Open,
                None => Kind::Text,
            };
        }
        let may_precede = line.starts_with(':') || line.trim().is_empty();
        match after {
            Some("") if ended => return Kind::Text,
            Some(after) if may_precede => rest = after,
            None if may_precede || "data:".starts_with(line) => return Kind::Open,
            _ => return Kind::Text,
        }
    }
}

impl ReplyDecoder for AuraDecoder {
    fn feed(&mut self, chunk: Bytes) {
        match &mut self.0 {
            State::Open(beginning) => beginning.held.extend_from_slice(&chunk),
            State::Text(text) => text.feed(chunk),
            State::Stream(stream) => stream.feed(chunk),
        }
    }

    fn end(&mut self) {
        match &mut self.0 {
            State::Open(beginning) => beginning.ended = true,
            State::Text(text) => text.end(),
            State::Stream(stream) => stream.end(),
        }
    }

    fn next_event(&mut self) -> Result<Option<ReplyEvent>, Error> {
        if let State::Open(beginning) = &mut self.0 {
            let ended = beginning.ended;
            let Some(mut known) = beginning.decoder() else {
                return Ok(None);
            };
            if let (Some(decoder), true) = (known.decoder(), ended) {
                decoder.end();
            }
            self.0 = known;
        }
        match self.0.decoder() {
            Some(decoder) => decoder.next_event(),
            None => Ok(None),
        }
    }

    fn is_complete(&self) -> bool {
        match &self.0 {
            State::Stream(stream) => stream.is_complete(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatwire_core::ProgressKind;

    /// Decodes a body in pieces of that size: the text, the notes, and the reason
    /// of its end or the error.
    fn decoded(body: &str, content_type: Option<&str>, size: usize) -> (String, String, String) {
        let mut decoder = AuraDecoder::new(content_type, 4096);
        let (mut text, mut notes) = (String::new(), String::new());
        let mut pieces: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
        pieces.push(&[]);
        let last = pieces.len() - 1;
        for (number, piece) in pieces.into_iter().enumerate() {
            match number == last {
                true => decoder.end(),
                false => decoder.feed(Bytes::copy_from_slice(piece)),
            }
            loop {
                match decoder.next_event() {
                    Ok(None) => break,
                    Ok(Some(ReplyEvent::Text(more))) => text.push_str(&more),
                    Ok(Some(ReplyEvent::Progress { kind, text })) => {
                        assert_eq!(kind, ProgressKind::Thinking);
                        notes.push_str(&text);
                    }
                    Ok(Some(ReplyEvent::Finish(finish))) => {
                        let tokens = finish.usage.and_then(|usage| usage.total_tokens);
                        let tokens = tokens.map_or(String::new(), |it| format!(" {it}"));
                        return (text, notes, format!("{}{tokens}", finish.reason));
                    }
                    Ok(Some(_)) => {}
                    Err(error) => return (text, notes, error.to_string()),
                }
            }
        }
        (text, notes, "no end".to_owned())
    }

    fn chunk(delta: &str, reason: &str) -> String {
        let reason = match reason {
            "" => "null".to_owned(),
            reason => format!("\"{reason}\""),
        };
        format!(
            "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{{\"index\":0,\
             \"delta\":{delta},\"finish_reason\":{reason}}}]}}\n\n"
        )
    }

    #[test]
    fn the_first_bytes_tell_what_it_is() {
        let role = chunk("{\"role\":\"assistant\",\"content\":\"\"}", "");
        let hello = chunk("{\"content\":\"Hel\\\"lo é\\ud83d\\ude42\"}", "");
        let end = chunk("{}", "length");
        let done = "data: [DONE]\n\n";
        let usage = "data: {\"choices\":[],\"usage\":{\"total_tokens\":7}}\n\n";
        let thought = chunk("{\"reasoning_content\":\"Hm.\",\"content\":\"So\"}", "stop");
        let said = "Hel\"lo é🙂";
        let cut = "cut off";
        // (body, text, notes, end or words of the error)
        for (body, text, notes, ended) in [
            // Streams.
            (format!("{role}{hello}{end}{done}"), said, "", "length"),
            (format!("{hello}{end}{usage}{done}"), said, "", "length 7"),
            (format!("{hello}{end}{usage}"), said, "", "length 7"),
            (format!("{hello}{done}"), said, "", "stop"),
            (format!("{hello}data:[DONE]"), said, "", "stop"),
            (
                format!("\r\n: waiting\r\n\r\n{hello}{done}"),
                said,
                "",
                "stop",
            ),
            (format!("\u{feff}{hello}{done}"), said, "", "stop"),
            (thought, "So", "Hm.", "stop"),
            (hello.clone(), said, "", cut),
            (
                format!("{hello}data: {{\"choices\":[{{\"delta\""),
                said,
                "",
                "cannot be read",
            ),
            (
                format!("{hello}data: {{\"error\":{{\"message\":\"Rate limit reached\"}}}}\n\n"),
                said,
                "",
                "Rate limit reached",
            ),
            (
                "data: {\"error\":\"No model\"}\n".to_owned(),
                "",
                "",
                "No model",
            ),
            // Members of other types are passed over.
            (
                format!("{}{hello}{done}", chunk("{\"content\":[1]}", "")),
                said,
                "",
                "stop",
            ),
            (
                format!("data: {{\"choices\":[1],\"usage\":\"none\"}}\n\n{hello}{done}"),
                said,
                "",
                "stop",
            ),
        ] {
            for size in [1, 3, 7, 64, 100_000] {
                for content_type in [None, Some("text/html"), Some("text/event-stream")] {
                    let (got, thoughts, reason) = decoded(&body, content_type, size);
                    let case = format!("{body:?} in {size}, {content_type:?}: {reason}");
                    assert_eq!((&*got, &*thoughts), (text, notes), "{case}");
                    assert!(reason.contains(ended), "{case}");
                }
            }
        }
        // Plain text, every byte of it, however near it comes.
        for body in [
            "Hello",
            "\n\n Hello\n",
            ":) Hello",
            ": a\n: b\nHello",
            "data",
            "data:",
            "data: 5 of 7",
            "data: {\"a\":1}\nis JSON",
            "data: {\"choices\":",
            "data: {\"choices\":{}}\n",
            "Data: {\"choices\":[]}\n",
            "{\"choices\":[]}",
            "\ndata",
            "\n",
            "<b>Hello</b>",
        ] {
            for size in [1, 2, 100] {
                let json = Some("application/json").filter(|_| !body.starts_with('{'));
                for content_type in [None, Some("text/html"), Some("text/plain"), json] {
                    let got = decoded(body, content_type, size);
                    let expected = (body.to_owned(), String::new(), "eof".to_owned());
                    assert_eq!(got, expected, "{size}, {content_type:?}");
                }
            }
        }
    }

    #[test]
    fn only_a_whole_page_is_a_page() {
        let page = "<!DOCTYPE html><title>Log in</title>";
        let (text, _, error) = decoded(page, Some("text/html"), 5);
        assert_eq!(text, "");
        assert!(error.contains("Log in"), "{error}");
        assert_eq!(decoded(page, None, 5).0, page);
    }

    #[test]
    fn what_is_held_is_bounded() {
        for body in [
            ":\n".repeat(50_000),
            format!("data: {{\"a\":\"{}", "x".repeat(200_000)),
        ] {
            let (text, _, reason) = decoded(&body, None, 16);
            assert!(text == body, "{reason}");
        }
        let long = format!("{}data: {{\"a\":\"{}", chunk("{}", ""), "x".repeat(5000));
        let (_, _, error) = decoded(&long, None, 16);
        assert!(error.contains("larger than the limit"), "{error}");
    }
}
