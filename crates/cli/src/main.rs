//! The `chatwire` program: asks web-chat servers that need no API key.
//!
//! Run `chatwire --help` for what it can do.

mod answer;
mod args;
mod cli;
mod commands;
mod conversation;
mod endpoints;
mod failure;
mod runtime;
mod signals;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::Cli::read()
        .run()
        .unwrap_or_else(|failure| failure.report())
}
