//! The tests of this crate, in one program: linking is most of what they cost.

// Helpers outside of `#[test]` functions may panic too: that is how they fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod ai_engine;
mod ai_sdk;
mod ask;
mod aura;
mod chat;
mod commands;
mod configuration;
mod input;
mod network;
mod providers;
// Errors of the system read differently elsewhere.
#[cfg(target_os = "linux")]
mod readme;
#[cfg(unix)]
mod record;
#[cfg(unix)]
mod serve;
mod support;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod webdriver;
