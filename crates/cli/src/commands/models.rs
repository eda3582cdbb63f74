//! `chatwire models`: the models of a server.

use std::process::ExitCode;

use chatwire::ModelInfo;
use clap::Args;
use serde_json::json;

use crate::args::{General, JsonArg, TargetArgs};
use crate::endpoints::Target;
use crate::failure::Failure;
use crate::runtime;
use crate::terminal::{Spinner, Style, print, print_json, say};

const EXAMPLES: &str = "\
Examples:
  chatwire models home
  chatwire models -u http://localhost:3000
";

/// List the models of a server
///
/// Asks the server where the protocol has a way to.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct ModelsArgs {
    /// Endpoint of the configuration [default: the default one]
    #[arg(value_name = "ENDPOINT", conflicts_with_all = ["provider", "base_url", "endpoint"])]
    name: Option<String>,

    #[command(flatten)]
    target: TargetArgs,

    #[command(flatten)]
    output: JsonArg,
}

pub(crate) fn run(args: &ModelsArgs, general: &General) -> Result<ExitCode, Failure> {
    runtime::run(runtime::until_signal(list(args, general)))
}

async fn list(args: &ModelsArgs, general: &General) -> Result<ExitCode, Failure> {
    let mut target_args = args.target.clone();
    target_args.endpoint.extend(args.name.clone());
    let target = Target::new(&target_args, general, true, 0).await?;
    let mut spinner = Spinner::new(&Style::new(general.color, true));
    let asked = runtime::within(target.timeout, async {
        let asked = spinner.during(target.provider.models()).await;
        asked.map_err(|error| target.explain(error))
    });
    let asked = asked.await;
    spinner.stop();
    let models = asked?;
    if !target.provider.info().capabilities.lists_models {
        say("this kind of server cannot be asked; these are the models known without asking");
    }
    let text = if args.output.json {
        let models = models.iter().map(|m| json!({"id": m.id, "name": m.name}));
        format!("{}\n", serde_json::Value::Array(models.collect()))
    } else {
        let widths = models.iter().map(|model| model.id.chars().count());
        let width = widths.max().unwrap_or(0).min(MAX_WIDTH);
        models.iter().map(|model| line(model, width)).collect()
    };
    if args.output.json {
        print_json(&text)?;
    } else {
        print(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The widest column of ids. One long id of a server must not make every line as
/// long.
const MAX_WIDTH: usize = 32;

fn line(model: &ModelInfo, width: usize) -> String {
    match model.name == model.id {
        true => format!("{}\n", model.id),
        false => format!("{:width$}  {}\n", model.id, model.name),
    }
}
