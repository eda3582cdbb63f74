//! Arguments that several commands share.

mod conversation;
mod general;
mod log;
mod output;
mod target;
mod values;

pub(crate) use conversation::{ConversationArgs, QuestionArgs};
pub(crate) use general::{ColorWhen, General};
pub(crate) use log::{LogArgs, LogFormat};
pub(crate) use output::{JsonArg, OutputArgs, PictureArgs};
pub(crate) use target::{DEFAULT_PROVIDER, TargetArgs};
pub(crate) use values::{address, limit};
