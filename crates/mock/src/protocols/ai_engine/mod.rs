//! WordPress sites with the AI Engine plugin.

mod access;
mod builder;
mod events;
mod files;
mod mock;
mod multipart;
mod options;
mod pages;
mod php_json;
mod php_value;
mod prompt;
mod question;
mod received;
mod reply;
mod site;
mod user;
mod version;
mod wordpress;

pub use builder::AiEngineMockBuilder;
pub use mock::AiEngineMock;
pub use options::Permalinks;
pub use received::{AiEngineReceived, ReceivedImage};
pub use reply::AiReply;
pub use site::AiEngineProtocol;
pub use user::SiteUser;
pub use version::PluginVersion;
