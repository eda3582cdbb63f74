//! The `chatwire` program: asks web-chat servers that need no API key.
//!
//! Run `chatwire --help` for what it can do.

mod answer;
mod args;
mod bounded;
mod cli;
mod commands;
mod conversation;
mod endpoints;
mod failure;
mod files;
mod log;
mod runtime;
mod signals;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    no_core_file();
    cli::Cli::read()
        .run()
        .unwrap_or_else(|failure| failure.report())
}

/// Keeps secrets in memory out of a file that a crash leaves behind.
fn no_core_file() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        // Without it, everything else works as well.
        let _ = setrlimit(Resource::Core, none);
    }
}
