//! What the workspace-wide tests share: the recordings of real servers, and the
//! mock of each provider by its name.

mod mock;
#[cfg(doctest)]
mod readmes;
mod recording;

pub use mock::Mock;
pub use recording::{Ended, Recording, Response, all};
