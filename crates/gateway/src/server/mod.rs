//! Listening, connections, limits and shutdown.

mod close;
mod connection;
pub(crate) mod limits;
mod raw_response;
mod serve;
pub(crate) mod shutdown;
mod signal;
mod watch;
mod watched_io;

pub use signal::shutdown_signal;
