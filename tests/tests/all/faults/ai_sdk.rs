//! What differs for servers built with the AI SDK: their client reads events
//! with an end mark, as AI Engine's does.

use chatwire::ErrorKind::{ContextLength, Credentials, LimitExceeded, Protocol, Truncated};
use chatwire::Limit;
use chatwire_mock::Answer;
use serde_json::json;

use super::want::{Want, breaks, fails, ok};

/// One event with text.
pub(crate) fn event(text: &str) -> Vec<u8> {
    let delta = json!({"type": "text-delta", "id": "t", "delta": text});
    format!("data: {delta}\n\n").into_bytes()
}

/// The end of a reply.
pub(crate) fn end() -> &'static str {
    "data: {\"type\":\"finish\",\"finishReason\":\"stop\"}\n\ndata: [DONE]\n\n"
}

/// An answer that says of itself that it is a stream of events, unless it says
/// something else.
pub(crate) fn labelled(answer: Answer) -> Answer {
    match answer.has_header("content-type") {
        true => answer,
        false => answer.header("content-type", "text/event-stream"),
    }
}

/// What a fault must come to, where AI Engine's comes to this.
pub(crate) fn want(fault: &str, ai_engine: Want) -> Want {
    match fault {
        // What calls itself JSON is read as JSON.
        "events labelled as JSON" => fails(Protocol),
        // A long data URL is within the limit of an event, so that the limit of
        // what may come without an event is met first.
        "a line of a gigabyte" => fails(LimitExceeded(Limit::Reply)).words("1048576"),
        // A redirect that may change the method wants a login.
        "301 within the origin" => fails(Credentials).status(301),
        "302 within the origin" => fails(Credentials).status(302),
        "303 within the origin" => fails(Credentials).status(303),
        "401" => fails(Credentials).status(401),
        "403" => fails(Credentials).status(403),
        // The conversation is too long for the server.
        "413" => fails(ContextLength).status(413).retryable(false),
        // An end mark that cannot be read is none.
        "an end mark that cannot be read" => breaks(Truncated, "whole"),
        "numbers and nulls where text is expected" => fails(Protocol).words("empty"),
        // Text after the end still counts, as with the official client.
        "duplicate and late end marks" => ok("whole late"),
        _ => ai_engine,
    }
}
