//! The command line as a whole, and what each command runs.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::args::General;
use crate::commands::{
    ask, chat, check, config, conform, history, manual, mock, models, providers, serve,
};
use crate::failure::Failure;
use crate::terminal::exact;

/// Puts the examples between the usage and the options, where they are seen first.
const TEMPLATE: &str = "\
{about-with-newline}
{usage-heading} {usage}

{before-help}{all-args}{after-help}";

const EXAMPLES: &str = "\
Examples:
  chatwire ask --mock \"Why is the sky blue?\"
  chatwire ask -u http://localhost:3000 \"Why is the sky blue?\"
  git diff | chatwire ask -u http://localhost:3000 \"Write a commit message:\"
  chatwire chat -u http://localhost:3000
  chatwire serve --mock
";

const MORE: &str = "\
Environment variables, used where a flag is not given:
  CHATWIRE_BASE_URL  CHATWIRE_PROVIDER  CHATWIRE_ENDPOINT  CHATWIRE_MODEL
  CHATWIRE_PROXY     CHATWIRE_TIMEOUT   CHATWIRE_CONFIG    CHATWIRE_HISTORY
  NO_COLOR

Exit codes:
  0  answered                       5    rate limited
  1  any other error                6    network error or timeout
  2  wrong usage                    7    refused, or not an answer
  3  no such provider or model      8    cut off; the text so far is printed
  4  credentials refused            130  interrupted
";

/// Ask web-chat servers that need no API key
#[derive(Debug, Parser)]
#[command(name = "chatwire", version = env!("CHATWIRE_VERSION"))]
#[command(before_help = EXAMPLES, after_long_help = MORE)]
#[command(after_help = "Run `chatwire COMMAND --help` for the options of a command.")]
pub(crate) struct Cli {
    #[command(flatten)]
    general: General,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Ask(Box<ask::AskArgs>),
    Chat(Box<chat::ChatArgs>),
    Models(Box<models::ModelsArgs>),
    Check(Box<check::CheckArgs>),
    Serve(Box<serve::ServeArgs>),
    Mock(Box<mock::MockArgs>),
    Conform(Box<conform::ConformArgs>),
    Config(config::ConfigArgs),
    History(history::HistoryArgs),
    Providers(providers::ProvidersArgs),
    Completions(manual::CompletionsArgs),
    Man(manual::ManArgs),
}

impl Cli {
    /// Reads the arguments; ends the program with a message if they are wrong.
    pub(crate) fn read() -> Cli {
        let mut command = command();
        command
            .try_get_matches_from_mut(std::env::args_os())
            .and_then(|matches| Cli::from_arg_matches(&matches))
            .map_err(|error| error.format(&mut command))
            .unwrap_or_else(|error| exit(&error))
    }

    /// Runs the command.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let general = &self.general;
        match self.command {
            Command::Ask(args) => ask::run(&args, general),
            Command::Chat(args) => chat::run(&args, general),
            Command::Models(args) => models::run(&args, general),
            Command::Check(args) => check::run(&args, general),
            Command::Serve(args) => serve::run(&args, general),
            Command::Mock(args) => mock::run(&args),
            Command::Conform(args) => conform::run(&args),
            Command::Config(args) => config::run(&args, general),
            Command::History(args) => history::run(&args),
            Command::Providers(args) => providers::run(&args),
            Command::Completions(args) => manual::completions(&args, command()),
            Command::Man(args) => manual::man(&args, command()),
        }
    }
}

/// Ends the program with a message, which may repeat arguments: what a terminal
/// may not be sent is taken out of them.
fn exit(error: &clap::Error) -> ! {
    let plain = error.render().to_string();
    if let Cow::Owned(shown) = exact(&plain) {
        let _ = io::stderr().write_all(shown.as_bytes());
        std::process::exit(error.exit_code());
    }
    error.exit()
}

/// The description of the command line, from which help, completions and
/// manual pages are made.
fn command() -> clap::Command {
    with_template(Cli::command())
}

fn with_template(command: clap::Command) -> clap::Command {
    command
        .help_template(TEMPLATE)
        .mut_subcommands(with_template)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_consistent() {
        command().debug_assert();
    }
}
