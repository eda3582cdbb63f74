//! What the workspace-wide tests share: the recordings of real servers, and how
//! a decoder is read to its end.

mod outcome;
pub mod readers;
#[cfg(doctest)]
mod readmes;
mod recording;

pub use outcome::{Outcome, outcome};
pub use recording::{Ended, Recording, Response, all};
