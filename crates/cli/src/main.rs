//! The `chatwire` program: asks web-chat backends that need no API key.
//!
//! Run `chatwire --help` for what it can do.

mod args;
mod ask;
mod chat;
mod code_block;
mod conversation;
mod exit;
mod history;
mod markdown;
mod meter;
mod mock;
mod output;
mod prompt;
mod providers;
mod runtime;
mod spinner;
mod style;
mod target;
mod terminal;
mod writer;

use clap::Parser as _;

fn main() -> ! {
    let cli = args::Cli::parse();
    let code = match cli.command {
        args::Command::Ask(args) => ask::run(&args, &cli.general),
        args::Command::Chat(args) => chat::run(&args, &cli.general),
        args::Command::Providers(args) => providers::run(&args),
    };
    // Not a return: a thread may still wait for standard input, and nobody
    // waits for it any more.
    std::process::exit(code)
}
