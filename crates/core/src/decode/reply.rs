use bytes::Bytes;

use crate::chat::ReplyEvent;
use crate::error::Error;

/// Turns the body of a response into the events of a reply. Each protocol
/// implements it.
///
/// The caller passes pieces to [`feed`](ReplyDecoder::feed), calls
/// [`end`](ReplyDecoder::end) when the body is complete, and after each takes
/// events until there are none.
pub trait ReplyDecoder: Send {
    /// Adds the next piece of the body. All events of the piece before it have
    /// been taken.
    fn feed(&mut self, chunk: Bytes);

    /// Tells the decoder that the body is complete.
    fn end(&mut self);

    /// Returns the next event, or `None` if more bytes are needed. After
    /// [`end`](ReplyDecoder::end), `None` means that the answer was cut off.
    ///
    /// # Errors
    ///
    /// Errors that the backend reports, and answers that break the protocol.
    fn next_event(&mut self) -> Result<Option<ReplyEvent>, Error>;

    /// Returns whether what has arrived is a whole answer, though additions to it
    /// may follow. If the body then breaks off or falls silent, that is its
    /// [`end`](ReplyDecoder::end), not an error.
    fn is_complete(&self) -> bool {
        false
    }

    /// Returns whether the backend sends the whole answer again at its end. It is
    /// then compared with what was streamed.
    fn has_authoritative_text(&self) -> bool {
        false
    }
}
