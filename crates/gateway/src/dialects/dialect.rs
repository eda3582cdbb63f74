use std::fmt::Debug;

use bytes::BytesMut;

use crate::completion::{Completion, CompletionEnd, ReplyHead};
use crate::error::ApiError;
use crate::request::GatewayRequest;

/// A client API: how its requests are read, and its replies and errors written.
///
/// A dialect and its writers are pure: no I/O, no clock, no shared state. To
/// add one, implement this in a folder of its own and add it to
/// [`ALL`](crate::dialects::ALL).
pub(crate) trait Dialect: Debug + Send + Sync {
    /// The path whose `POST` requests are written in this dialect.
    fn path(&self) -> &'static str;

    /// Reads the body of a request.
    fn parse(&self, body: &[u8]) -> Result<ParsedRequest, ApiError>;

    /// The body of an error response, as JSON.
    fn error_body(&self, error: &ApiError) -> Vec<u8>;
}

/// A request, and the writer for its reply.
pub(crate) struct ParsedRequest {
    pub(crate) request: GatewayRequest,
    pub(crate) writer: Box<dyn ReplyWriter>,
}

/// Writes the reply to one request: with [`whole`](ReplyWriter::whole), or as
/// a stream with `begin`, any number of `delta`, and `end` or `error`.
///
/// A stream that ended with `error` must not look complete to a client.
pub(crate) trait ReplyWriter: Send {
    /// The body of a reply that is not streamed, as JSON.
    fn whole(&self, head: &ReplyHead, completion: &Completion) -> Vec<u8>;

    /// The content type of a streamed reply.
    fn stream_type(&self) -> &'static str;

    /// Keeps the connection in use while there is nothing to write; possibly
    /// before `begin`.
    fn keep_alive(&mut self, out: &mut BytesMut);

    /// The provider has begun to answer.
    fn begin(&mut self, out: &mut BytesMut, head: &ReplyHead);

    /// More text, never empty.
    fn delta(&mut self, out: &mut BytesMut, text: &str);

    /// Says why the reply may be incomplete, just before its `end`, where the
    /// dialect has a place for that.
    fn doubt(&mut self, _out: &mut BytesMut, _words: &str) {}

    /// The reply is complete.
    fn end(&mut self, out: &mut BytesMut, end: &CompletionEnd);

    /// The reply failed, possibly before `begin`.
    fn error(&mut self, out: &mut BytesMut, error: &ApiError);
}
