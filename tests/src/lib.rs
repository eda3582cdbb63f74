//! What the workspace-wide tests share: the recordings of real servers.

mod recording;

pub use recording::{Ended, Recording, Response, all};
