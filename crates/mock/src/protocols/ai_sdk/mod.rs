//! Servers built with the AI SDK (npm `ai`), versions 3 to 7.

mod bodies;
mod builder;
mod mock;
mod received;
mod reply;
mod server;
mod template;
mod version;
mod write;

pub use builder::AiSdkMockBuilder;
pub use mock::AiSdkMock;
pub use received::AiSdkReceived;
pub use reply::AiSdkReply;
pub use server::AiSdkProtocol;
pub use version::{AiSdkRoute, AiSdkStream, AiSdkVersion};
