//! `chatwire serve`: the gateway.

use std::net::SocketAddr;
use std::process::ExitCode;

use chatwire_config::{Config, ConfigErrors};
use chatwire_mock::AnyMock;
use clap::Args;
use tokio::net::TcpListener;

use crate::args::{General, address};
use crate::endpoints::{Configuration, start_mock};
use crate::failure::Failure;
use crate::runtime;
use crate::signals;
use crate::terminal::{say, show_warnings};

const EXAMPLES: &str = "\
Examples:
  chatwire serve --mock
  chatwire serve --config chatwire.toml --listen 8080
  chatwire serve --check
";

/// Serve the APIs of OpenAI, Anthropic and Ollama for the endpoints of the
/// configuration
///
/// Programs that speak one of them then reach every endpoint as a model, at
/// /v1/chat/completions, /v1/responses, /v1/completions, /v1/messages, /api/chat
/// and /api/generate.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    /// Port or address to listen on [default: the configuration's, or
    /// 127.0.0.1:1337]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    listen: Option<SocketAddr>,

    /// Serve mocks of all providers, for a first try
    #[arg(long)]
    mock: bool,

    /// Check the configuration and exit
    #[arg(long)]
    check: bool,
}

/// Serves until a signal stops it.
pub(crate) fn run(args: &ServeArgs, general: &General) -> Result<ExitCode, Failure> {
    runtime::run_on_all_cores(serve(args, general))
}

async fn serve(args: &ServeArgs, general: &General) -> Result<ExitCode, Failure> {
    show_warnings();
    let file = Configuration::find(general)?;
    let config = file.parse()?;
    // They answer until they are dropped.
    let mocks = if args.mock {
        start_mocks().await?
    } else {
        Vec::new()
    };
    let builder = if args.mock {
        with_endpoints(&mocks).and_then(|config| config.gateway())
    } else if config.endpoint_names().next().is_some() {
        config.gateway()
    } else {
        return Err(Failure::Usage(format!(
            "there are no endpoints in {}: add some with `chatwire config edit`, or try --mock",
            file.path.display()
        )));
    };
    let builder = builder.map_err(|errors| file.mistakes(&errors))?;
    let gateway = builder.build()?;
    if args.check {
        say(&format!("{}: no mistakes", file.path.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let address = args.listen.unwrap_or_else(|| config.listen());
    let cannot = |error| Failure::Usage(format!("cannot listen on {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let bound = listener.local_addr().map_err(cannot)?;
    let shutdown = async {
        let _ = signals::any().await;
    };
    if args.mock {
        say("the answers come from mocks inside this program, not from a model");
    }
    say(&format!("serving the OpenAI API on http://{bound}/v1"));
    gateway.serve(listener, shutdown).await.map_err(cannot)?;
    Ok(ExitCode::SUCCESS)
}

async fn start_mocks() -> Result<Vec<AnyMock>, Failure> {
    let mut mocks = Vec::new();
    for kind in chatwire::providers() {
        mocks.push(start_mock(kind.name).await?);
    }
    Ok(mocks)
}

/// A configuration whose endpoints are the mocks.
fn with_endpoints(mocks: &[AnyMock]) -> Result<Config, ConfigErrors> {
    let mut text = String::new();
    for mock in mocks {
        let (name, url) = (mock.provider(), mock.base_url());
        text.push_str(&format!(
            "[endpoints.{name}]\nprovider = {name:?}\nbase_url = {url:?}\nhttp.proxy = \"off\"\n"
        ));
    }
    Config::parse(&text)
}
