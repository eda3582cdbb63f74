//! The `chatwire` program: asks web-chat backends that need no API key.
//!
//! Run `chatwire --help` for what it can do.

mod args;
mod ask;
mod exit;
mod mock;
mod output;
mod prompt;
mod providers;
mod runtime;
mod target;
mod terminal;

use clap::Parser as _;

fn main() -> ! {
    let cli = args::Cli::parse();
    let code = match cli.command {
        args::Command::Ask(args) => ask::run(&args),
        args::Command::Providers(args) => providers::run(&args),
    };
    // Not a return: a thread may still wait for standard input, and nobody
    // waits for it any more.
    std::process::exit(code)
}
