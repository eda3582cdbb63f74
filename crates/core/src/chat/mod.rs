//! Requests and replies: plain values, without I/O.

mod event;
mod extra;
mod finish;
mod image;
mod message;
mod message_json;
mod messages;
mod parameter;
mod part;
mod prompt;
mod reply;
mod request;
mod response_format;
mod role;
mod tool;
mod usage;

pub use event::{ProgressKind, ReplyEvent};
pub use extra::Extra;
pub use finish::{Finish, FinishReason};
pub use image::Image;
pub use message::Message;
pub use messages::Messages;
pub use parameter::Parameter;
pub use part::Part;
pub use prompt::PromptFormat;
pub use reply::{IncompleteReply, Reply};
pub use request::ChatRequest;
pub use response_format::{JsonSchema, ResponseFormat};
pub use role::Role;
pub use tool::{Tool, ToolCall, ToolChoice, ToolResult};
pub use usage::Usage;
