use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::args::{LogArgs, TargetArgs, address};

const EXAMPLES: &str = "\
Examples:
  chatwire serve --mock
  chatwire serve -u http://localhost:3000
  chatwire serve --config chatwire.toml --listen 8080
  chatwire serve --check
";

const MORE: &str = "\
Keys of the configuration (`chatwire config edit`; a JSON schema of all keys:
`chatwire config schema`):

  [aliases]
  NAME = MODEL or [MODEL, …]   another name of a model, such as \"home\" or
                               \"home/openchat_3.6\"; of several, the next one
                               is asked when one fails

  [endpoints.NAME]
  tools            \"emulate\": its models can call tools although the server has
                   none, which can take several questions for each answer (\"off\").
                   Structured output, and a call that the request forces, need no
                   setting

  [gateway]
  listen           address, such as \"127.0.0.1:1337\"
  api_keys         { env = \"NAME\" }, { file = \"PATH\" } or a list of them; one
                   key of at least 16 characters per line
  allowed_hosts    names in the Host header beside localhost and addresses,
                   such as \"*.example.org\"; with a key, every name is
  allowed_origins  origins of web pages, such as \"https://app.example\",
                   \"http://localhost:*\" or \"app://obsidian.md\"
  page             a page to chat on at / for browsers (true)
  prompts          folder with instructions for structured output and tools, in
                   place of those of the program
  strict           refuse parameters that have no effect (false)
  usage            \"estimate\" tokens that a server does not count, or \"off\"
  retries          repetitions of a failed attempt (0)
  retry_delay      wait before the first of them (\"500ms\")
  keep_alive       longest silence in a stream (\"9s\")
  grace            time for running replies after a stop (\"20s\")

  [gateway.limits]
  body, header                  size of a request (\"4MiB\", \"32KiB\")
  header_read, body_read, idle  times (\"10s\", \"30s\", \"75s\")
  connections, requests         numbers at the same time (1024, 640)
  buffered                      bytes that wait, of all clients (\"256MiB\")
  unauthenticated, unauthenticated_connections, wrong_key_delay
                                for clients without a valid key: time, number
                                per address, wait (\"5s\", 64, \"1s\")
  linger                        reading on after a refusal (\"2s\")

SIGHUP reads the configuration again; one with mistakes is not used. SIGTERM
and Ctrl-C let running replies end; a second one does not.
";

/// Serve the APIs of OpenAI, Anthropic and Ollama for the endpoints of the
/// configuration
///
/// Programs that speak one of them then reach every endpoint as a model, at
/// /v1/chat/completions, /v1/responses, /v1/completions, /v1/messages, /api/chat
/// and /api/generate. Each request is one line of the log on standard error: what was asked and
/// answered is not in it.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_long_help = MORE)]
pub(crate) struct ServeArgs {
    /// Port or address to listen on, such as 8080, localhost:8080 or [::1]:8080
    /// [default: the configuration's, or 127.0.0.1:1337]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(super) listen: Option<SocketAddr>,

    /// Serve mocks of all providers, or of the one that -p names, for a first try
    #[arg(long, conflicts_with = "base_url")]
    pub(super) mock: bool,

    /// TOML file with what the mocks answer; `chatwire mock --help` says how it is
    /// written
    #[arg(long, value_name = "FILE", requires = "mock")]
    pub(super) script: Option<PathBuf>,

    /// Check the configuration and exit
    #[arg(long)]
    pub(super) check: bool,

    /// API key that clients must send, in place of the configuration's.
    /// api_key_env=VARIABLE and api_key_file=PATH keep it out of the arguments,
    /// which other users of this machine can see [default without a
    /// configuration: the variable CHATWIRE_API_KEY]
    #[arg(long, value_name = "KEY")]
    pub(super) api_key: Option<String>,

    /// Address of a server, such as http://localhost:3000, in place of the
    /// endpoints of the configuration
    #[arg(short = 'u', long, value_name = "URL", help_heading = "Server")]
    pub(super) base_url: Option<String>,

    /// Kind of that server; `chatwire providers` lists them [default: found out]
    #[arg(short, long, value_name = "PROVIDER", help_heading = "Server")]
    pub(super) provider: Option<String>,

    /// Setting of the provider, as KEY=VALUE, KEY_env=VARIABLE or KEY_file=PATH
    #[arg(short, long, value_name = "KEY=VALUE", help_heading = "Server")]
    pub(super) option: Vec<String>,

    /// "emulate": its models can call tools although the server has none, which can
    /// take several questions for each answer. Structured output, and a call that
    /// the request forces, need no setting [default: off]
    #[arg(long, value_name = "MODE", value_parser = ["emulate", "off"], help_heading = "Server")]
    pub(super) tools: Option<String>,

    /// Header to add to every request to the server, as 'NAME: VALUE',
    /// NAME_env=VARIABLE or NAME_file=PATH
    #[arg(long, value_name = "NAME: VALUE", help_heading = "Server")]
    pub(super) header: Vec<String>,

    /// Proxy to the server, as an address, "off", proxy_env=VARIABLE or
    /// proxy_file=PATH
    #[arg(long, value_name = "URL", help_heading = "Server")]
    pub(super) proxy: Option<String>,

    /// File with certificates in PEM to trust besides the system's
    #[arg(long, value_name = "FILE", help_heading = "Server")]
    pub(super) ca_file: Option<PathBuf>,

    /// Accept every certificate. Whoever is between you and the server can then
    /// read and change everything
    #[arg(long, help_heading = "Server")]
    pub(super) insecure: bool,

    #[command(flatten)]
    pub(super) log: LogArgs,
}

impl ServeArgs {
    /// Whether a server is named by the arguments.
    pub(super) fn names_server(&self) -> bool {
        self.base_url.is_some() || self.provider.is_some()
    }

    /// The server of the arguments, as `ask` has it.
    pub(super) fn target(&self) -> TargetArgs {
        TargetArgs {
            base_url: self.base_url.clone(),
            provider: self.provider.clone(),
            endpoint: Vec::new(),
            mock: self.mock,
            model: None,
            option: self.option.clone(),
            header: self.header.clone(),
            proxy: self.proxy.clone(),
            ca_file: self.ca_file.clone(),
            insecure: self.insecure,
            timeout: None,
            webdriver: None,
            session_file: None,
            nothing_sent: self.check,
        }
    }
}
