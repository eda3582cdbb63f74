use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values::limit;

/// The provider that is asked when none is named: it needs no credentials, and
/// openchat-ui and Chatbot-UI servers are the easiest to run.
pub(crate) const DEFAULT_PROVIDER: &str = "aura";

/// Which server is asked, and how it is reached.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct TargetArgs {
    /// Address of the server, such as http://localhost:3000
    #[arg(short = 'u', long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Kind of server; `chatwire providers` lists them [default: found
    /// out from -u, otherwise aura]
    #[arg(short, long, value_name = "PROVIDER")]
    pub(crate) provider: Option<String>,

    /// Endpoint of the configuration instead of -u and -p; can be repeated: the
    /// next one is asked when one fails
    #[arg(short, long, value_name = "NAME", conflicts_with_all = ["provider", "base_url"])]
    pub(crate) endpoint: Vec<String>,

    /// Ask a mock server inside this program, for a first try
    #[arg(long, conflicts_with = "base_url")]
    pub(crate) mock: bool,

    /// Model to ask [default: the provider's]
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// Setting of the provider; `chatwire providers` lists them. KEY_env=VARIABLE
    /// reads a secret from the environment and KEY_file=PATH from a file, because
    /// other users of this machine can see arguments
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub(crate) option: Vec<String>,

    /// Header to add to every request, such as a cookie; can be repeated.
    /// NAME_env=VARIABLE and NAME_file=PATH keep its value out of the arguments
    #[arg(long, value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,

    /// Proxy: an http://, https://, socks5:// or socks5h:// address, or "off".
    /// proxy_env=VARIABLE and proxy_file=PATH keep its password out of the
    /// arguments
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,

    /// File with certificates in PEM to trust besides the system's: of an
    /// authority of your own, or a server's self-signed one. The variable
    /// SSL_CERT_FILE names a file to use instead of the system's
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Accept every certificate. Whoever is between you and the server can then
    /// read and change everything
    #[arg(long)]
    pub(crate) insecure: bool,

    /// Time limit for the complete answer, such as 30s or 2m [default: none; 10s
    /// to connect, 120s for the first text, 60s of silence]
    #[arg(long, value_name = "TIME", value_parser = limit, allow_negative_numbers = true)]
    pub(crate) timeout: Option<Duration>,

    /// Take the session of a server behind a login from a browser, through the
    /// WebDriver at this address (chromedriver, geckodriver, Selenium)
    #[arg(long, value_name = "URL")]
    pub(crate) webdriver: Option<String>,

    /// Take the session from a file: one that --webdriver wrote, a cookies.txt,
    /// the JSON of a cookie extension, or a HAR file. With --webdriver, new
    /// sessions are saved in it
    #[arg(long, value_name = "FILE")]
    pub(crate) session_file: Option<String>,

    /// Whether nothing may be sent, also not to find out the kind of server.
    #[arg(skip)]
    pub(crate) nothing_sent: bool,
}
