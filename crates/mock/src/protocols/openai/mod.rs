//! OpenAI's API for chat completions.

mod mock;
mod protocol;
mod request;
mod write;

pub use mock::OpenAiMock;
pub use protocol::OpenAiProtocol;
