//! Choosing a server: from command line, environment and configuration to a
//! provider.

mod choice;
mod environment;
mod file;
mod mock;
mod part;
mod recognise;
mod settings;
mod target;

pub(crate) use environment::{model, variable};
pub(crate) use file::{Configuration, place};
pub(crate) use mock::start as start_mock;
pub(crate) use part::Part;
pub(crate) use settings::{certificates, secret_argument};
pub(crate) use target::Target;
