//! What holds for the whole, in one program: linking is most of what tests cost.
//! Two tests have programs of their own: the one that measures this process's
//! memory, and the one that needs a browser.

// A panic is how a test fails, also in its helpers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod addresses;
mod ai_engine;
mod ai_sdk;
mod aura;
mod blocking;
mod cancellation;
mod combinators;
mod faults;
mod house;
mod limits;
mod many;
mod mocks;
mod providers;
mod recordings;
mod runtimes;
mod session;
mod settings;
mod splits;
mod tls;
