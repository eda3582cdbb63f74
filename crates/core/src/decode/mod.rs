//! Decoders: pure functions of bytes. No I/O, no clock, and the same result
//! wherever the bytes are cut.

mod lines;
mod plain;
mod reply;
mod sse;
mod utf8;

pub use lines::Lines;
pub use plain::PlainText;
pub use reply::ReplyDecoder;
pub use sse::{SseDecoder, SseEvent};
pub use utf8::Utf8Decoder;
