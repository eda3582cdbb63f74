//! Replies that arrive piece by piece: the contract of their events, and the
//! source that the events come from.

mod delivered;
mod first_text;
mod notes;
mod reply_stream;
mod source;

pub use reply_stream::ReplyStream;
