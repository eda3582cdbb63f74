//! The tests of this crate, in one program: linking is most of what they cost.

// Helpers outside of `#[test]` functions may panic too: that is how they fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod ai_engine;
mod any_mock;
mod aura;
mod faults;
mod limits;
mod magickpen;
mod model;
mod model_api;
mod proxy;
mod replay;
mod server;
mod support;
