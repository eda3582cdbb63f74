//! What is sent: a single question, or a conversation.

mod chatgpt;
mod image;
mod input;
mod messages;
mod past;
mod piped;
mod prompt;
mod schema;
mod talk;
mod text;

pub(crate) use image::image;
pub(crate) use messages::read_messages;
pub(crate) use past::{Past, is_wanted, new_file, past};
pub(crate) use piped::Piped;
pub(crate) use prompt::request;
pub(crate) use schema::read_schema;
pub(crate) use talk::Conversation;
