//! Listening and connections: what a client may take, and how the server ends.

mod guarded_io;
pub(crate) mod limits;
mod raw_error;
mod serve;
pub(crate) mod shutdown;
mod signal;

pub use signal::shutdown_signal;
