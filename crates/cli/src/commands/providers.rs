//! `chatwire providers`: the kinds of servers.

use std::process::ExitCode;

use chatwire::{ProviderInfo, ProviderKind, ProviderOptions, Setting};
use clap::Args;
use serde_json::json;

use crate::args::{DEFAULT_PROVIDER, JsonArg};
use crate::failure::Failure;
use crate::terminal::{print, print_json};

const EXAMPLES: &str = "\
Examples:
  chatwire providers
  chatwire providers --json | jq -r '.[].name'
";

/// List the kinds of servers, with models, capabilities and settings
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct ProvidersArgs {
    #[command(flatten)]
    output: JsonArg,
}

pub(crate) fn run(args: &ProvidersArgs) -> Result<ExitCode, Failure> {
    let mut listed = Vec::new();
    for kind in chatwire::providers() {
        // To learn what it can do; nothing is sent there.
        let options = ProviderOptions::new().with_base_url("http://localhost");
        let provider = chatwire::provider(kind.name, options)?;
        listed.push((kind, provider.info().clone()));
    }
    let text = if args.output.json {
        let all: Vec<_> = listed.iter().map(|(kind, info)| json(kind, info)).collect();
        format!("{:#}\n", serde_json::Value::Array(all))
    } else {
        let all: Vec<_> = listed
            .iter()
            .map(|(kind, info)| table(kind, info))
            .collect();
        all.join("\n")
    };
    if args.output.json {
        print_json(&text)?;
    } else {
        print(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn json(kind: &ProviderKind, info: &ProviderInfo) -> serde_json::Value {
    let models: Vec<_> = info
        .models
        .iter()
        .map(|model| json!({"id": model.id, "name": model.name}))
        .collect();
    let list = |settings: &[Setting]| -> Vec<serde_json::Value> {
        let one = |setting: &Setting| json!({"name": setting.name, "help": setting.help});
        settings.iter().map(one).collect()
    };
    json!({
        "name": kind.name,
        "aliases": kind.aliases,
        "default": kind.name == DEFAULT_PROVIDER,
        "server": kind.server,
        "base_url": kind.historical_base_url,
        "models": models,
        "default_model": info.default_model,
        "capabilities": info.capabilities.names(),
        "settings": list(kind.settings),
        "request_options": list(kind.request_options),
    })
}

fn table(kind: &ProviderKind, info: &ProviderInfo) -> String {
    let default = if kind.name == DEFAULT_PROVIDER {
        " (default)"
    } else {
        ""
    };
    let models: Vec<_> = info
        .models
        .iter()
        .map(|model| {
            if model.name == model.id {
                model.id.clone()
            } else {
                format!("{} ({})", model.id, model.name)
            }
        })
        .collect();
    let named_after = kind.historical_base_url.map_or(String::new(), |url| {
        format!("  named after   {url} (offline)\n")
    });
    let aliases = match kind.aliases {
        [] => String::new(),
        aliases => format!("  aliases       {}\n", aliases.join(", ")),
    };
    let mut text = format!(
        "{}{default}\n{aliases}  server        {}\n{named_after}  \
         models        {}\n  capabilities  {}\n",
        kind.name,
        kind.server,
        models.join(", "),
        info.capabilities.names().join(", "),
    );
    for (label, settings) in [
        ("settings", kind.settings),
        ("per request", kind.request_options),
    ] {
        for (index, setting) in settings.iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            text.push_str(&format!(
                "  {label:<12}  {}: {}\n",
                setting.name, setting.help
            ));
        }
    }
    text
}
