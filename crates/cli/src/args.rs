//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::style::ColorWhen;

/// The provider that is asked when none is named: it needs no credentials, and
/// openchat-ui and Chatbot-UI servers are the easiest to run.
pub(crate) const DEFAULT_PROVIDER: &str = "aura";

const EXAMPLES: &str = "\
Examples:
  chatwire ask --mock \"Why is the sky blue?\"
  chatwire ask -p aura -u http://localhost:3000 \"Why is the sky blue?\"
  git diff | chatwire ask -u http://localhost:3000 \"Write a commit message:\"
  chatwire chat -u http://localhost:3000
  chatwire serve --mock
";

const ASK_EXAMPLES: &str = "\
Examples:
  chatwire ask --mock \"Why is the sky blue?\"
  chatwire ask -p chatgpt4online -u https://example.org/blog \"Why?\"
  cat notes.txt | chatwire ask -u http://localhost:3000 \"Summarise:\"
  chatwire ask --mock --jsonl \"Why?\" | jq -r .text
";

const CHAT_EXAMPLES: &str = "\
Examples:
  chatwire chat --mock
  chatwire chat -u http://localhost:3000 -s \"Be brief.\"
  chatwire chat -u http://localhost:3000 --messages saved.json
";

const SERVE_EXAMPLES: &str = "\
Examples:
  chatwire serve --mock
  chatwire serve --config chatwire.toml --listen 127.0.0.1:8080
  chatwire serve --check
";

const CHECK_EXAMPLES: &str = "\
Examples:
  chatwire check
  chatwire check home --json
  chatwire check -p chatgpt4online -u https://example.org/blog
";

const MODELS_EXAMPLES: &str = "\
Examples:
  chatwire models home
  chatwire models -p aura -u http://localhost:3000
";

const MOCK_EXAMPLES: &str = "\
Examples:
  chatwire mock
  chatwire mock --aura 3000 --script answers.toml
";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  chatwire completions bash > ~/.local/share/bash-completion/completions/chatwire
  chatwire completions zsh > ~/.zfunc/_chatwire
  chatwire completions fish > ~/.config/fish/completions/chatwire.fish
  chatwire completions powershell >> $PROFILE
";

const PROVIDERS_EXAMPLES: &str = "\
Examples:
  chatwire providers
  chatwire providers --json | jq -r '.[].name'
";

const CONFIG_EXAMPLES: &str = "\
Examples:
  chatwire config edit
  chatwire config check --config ./chatwire.toml
";

const MAN_EXAMPLES: &str = "\
Examples:
  chatwire man | man -l -
  chatwire man ~/.local/share/man/man1
";

const ENVIRONMENT: &str = "\
Environment, after the flags and before the configuration file:
  CHATWIRE_ENDPOINT  CHATWIRE_PROVIDER  CHATWIRE_BASE_URL  CHATWIRE_MODEL
  CHATWIRE_PROXY     CHATWIRE_TIMEOUT   CHATWIRE_CONFIG    NO_COLOR
";

const EXIT_CODES: &str = "\
Exit codes:
  0 answered          1 other error       2 wrong use         3 no such provider or model
  4 credentials       5 rate limited      6 network, timeout  7 refused or wrong answer
  8 cut off (the text so far is on standard output)           130 Ctrl-C
";

/// Asks web-chat backends that need no API key.
#[derive(Debug, Parser)]
#[command(name = "chatwire", version = env!("CHATWIRE_VERSION"), before_help = EXAMPLES,
    after_help = format!("{EXIT_CODES}\n{ENVIRONMENT}"))]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) general: General,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What holds for every command.
#[derive(Debug, Args)]
pub(crate) struct General {
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,

    /// The configuration file [default: chatwire/chatwire.toml in the folder
    /// for configurations; CHATWIRE_CONFIG names another]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ask(Box<AskArgs>),
    Chat(Box<ChatArgs>),
    Providers(ProvidersArgs),
    /// Show, change and check the configuration
    #[command(subcommand, before_help = CONFIG_EXAMPLES)]
    Config(ConfigCommand),
    Check(Box<CheckArgs>),
    Models(Box<ModelsArgs>),
    Serve(ServeArgs),
    Mock(MockArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Ask a question; the answer goes to standard output as it arrives.
///
/// The question comes from the arguments, from standard input, or from both:
/// arguments, a blank line, input. Everything but the answer goes to standard
/// error.
#[derive(Debug, Args)]
#[command(before_help = ASK_EXAMPLES, after_help = EXIT_CODES)]
pub(crate) struct AskArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,

    /// Instructions for the model, before the conversation
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) system: Option<String>,

    /// How free the answer is: 0 (always the likeliest word) to 2, where the
    /// provider can
    #[arg(short, long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub(crate) temperature: Option<f32>,

    /// The longest answer in tokens, where the provider can
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<u32>,

    /// A conversation to go on with: a JSON array of {"role", "content"};
    /// - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) messages: Option<PathBuf>,

    /// A text file that the question is about, added with its name; can be
    /// given several times
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Vec<PathBuf>,

    /// Print the first code block of the answer and nothing else
    #[arg(short = 'x', long = "extract", conflicts_with_all = ["json", "jsonl"])]
    pub(crate) extract: bool,

    /// Say on standard error how long it took, and how much there was
    #[arg(long)]
    pub(crate) usage: bool,

    /// Show the requests that would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Ask up to so many times more when that can help, before any text came
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) retry: usize,

    /// Print the answer when it is whole
    #[arg(long)]
    pub(crate) no_stream: bool,

    /// Print one JSON object at the end
    #[arg(long, conflicts_with = "jsonl")]
    pub(crate) json: bool,

    /// Print one JSON object an event
    #[arg(long)]
    pub(crate) jsonl: bool,

    /// Show Markdown on a terminal as it is
    #[arg(long)]
    pub(crate) raw: bool,

    /// The question
    #[arg(value_name = "PROMPT")]
    pub(crate) prompt: Vec<String>,
}

/// Talk in turns, with everything said before.
///
/// A line that begins with / is a command; /help lists them. Ctrl-C stops an
/// answer, Ctrl-D leaves.
#[derive(Debug, Clone, Args)]
#[command(before_help = CHAT_EXAMPLES)]
pub(crate) struct ChatArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,

    /// Instructions for the model, before the conversation
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) system: Option<String>,

    /// How free the answers are: 0 (always the likeliest word) to 2, where the
    /// provider can
    #[arg(short, long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub(crate) temperature: Option<f32>,

    /// A conversation to go on with: a JSON array of {"role", "content"}
    #[arg(long, value_name = "FILE")]
    pub(crate) messages: Option<PathBuf>,

    /// Show Markdown as it is
    #[arg(long)]
    pub(crate) raw: bool,

    /// Keep no history of what was typed
    #[arg(long)]
    pub(crate) no_history: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print where the file is, or would be
    Path,
    /// Print the file without secrets and comments
    Show,
    /// Open the file in your editor, then check it
    Edit,
    /// Say what is wrong with the file, with line and key
    Check,
}

/// Serve the OpenAI API for the endpoints of the configuration.
///
/// Programs that speak the OpenAI API then reach every endpoint as a model.
#[derive(Debug, Args)]
#[command(before_help = SERVE_EXAMPLES)]
pub(crate) struct ServeArgs {
    /// Where to listen [default: the configuration's, or 127.0.0.1:1337]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,

    /// Serve a mock of every provider, for a first try
    #[arg(long)]
    pub(crate) mock: bool,

    /// Check the configuration, and serve nothing
    #[arg(long)]
    pub(crate) check: bool,
}

/// Try endpoints step by step, and say what fails and what to do.
///
/// Name lookup, connection, TLS, credentials, a tiny question.
#[derive(Debug, Args)]
#[command(before_help = CHECK_EXAMPLES, after_help = EXIT_CODES)]
pub(crate) struct CheckArgs {
    /// Endpoints of the configuration [default: all]
    #[arg(value_name = "ENDPOINT", conflicts_with_all = ["provider", "base_url"])]
    pub(crate) names: Vec<String>,

    #[command(flatten)]
    pub(crate) target: TargetArgs,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the models of a server, asking it where the protocol can.
#[derive(Debug, Args)]
#[command(before_help = MODELS_EXAMPLES)]
pub(crate) struct ModelsArgs {
    /// An endpoint of the configuration [default: the default one]
    #[arg(value_name = "ENDPOINT", conflicts_with_all = ["provider", "base_url", "endpoint"])]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) target: TargetArgs,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Run mock servers until stopped, to test other clients with.
///
/// Their addresses go to standard output, their requests to standard error.
#[derive(Debug, Args)]
#[command(before_help = MOCK_EXAMPLES, after_help = crate::mock_script::HELP)]
pub(crate) struct MockArgs {
    /// An openchat-ui server on this port or address; 0 is any free port
    #[arg(long, value_name = "PORT", value_parser = address)]
    pub(crate) aura: Option<SocketAddr>,

    /// A WordPress site with AI Engine on this port or address
    #[arg(long, value_name = "PORT", value_parser = address)]
    pub(crate) chatgpt4online: Option<SocketAddr>,

    /// A MagickPen server on this port or address
    #[arg(long, value_name = "PORT", value_parser = address)]
    pub(crate) magickpen: Option<SocketAddr>,

    /// A TOML file with answers and faults
    #[arg(long, value_name = "FILE")]
    pub(crate) script: Option<PathBuf>,
}

/// Print completions for a shell.
#[derive(Debug, Args)]
#[command(before_help = COMPLETIONS_EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// Print the man page, or write all of them to a folder.
#[derive(Debug, Args)]
#[command(before_help = MAN_EXAMPLES)]
pub(crate) struct ManArgs {
    /// Where to write chatwire.1 and the pages of the commands
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}

/// Which server is asked, and how it is reached.
#[derive(Debug, Clone, Args)]
pub(crate) struct TargetArgs {
    /// An endpoint of the configuration; several are tried one after the other
    #[arg(short, long, value_name = "NAME", conflicts_with_all = ["provider", "base_url"])]
    pub(crate) endpoint: Vec<String>,

    /// The kind of server; `chatwire providers` lists them [default: aura]
    #[arg(short, long, value_name = "PROVIDER")]
    pub(crate) provider: Option<String>,

    /// The address of your server, for example http://localhost:3000
    #[arg(short = 'u', long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// The model to ask [default: the provider's]
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// A setting of the provider, see `chatwire providers`; KEY_env=NAME takes
    /// the value from the environment, KEY_file=PATH from a file
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub(crate) option: Vec<String>,

    /// Take the session from a real browser, through the WebDriver at this
    /// address (chromedriver, geckodriver, Selenium): for servers of aura behind
    /// a login
    #[arg(long, value_name = "URL")]
    pub(crate) webdriver: Option<String>,

    /// Take the session from a file: one that --webdriver wrote, a cookies.txt,
    /// the JSON of a cookie extension, or a HAR file. With --webdriver, new
    /// sessions are kept in it
    #[arg(long, value_name = "FILE")]
    pub(crate) session_file: Option<String>,

    /// A proxy: http://, https://, socks5:// or socks5h://
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,

    /// A header for every request, such as a cookie
    #[arg(long, value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,

    /// The longest time for the whole answer, in seconds [default: no limit on
    /// the whole; 10 for a connection, 120 for the first text, 60 of silence]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) timeout: Option<Duration>,

    /// Talk to a mock of the provider inside this program, for a first try
    #[arg(long, conflicts_with = "base_url")]
    pub(crate) mock: bool,
}

/// List the providers: kinds of servers, addresses, models, capabilities.
#[derive(Debug, Args)]
#[command(before_help = PROVIDERS_EXAMPLES)]
pub(crate) struct ProvidersArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A port of the loopback interface, or a whole address.
fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text
        .parse()
        .map(|port: u16| SocketAddr::from(([127, 0, 0, 1], port)));
    port.or_else(|_| text.parse())
        .map_err(|_| "not a port such as 3000, or an address such as 0.0.0.0:3000".to_owned())
}

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || "not a number of seconds above 0, for example 30".to_owned();
    let number: f64 = text.trim().parse().map_err(|_| wrong())?;
    match Duration::try_from_secs_f64(number) {
        Ok(limit) if !limit.is_zero() => Ok(limit),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn time_limits() {
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2500)));
        for wrong in ["0", "-1", "NaN", "inf", "", "5s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
