//! What the mocks of the model APIs (OpenAI, Anthropic) have in common.

mod api_server;
mod builder;
mod content;
mod events;
mod openai_body;
mod openai_error;
mod openai_server;
mod received;
mod reply;
mod whole;

pub use builder::ApiMockBuilder;
pub use received::ApiReceived;
pub use reply::ApiReply;

pub(super) use api_server::{ApiServer, MODEL};
pub(super) use content::{has_empty_text, text_of};
pub(super) use events::Events;
pub(super) use openai_body::{check_decimal, openai_body};
pub(super) use openai_error::{OpenAiError, failure, server_error};
pub(super) use openai_server::openai_respond;
pub(super) use reply::{End, Part};
pub(super) use whole::whole;
