//! Anthropic's Messages API.

mod mock;
mod protocol;
mod request;
mod write;

pub use mock::AnthropicMock;
pub use protocol::AnthropicProtocol;
