use bytes::Bytes;
use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_core::provider_kit::decode::Utf8Decoder;
use chatwire_core::{Error, Finish, FinishReason, ReplyEvent};

use super::stray::no_answer;

/// Decodes a text stream: nothing but the text of the answer, in UTF-8.
///
/// The protocol has neither an end mark nor errors, so the answer is whole when
/// the body ends as HTTP says it should and is not empty. More cannot be known:
/// a server whose model fails in the middle ends its body in the same way.
///
/// ```
/// use chatwire_ai_sdk::TextStream;
/// use chatwire_core::ReplyEvent;
/// use chatwire_core::provider_kit::ReplyDecoder as _;
///
/// let mut decoder = TextStream::new();
/// decoder.feed("Hi".into());
/// assert_eq!(decoder.next_event()?, Some(ReplyEvent::Text("Hi".into())));
/// # Ok::<(), chatwire_core::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct TextStream {
    utf8: Utf8Decoder,
    chunk: Option<Bytes>,
    ended: bool,
    any: bool,
    finished: bool,
}

impl TextStream {
    /// A decoder.
    pub fn new() -> TextStream {
        TextStream::default()
    }

    fn text(&mut self, text: String) -> Option<ReplyEvent> {
        self.any |= !text.is_empty();
        (!text.is_empty()).then_some(ReplyEvent::Text(text))
    }
}

impl ReplyDecoder for TextStream {
    fn feed(&mut self, chunk: Bytes) {
        self.chunk = Some(chunk);
    }

    fn end(&mut self) {
        self.ended = true;
    }

    fn next_event(&mut self) -> Result<Option<ReplyEvent>, Error> {
        if let Some(chunk) = self.chunk.take() {
            let text = self.utf8.decode(&chunk);
            if let Some(event) = self.text(text) {
                return Ok(Some(event));
            }
        }
        if !self.ended || self.finished {
            return Ok(None);
        }
        let rest = self.utf8.finish();
        if let Some(event) = self.text(rest) {
            return Ok(Some(event));
        }
        self.finished = true;
        if !self.any {
            return Err(no_answer(""));
        }
        Ok(Some(ReplyEvent::Finish(Finish::new(FinishReason::Eof))))
    }
}
