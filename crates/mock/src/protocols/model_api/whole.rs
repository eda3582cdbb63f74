//! A reply that is not streamed.

use serde_json::Value;

use super::reply::{ApiReply, End};
use crate::answers::{Answer, Ending, Framing};

/// The answer of this body, which is the reply as the protocol writes it, or the failure in its
/// place.
pub(crate) fn whole(reply: &ApiReply, body: &Value, failure: fn(&str) -> Answer) -> Answer {
    if let End::Error(message) = &reply.end {
        return failure(message);
    }
    let body = body.to_string();
    let (sent, ending) = match reply.end {
        End::Missing => (body.len() / 2, Ending::Truncate),
        _ => (body.len(), Ending::Clean),
    };
    let answer = Answer::status(200)
        .header("content-type", "application/json")
        .framing(Framing::ContentLength)
        .ending(ending)
        .head_with_first_piece();
    let answer = reply.gates().fold(answer, Answer::wait);
    answer.piece(body.as_bytes().get(..sent).unwrap_or_default())
}
