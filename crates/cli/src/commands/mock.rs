//! `chatwire mock`: mock servers for other clients.

use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chatwire::HttpConfig;
use chatwire_mock::{AnyMock, Fault, Replay};
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::mock_record::{self, Recorder};
use super::mock_script::{self, Script};
use crate::args::address;
use crate::endpoints::certificates;
use crate::failure::Failure;
use crate::runtime;
use crate::terminal::say;

/// Any free port of the loopback interface.
const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

const EXAMPLES: &str = "\
Examples:
  chatwire mock
  chatwire mock --aura 3000 --script answers.toml
  chatwire mock openai --fault body-stall
  chatwire mock --anthropic 8080 --fault late-error
  chatwire mock --record https://api.example.org --to recordings
  chatwire mock --replay recordings --listen 8080 --speed 2
";

/// Run mock servers to test clients with
///
/// Prints the addresses of the servers on standard output and their requests on
/// standard error, until it is stopped. Without a port, all of them run.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_long_help = help())]
pub(crate) struct MockArgs {
    /// Protocols to speak on any free port: openai (chat completions), responses,
    /// anthropic, ai-sdk, aura, chatgpt4online, magickpen
    #[arg(value_name = "PROTOCOL", value_parser = PossibleValuesParser::new(AnyMock::names()))]
    protocols: Vec<String>,

    /// Port or address of an openchat-ui server; 0 is any free port
    #[arg(long, value_name = "PORT", value_parser = address)]
    aura: Option<SocketAddr>,

    /// Port or address of a WordPress site with AI Engine
    #[arg(long, value_name = "PORT", value_parser = address)]
    chatgpt4online: Option<SocketAddr>,

    /// Port or address of a MagickPen server
    #[arg(long, value_name = "PORT", value_parser = address)]
    magickpen: Option<SocketAddr>,

    /// Port or address of a server built with the AI SDK
    #[arg(long, value_name = "PORT", value_parser = address)]
    ai_sdk: Option<SocketAddr>,

    /// Port or address of a server with OpenAI's chat completions
    #[arg(long, value_name = "PORT", value_parser = address)]
    openai: Option<SocketAddr>,

    /// Port or address of a server with OpenAI's Responses API
    #[arg(long, value_name = "PORT", value_parser = address)]
    responses: Option<SocketAddr>,

    /// Port or address of a server with Anthropic's Messages API
    #[arg(long, value_name = "PORT", value_parser = address)]
    anthropic: Option<SocketAddr>,

    /// Fault that every answer has, such as body-stall or body-stall=100; see --help
    #[arg(long, value_name = "FAULT")]
    fault: Option<Fault>,

    /// Pass requests on to this server, and record what it sends with its pieces
    /// and times; see --help for what is taken out
    #[arg(long, value_name = "URL", requires = "to", conflicts_with_all = [
        "protocols", "aura", "chatgpt4online", "magickpen", "ai_sdk", "openai", "responses",
        "anthropic", "fault", "script", "replay",
    ])]
    record: Option<String>,

    /// Folder for the recordings, which only you can read
    #[arg(long, value_name = "DIR", requires = "record")]
    to: Option<PathBuf>,

    /// File with certificates in PEM to trust besides the system's when recording
    #[arg(long, value_name = "FILE", requires = "record")]
    ca_file: Option<PathBuf>,

    /// Play the recordings of this folder: each request gets the next one of its
    /// method and path, at the recorded pace, and after the last the first again
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "protocols", "aura", "chatgpt4online", "magickpen", "ai_sdk", "openai", "responses",
        "anthropic", "fault", "script",
    ])]
    replay: Option<PathBuf>,

    /// Port or address to record or to play recordings on [default: any free port]
    #[arg(long, value_name = "PORT", value_parser = address)]
    listen: Option<SocketAddr>,

    /// How many times as fast as recorded; 0 is without pauses
    #[arg(long, value_name = "FACTOR", value_parser = speed, default_value = "1",
          allow_negative_numbers = true, requires = "replay")]
    speed: f64,

    /// TOML file with answers, faults and a model; see --help
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
}

/// The faults, and how a script is written.
fn help() -> String {
    let mut help = String::from("Faults:\n");
    for fault in Fault::all() {
        let value = if fault.takes_value() { "=N" } else { "" };
        let name = format!("{}{value}", fault.name());
        help.push_str(&format!("  {name:<16}{}\n", fault.description()));
    }
    help.push_str(
        "  N is optional: without it, half of the body or of its events comes, and 30\n  \
         bytes of the head. What is not streamed has no events.\n\n",
    );
    help.push_str(
        "Recordings:\n  \
         Taken out of what is recorded, with every repetition of the value: headers,\n  \
         parameters, form fields and JSON members whose names have auth, cookie, key,\n  \
         nonce, password, secret, session, signature, token and the like in them.\n  \
         Questions and answers stay, and so do secrets under other names, of fewer than\n  \
         8 characters, and within bytes that are no text: look at a recording before you\n  \
         give it away. Exchanges over 16 MiB are passed on and not recorded, and so is what\n  \
         comes once a folder has 10,000 recordings or 256 MiB of them. Compressed answers\n  \
         are not asked for.\n\n",
    );
    help + mock_script::HELP
}

/// Runs them until they are stopped.
pub(crate) fn run(args: &MockArgs) -> Result<ExitCode, Failure> {
    match runtime::run(runtime::until_signal(serve(args))) {
        // Being stopped is the normal end.
        Err(Failure::Cancelled(_)) => Ok(ExitCode::SUCCESS),
        ended => ended,
    }
}

/// Reads how fast recordings are played.
fn speed(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|speed: &f64| speed.is_finite() && *speed >= 0.0)
        .ok_or_else(|| "expected a number such as 2 or 0.5".to_owned())
}

async fn record(url: &str, folder: &Path, args: &MockArgs) -> Result<ExitCode, Failure> {
    let mut http = HttpConfig::new();
    if let Some(file) = &args.ca_file {
        http = http.with_root_certificates(certificates(file)?);
    }
    let recorder = Recorder::new(url, folder.to_owned(), http)?;
    let address = args.listen.unwrap_or(ANY_PORT);
    let started = mock_record::start(recorder, address).await;
    let server = started.map_err(|error| cannot_listen(address, &error))?;
    writeln!(io::stdout(), "record {}", server.url())?;
    until_stopped("Ctrl-C stops the recording").await
}

async fn play(folder: &Path, args: &MockArgs) -> Result<ExitCode, Failure> {
    let name = folder.display().to_string();
    let wrong = |why: String| Failure::Usage(format!("recordings {name:?}: {why}"));
    let replay = Replay::read_dir(folder).map_err(|error| wrong(error.to_string()))?;
    if replay.is_empty() {
        return Err(wrong("there are none".to_owned()));
    }
    let address = args.listen.unwrap_or(ANY_PORT);
    let started = replay.serve(address, args.speed).await;
    let server = started.map_err(|error| cannot_listen(address, &error))?;
    writeln!(io::stdout(), "replay {}", server.url())?;
    until_stopped("Ctrl-C stops the mock server").await
}

async fn serve(args: &MockArgs) -> Result<ExitCode, Failure> {
    if let (Some(url), Some(folder)) = (&args.record, &args.to) {
        return record(url, folder, args).await;
    }
    if let Some(folder) = &args.replay {
        return play(folder, args).await;
    }
    let script = match &args.script {
        Some(file) => Script::read(file)?,
        None => Script::default(),
    };
    let asked = [
        ("magickpen", args.magickpen),
        ("chatgpt4online", args.chatgpt4online),
        ("aura", args.aura),
        ("ai-sdk", args.ai_sdk),
        ("openai", args.openai),
        ("responses", args.responses),
        ("anthropic", args.anthropic),
    ];
    let all = args.protocols.is_empty() && asked.iter().all(|(_, address)| address.is_none());
    let mut mocks = Vec::new();
    for (name, address) in asked {
        let is_named = all || args.protocols.iter().any(|protocol| protocol == name);
        let Some(address) = address.or(is_named.then_some(ANY_PORT)) else {
            continue;
        };
        let started = AnyMock::bind(name, address).await;
        let mock = started.map_err(|error| cannot_listen(address, &error))?;
        prepare(&mock, &script);
        mock.fault(args.fault);
        writeln!(io::stdout(), "{name} {}", mock.base_url())?;
        mocks.push(mock);
    }
    until_stopped("Ctrl-C stops the mock servers").await
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> Failure {
    Failure::Usage(format!("cannot listen on {address}: {error}"))
}

/// Says how the servers are stopped, and waits for that.
async fn until_stopped(how: &str) -> Result<ExitCode, Failure> {
    io::stdout().flush()?;
    say(how);
    std::future::pending().await
}

fn prepare(mock: &AnyMock, script: &Script) {
    let name = mock.provider();
    script.prepare(mock);
    // Sees every request first and answers none of them.
    mock.answer_with(move |request| {
        say(&format!("{name} {} {}", request.method, request.target));
        None
    });
}
