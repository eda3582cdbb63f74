//! `chatwire check`: each endpoint step by step, up to the first failure.

mod advice;
mod network;
mod question;
mod report;
mod requests;
mod site;

use std::process::ExitCode;

use clap::Args;

use self::network::network;
use self::question::question;
use self::report::{Report, not_set_up, table};
use self::requests::Requests;
use self::site::site;
use crate::args::{General, JsonArg, TargetArgs};
use crate::endpoints::{self, Configuration, Part, Target};
use crate::failure::Failure;
use crate::runtime;
use crate::terminal::{Spinner, Style, print, print_json};

const EXAMPLES: &str = "\
Examples:
  chatwire check
  chatwire check home --json
  chatwire check -p chatgpt4online -u https://example.org/blog
";

/// Diagnose endpoints step by step
///
/// Tries name lookup, connection, TLS, credentials and a short question, and
/// says what fails and what to do about it.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Endpoints of the configuration [default: all]
    #[arg(value_name = "ENDPOINT", conflicts_with_all = ["provider", "base_url"])]
    names: Vec<String>,

    #[command(flatten)]
    target: TargetArgs,

    #[command(flatten)]
    output: JsonArg,
}

pub(crate) fn run(args: &CheckArgs, general: &General) -> Result<ExitCode, Failure> {
    runtime::run(runtime::until_signal(check(args, general)))
}

async fn check(args: &CheckArgs, general: &General) -> Result<ExitCode, Failure> {
    let model = endpoints::model(&args.target)?;
    let mut reports: Vec<Report> = Vec::new();
    let requests = Requests::listen();
    let mut spinner = Spinner::new(&Style::new(general.color, true));
    for target_args in targets(args, general)? {
        let name = target_args.endpoint.join(", ");
        spinner.label(&name);
        match Target::new(&target_args, general, true, 0).await {
            Ok(target) => {
                for part in &target.parts {
                    reports.push(
                        spinner
                            .during(report(part, model.as_deref(), &requests))
                            .await,
                    );
                }
            }
            Err(Failure::Provider(error, _)) => reports.push(not_set_up(name, &error)),
            Err(failure) => return Err(failure),
        }
    }
    spinner.stop();
    let text = if args.output.json {
        serde_json::to_string_pretty(&reports).map_err(|error| Failure::Other(error.to_string()))?
            + "\n"
    } else {
        reports.iter().map(table).collect::<Vec<_>>().join("\n")
    };
    if args.output.json {
        print_json(&text)?;
    } else {
        print(&text)?;
    }
    let mut codes = reports.iter().map(|report| report.code);
    let code = codes.find(|code| *code != 0).unwrap_or(0);
    Ok(ExitCode::from(code))
}

/// The endpoints that are named, or what the flags say, or all endpoints.
fn targets(args: &CheckArgs, general: &General) -> Result<Vec<TargetArgs>, Failure> {
    let target = &args.target;
    let mut names = args.names.clone();
    names.extend(target.endpoint.iter().cloned());
    if names.is_empty() && target.provider.is_none() && target.base_url.is_none() {
        let config = Configuration::find(general)?.parse()?;
        names = config.endpoint_names().map(str::to_owned).collect();
    }
    if names.is_empty() {
        return Ok(vec![target.clone()]);
    }
    let one = |name| TargetArgs {
        endpoint: vec![name],
        ..target.clone()
    };
    Ok(names.into_iter().map(one).collect())
}

async fn report(part: &Part, model: Option<&str>, requests: &Requests) -> Report {
    let info = part.provider.info();
    let mut report = Report {
        endpoint: part.endpoint.name.clone(),
        provider: info.name.clone(),
        base_url: info.base_url.clone(),
        ok: false,
        steps: Vec::new(),
        code: 0,
    };
    let mut ended = network(part, &mut report).await;
    if ended.is_ok() {
        ended = site(part, &mut report).await;
    }
    if ended.is_ok() {
        ended = question(part, model, requests, &mut report).await;
    }
    report.ok = ended.is_ok();
    report.code = ended.err().unwrap_or(0);
    report
}
