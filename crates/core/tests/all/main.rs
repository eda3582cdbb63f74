//! The tests of this crate, in one program: linking is most of what they cost.

// Helpers outside of `#[test]` functions may panic too: that is how they fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod credentials;
mod error;
mod lines;
mod messages;
mod plain_text;
mod prompt;
mod redaction;
mod request;
mod sse;
mod stream;
mod text;
mod utf8;
mod words;
