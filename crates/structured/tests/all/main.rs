//! What the crate promises, as tables.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod prompts;
mod properties;
mod read;
#[cfg(feature = "schemars")]
mod reply_json;
mod samples;
mod schemas;
mod scripted;
mod shapes;
mod tools;
