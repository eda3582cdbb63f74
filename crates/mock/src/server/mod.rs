//! The HTTP/1.1 server under every mock: reads requests, writes answers by script, records both.

mod accept;
mod connection;
mod log;
mod mock_server;
mod pacing;
mod read_request;
mod request;
mod script;
mod shared;
mod write_answer;

pub use log::{ClosedBy, ConnectionRecord};
pub use mock_server::MockServer;
pub use pacing::Pacing;
pub use request::RecordedRequest;

pub(crate) use read_request::{ReadFailure, read_request};
pub(crate) use script::{Maker, Script};
