//! The `chatwire` program: asks web-chat backends that need no API key.
//!
//! Run `chatwire --help` for what it can do.

mod args;
mod ask;
mod chat;
mod check;
mod code_block;
mod config;
mod config_command;
mod conversation;
mod dry_run;
mod exit;
mod history;
mod manual;
mod markdown;
mod meter;
mod mock;
mod mock_command;
mod mock_script;
mod models;
mod output;
mod prompt;
mod providers;
mod requests;
mod runtime;
mod serve;
mod signals;
mod spinner;
mod style;
mod target;
mod terminal;
mod warnings;
mod writer;

use clap::Parser as _;

fn main() -> ! {
    let cli = args::Cli::parse();
    let code = match cli.command {
        args::Command::Ask(args) => ask::run(&args, &cli.general),
        args::Command::Chat(args) => chat::run(&args, &cli.general),
        args::Command::Providers(args) => providers::run(&args),
        args::Command::Config(command) => config_command::run(&command, &cli.general),
        args::Command::Check(args) => check::run(&args, &cli.general),
        args::Command::Models(args) => models::run(&args, &cli.general),
        args::Command::Serve(args) => serve::run(&args, &cli.general),
        args::Command::Mock(args) => mock_command::run(&args),
        args::Command::Completions(args) => manual::completions(&args),
        args::Command::Man(args) => manual::man(&args),
    };
    // Not a return: a thread may still wait for standard input, and nobody
    // waits for it any more.
    std::process::exit(code)
}
