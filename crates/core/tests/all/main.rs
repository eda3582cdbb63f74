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
#[cfg(feature = "combinators")]
mod fallback;
mod http_coding;
mod http_errors;
mod http_limits;
mod http_requests;
mod http_reuse;
mod lines;
mod messages;
mod plain_text;
mod prompt;
mod redaction;
mod request;
#[cfg(feature = "combinators")]
mod retry;
#[cfg(feature = "combinators")]
mod scripted;
mod server;
mod settings;
mod sse;
mod stream;
mod text;
mod tools;
mod traces;
mod utf8;
mod words;
