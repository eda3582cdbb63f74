//! What the workspace-wide tests share: the recordings of real servers.

#[cfg(doctest)]
mod readmes;
mod recording;

pub use recording::{Ended, Recording, Response, all};
