//! Listening, connections, limits and shutdown.

pub(crate) mod client;
mod close;
mod connection;
mod connections;
pub(crate) mod current;
mod handle;
pub(crate) mod limits;
mod raw_response;
mod serve;
pub(crate) mod shutdown;
mod signal;
mod watch;
mod watched_io;

pub use handle::GatewayHandle;
pub use signal::shutdown_signal;
