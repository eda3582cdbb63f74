use bytes::Bytes;

use crate::chat::ReplyEvent;
use crate::error::Error;

/// Turns the body of a response into the events of a reply: what each protocol
/// has to bring.
///
/// The caller gives pieces with [`feed`](ReplyDecoder::feed), says
/// [`end`](ReplyDecoder::end) when the body has ended as HTTP says it should,
/// and takes events after each until there are none.
pub trait ReplyDecoder: Send {
    /// Takes the next piece of the body. All events of the piece before have
    /// been taken.
    fn feed(&mut self, chunk: Bytes);

    /// The body is complete.
    fn end(&mut self);

    /// The next event; none when more bytes are needed. After
    /// [`end`](ReplyDecoder::end), none means that the answer was cut off.
    ///
    /// # Errors
    ///
    /// What the backend reports, and answers that are not of the protocol.
    fn next_event(&mut self) -> Result<Option<ReplyEvent>, Error>;

    /// Whether the answer is whole by what has come, though additions to it may
    /// follow. If the body then breaks off or falls silent, that is its
    /// [`end`](ReplyDecoder::end), not an error.
    fn is_complete(&self) -> bool {
        false
    }

    /// Whether the backend sends the whole answer again at its end, so that it
    /// has to be compared with what was streamed.
    fn has_authoritative_text(&self) -> bool {
        false
    }
}
