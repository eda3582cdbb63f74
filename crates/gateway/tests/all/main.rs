//! The tests of this crate, in one program: linking is most of what they cost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]
#![allow(unreachable_pub, reason = "a test program exports nothing")]

mod access;
mod async_openai;
mod chat;
mod dialects;
mod emulation;
mod errors;
mod life;
mod memory;
mod models;
mod page;
mod parameters;
mod requests;
#[cfg(unix)]
mod sigterm;
mod slow_clients;
mod status;
mod support;
mod tools;
