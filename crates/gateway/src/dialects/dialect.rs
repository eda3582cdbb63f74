use std::fmt::Debug;

use bytes::BytesMut;
use chatwire_core::ToolCall;
use http::{HeaderName, Method};

use super::recall::{KeptReply, Recall};
use crate::completion::{Completion, CompletionEnd, ReplyHead};
use crate::error::ApiError;
use crate::request::GatewayRequest;

/// A client API: how its requests are read, and its replies and errors written.
///
/// A dialect and its writers are pure: no I/O, no clock, no shared state. To
/// add one, implement this in a folder of its own and add it to
/// [`ALL`](crate::dialects::ALL).
pub(crate) trait Dialect: Debug + Send + Sync {
    /// A word for it in logs.
    fn name(&self) -> &'static str;

    /// The path at which, and under which, errors are written in this dialect.
    fn root(&self) -> &'static str;

    /// What it answers.
    fn routes(&self) -> &'static [DialectRoute];

    /// The body of an error response, as JSON.
    fn error_body(&self, error: &ApiError) -> Vec<u8>;

    /// The header in which its clients look for the id of a request, beside
    /// `x-request-id`.
    fn request_id_header(&self) -> Option<HeaderName> {
        None
    }
}

/// A path of a dialect, and what is done for it.
#[derive(Debug)]
pub(crate) struct DialectRoute {
    pub(crate) method: Method,
    /// As the router takes it: `{id}` stands for one segment.
    pub(crate) path: &'static str,
    pub(crate) action: Action,
}

/// What is done for a path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    /// A completion is written for a body that this reads.
    Complete(Parse),
    /// The models are listed.
    ListModels(fn(&ModelList<'_>) -> Vec<u8>),
    /// There is only one answer.
    Answer(fn() -> Vec<u8>),
    /// The request is refused, for this reason.
    Refuse(&'static str),
    /// The stored response whose id is in the path is shown.
    ShowResponse,
    /// It is deleted; this writes the answer.
    DeleteResponse(fn(&str) -> Vec<u8>),
}

/// Reads the body of a request for a completion. What the gateway has kept of
/// earlier requests can be recalled.
pub(crate) type Parse = fn(&[u8], &dyn Recall) -> Result<ParsedRequest, ApiError>;

/// The models that clients may ask for.
#[derive(Debug)]
pub(crate) struct ModelList<'a> {
    pub(crate) ids: &'a [String],
    /// When the gateway started, in seconds since 1970.
    pub(crate) began: u64,
}

/// A request, and the writer for its reply.
pub(crate) struct ParsedRequest {
    pub(crate) request: GatewayRequest,
    pub(crate) writer: Box<dyn ReplyWriter>,
}

/// Writes the reply to one request: with [`whole`](ReplyWriter::whole), or as
/// a stream with `begin`, any number of `delta` and `call`, and `end` or `error`.
///
/// A stream that ended with `error` must not look complete to a client.
pub(crate) trait ReplyWriter: Send {
    /// The body of a reply that is not streamed, as JSON.
    fn whole(&mut self, head: &ReplyHead, completion: &Completion) -> Vec<u8>;

    /// The content type of a streamed reply.
    fn stream_type(&self) -> &'static str;

    /// Keeps the connection in use while there is nothing to write; possibly
    /// before `begin`.
    fn keep_alive(&mut self, out: &mut BytesMut, head: &ReplyHead);

    /// The provider has begun to answer.
    fn begin(&mut self, out: &mut BytesMut, head: &ReplyHead);

    /// More text, never empty.
    fn delta(&mut self, out: &mut BytesMut, text: &str);

    /// A call of a tool. A dialect whose requests have no tools gets none.
    fn call(&mut self, _out: &mut BytesMut, _call: &ToolCall) {}

    /// Says why the reply may be incomplete, just before its `end`, where the
    /// dialect has a place for that.
    fn doubt(&mut self, _out: &mut BytesMut, _words: &str) {}

    /// The reply is complete.
    fn end(&mut self, out: &mut BytesMut, end: &CompletionEnd);

    /// The reply failed, possibly before `begin`.
    fn error(&mut self, out: &mut BytesMut, head: &ReplyHead, error: &ApiError);

    /// What later requests may refer to, after `whole` or `end`.
    fn kept(&mut self) -> Option<KeptReply> {
        None
    }
}
