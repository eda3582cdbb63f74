//! `chatwire config`: where the configuration is, what it says, what is wrong
//! with it.

use std::env;
use std::fs;
use std::io;
use std::process::{Command, ExitCode};

use chatwire_config::json_schema;
use clap::{Args, Subcommand};

use crate::args::General;
use crate::endpoints::{Configuration, place};
use crate::failure::Failure;
use crate::files::{is_taken, write_private};
use crate::terminal::{print, say};

const EXAMPLES: &str = "\
Examples:
  chatwire config edit
  chatwire config check --config ./chatwire.toml
  chatwire config schema > chatwire.schema.json
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
    /// Print a JSON schema of the file, for editors
    Schema,
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
# tools = \"emulate\"                  # in `chatwire serve`, its models can call tools

# [endpoints.blog]
# provider = \"chatgpt4online\"
# base_url = \"https://example.org/blog\"
# options = { bot_id = \"default\" }

# Other names of models, for `chatwire serve`.
# [aliases]
# gpt-4o = \"home\"
# best = [\"home\", \"blog\"]             # the next one is asked when one fails

# What `chatwire serve` does; the values are those without a file.
# [gateway]
# listen = \"127.0.0.1:1337\"
# api_keys = { env = \"CHATWIRE_API_KEY\" }  # or { file = \"path\" }; none
# allowed_hosts = [\"*.example.org\"]      # beside localhost and addresses; none
# allowed_origins = [\"http://localhost:*\", \"app://obsidian.md\"]  # web pages; none
# page = true                         # for browsers, to chat on at /
# prompts = \"prompts\"                # folder with your words for structured output; none
# strict = false                      # true: refuse parameters without effect
# usage = \"estimate\"                  # \"off\": count no tokens that a server does not
# retries = 0                         # clients repeat by themselves
# retry_delay = \"500ms\"
# keep_alive = \"9s\"                   # longest silence in a stream
# grace = \"20s\"                       # for running replies after a stop

# [gateway.limits]
# body = \"4MiB\"
# header = \"32KiB\"
# header_read = \"10s\"
# body_read = \"30s\"
# idle = \"75s\"
# connections = 1024
# requests = 640
# buffered = \"256MiB\"                 # what waits, of all clients
# unauthenticated = \"5s\"              # until a client has sent a valid key
# unauthenticated_connections = 64    # of one address
# wrong_key_delay = \"1s\"
# linger = \"2s\"
";

pub(crate) fn run(args: &ConfigArgs, general: &General) -> Result<ExitCode, Failure> {
    match args.command {
        ConfigCommand::Path => path(general),
        ConfigCommand::Show => show(general),
        ConfigCommand::Edit => edit(general),
        ConfigCommand::Check => check(general),
        ConfigCommand::Schema => print(&json_schema()).map_err(Failure::from),
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
    if !is_taken(&path) {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        // The file may come to contain secrets.
        write_private(&path, TEMPLATE.as_bytes()).map_err(failed)?;
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
    } else {
        // The rest may be right or wrong all the same.
        let gateway = config.gateway_over(Vec::new(), false);
        let _ = gateway.map_err(|errors| file.mistakes(&errors))?;
    }
    print(&format!(
        "{}: no mistakes; endpoints: {}\n",
        file.path.display(),
        config.endpoint_names().collect::<Vec<_>>().join(", ")
    ))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chatwire_config::Config;

    use super::*;

    /// Every line that begins with `# ` and a letter or bracket is a setting or
    /// a comment; without the marks, the settings are a configuration.
    #[test]
    fn the_template_is_right_without_its_marks() {
        let in_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let is_setting = |line: &str| {
            let key = line.split_once(" = ").map(|(key, _)| key);
            line.starts_with('[') || key.is_some_and(|key| key.chars().all(in_key))
        };
        let lines: Vec<&str> = TEMPLATE
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|line| is_setting(line))
            .collect();
        let text = lines.join("\n");
        let config = Config::parse(&text).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        assert_eq!(config.default_endpoint(), Some("home"));
        let schema: serde_json::Value = serde_json::from_str(&json_schema()).unwrap();
        for table in [
            "/properties/gateway",
            "/properties/gateway/properties/limits",
        ] {
            let keys = schema.pointer(&format!("{table}/properties")).unwrap();
            for key in keys
                .as_object()
                .unwrap()
                .keys()
                .filter(|key| *key != "limits")
            {
                let line = format!("# {key} = ");
                assert!(TEMPLATE.contains(&line), "{key} is not in the template");
            }
        }
    }
}
