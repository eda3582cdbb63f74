//! The commands, each with its own arguments.

pub(crate) mod ask;
pub(crate) mod chat;
mod chat_input;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod conform;
mod dry_run;
pub(crate) mod history;
pub(crate) mod manual;
pub(crate) mod mock;
mod mock_record;
mod mock_script;
pub(crate) mod models;
pub(crate) mod providers;
pub(crate) mod serve;
