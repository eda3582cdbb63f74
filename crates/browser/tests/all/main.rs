//! The crate as providers use it, in one program.

// A panic is how a test fails, also in its helpers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod sessions;
#[cfg(feature = "webdriver")]
mod webdriver;
