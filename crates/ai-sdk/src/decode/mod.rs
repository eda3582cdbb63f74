//! Decoders of the three protocols: pure functions of bytes, without I/O and
//! clock, and with the same result wherever the bytes are cut.

mod answer;
mod attached;
mod data;
mod failure;
mod limits;
mod notes;
mod parts;
mod protocol;
mod reason;
mod sniff;
mod stray;
mod text_stream;
mod ui;
mod ui_event;
mod usage;
mod utf16;
mod whole;

pub use answer::{AnswerDecoder, Head};
pub use data::DataStream;
pub use limits::Limits;
pub use protocol::Protocol;
pub use text_stream::TextStream;
pub use ui::UiMessageStream;
