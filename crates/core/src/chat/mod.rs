//! What is asked and what is answered: plain values, without I/O.

mod event;
mod finish;
mod message;
mod messages;
mod parameter;
mod prompt;
mod reply;
mod request;
mod role;
mod usage;

pub use event::{ProgressKind, ReplyEvent};
pub use finish::{Finish, FinishReason};
pub use message::Message;
pub use messages::Messages;
pub use parameter::Parameter;
pub use prompt::PromptFormat;
pub use reply::{IncompleteReply, Reply};
pub use request::ChatRequest;
pub use role::Role;
pub use usage::Usage;
