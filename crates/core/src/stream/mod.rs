//! The contract of a reply that arrives piece by piece, apart from where its
//! events come from.

mod delivered;
mod reply_stream;
mod source;

pub use reply_stream::ReplyStream;
