//! What is sent: a single question, or a conversation.

mod chatgpt;
mod image;
mod input;
mod messages;
mod prompt;
mod talk;
mod text;

pub(crate) use image::image;
pub(crate) use prompt::request;
pub(crate) use talk::Conversation;
