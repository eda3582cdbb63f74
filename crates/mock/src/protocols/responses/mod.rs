//! OpenAI's Responses API.

mod mock;
mod protocol;
mod request;
mod write;

pub use mock::ResponsesMock;
pub use protocol::ResponsesProtocol;
