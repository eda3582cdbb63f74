//! `chatwire config`: where the configuration is, what it says, what is wrong
//! with it.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::process::{Command, ExitCode};

use clap::{Args, Subcommand};

use crate::args::General;
use crate::endpoints::{Configuration, place};
use crate::failure::Failure;
use crate::terminal::{print, say};

const EXAMPLES: &str = "\
Examples:
  chatwire config edit
  chatwire config check --config ./chatwire.toml
";

/// Show, edit and check the configuration
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print where the file is, or would be
    Path,
    /// Print the configuration without secrets and comments
    Show,
    /// Open the file in your editor, then check it
    Edit,
    /// Report the mistakes in the file, with line, column and key
    Check,
}

/// The file that `config edit` begins with.
const TEMPLATE: &str = "\
# The configuration of chatwire; `chatwire config check` says what is wrong
# with it. Secrets are better kept in the environment or in files:
#   options = { key = { env = \"MY_KEY\" } }   or   { file = \"path\" }

# default = \"home\"

# [http]                              # for every endpoint
# idle_timeout = \"60s\"
# proxy = \"socks5://127.0.0.1:1080\"

# [endpoints.home]
# provider = \"aura\"
# base_url = \"http://localhost:3000\"

# [endpoints.blog]
# provider = \"chatgpt4online\"
# base_url = \"https://example.org/blog\"
# options = { bot_id = \"default\" }
";

pub(crate) fn run(args: &ConfigArgs, general: &General) -> Result<ExitCode, Failure> {
    match args.command {
        ConfigCommand::Path => path(general),
        ConfigCommand::Show => show(general),
        ConfigCommand::Edit => edit(general),
        ConfigCommand::Check => check(general),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn path(general: &General) -> Result<(), Failure> {
    print(&format!("{}\n", place(general)?.0.display()))?;
    Ok(())
}

fn show(general: &General) -> Result<(), Failure> {
    let file = Configuration::find(general)?;
    // A file with mistakes is not shown: its secrets cannot be told apart.
    let config = file.parse()?;
    if file.text.is_none() {
        say(&format!("there is no file {}", file.path.display()));
        return Ok(());
    }
    print(&config.to_redacted_toml())?;
    Ok(())
}

fn edit(general: &General) -> Result<(), Failure> {
    let (path, _) = place(general)?;
    let failed =
        |error: io::Error| Failure::Other(format!("{:?}: {error}", path.display().to_string()));
    if !path.exists() {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // The file may come to contain secrets.
            options.mode(0o600);
        }
        let mut file = options.open(&path).map_err(failed)?;
        file.write_all(TEMPLATE.as_bytes()).map_err(failed)?;
    }
    let editor = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(|name| env::var(name).ok())
        .find(|editor| !editor.trim().is_empty())
        .unwrap_or_else(|| if cfg!(windows) { "notepad" } else { "vi" }.to_owned());
    let mut words = editor.split_whitespace();
    let status = Command::new(words.next().unwrap_or_default())
        .args(words)
        .arg(&path)
        .status()
        .map_err(|error| Failure::Other(format!("editor {editor:?} cannot be started: {error}")))?;
    if !status.success() {
        return Err(Failure::Other(format!(
            "editor {editor:?} failed: {status}"
        )));
    }
    check(general)
}

fn check(general: &General) -> Result<(), Failure> {
    let file = Configuration::find(general)?;
    if file.text.is_none() {
        say(&format!("there is no file {}", file.path.display()));
        return Ok(());
    }
    let config = file.parse()?;
    if config.endpoint_names().next().is_some() {
        config
            .gateway()
            .map_err(|errors| file.mistakes(&errors))?
            .build()?;
    }
    print(&format!(
        "{}: no mistakes; endpoints: {}\n",
        file.path.display(),
        config.endpoint_names().collect::<Vec<_>>().join(", ")
    ))?;
    Ok(())
}
