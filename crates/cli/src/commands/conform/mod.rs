//! `chatwire conform`: a client against every fault.

mod case;
mod client;
mod report;
mod verdict;

use std::collections::VecDeque;
use std::io;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Duration;

use chatwire_mock::AnyMock;
use clap::Args;
use clap::builder::PossibleValuesParser;
use tokio::task::JoinSet;

use self::case::{Case, Row};
use self::client::Client;
use crate::args::limit;
use crate::failure::Failure;
use crate::runtime;
use crate::terminal::{print, print_json, say};

const EXAMPLES: &str = "\
Examples:
  chatwire conform --protocol openai --client \"python ask.py {url} {key}\"
  chatwire conform --protocol ai-sdk --client \"chatwire ask -p ai-sdk -u {url} --timeout 5s hi\"
";

const MORE: &str = "\
Replaced in the command, which is split as a shell would and run without one:
  {url}     the address of the server; for openai and responses it ends in /v1
  {key}     a key; the server takes any
  {model}   a model that the server has
  {prompt}  a question of several words

Verdicts. The client runs once for each fault, against a server of its own:
  whole     the answer was whole: all its words are in the output, in their order,
            and the exit code is 0
  told      the answer was not whole: the exit code is not 0, or standard error
            has a word of an error
  either    all came but the end of the message: whole and told are both right
  LOST      the answer was whole, and was not shown as that
  SILENT    the answer was not whole, and the client said nothing
  HANG      the client was still running at the time limit, and was killed with
            its children. A client has to have time limits of its own: give it
            short ones
  CRASH     the client was ended by a signal or by a panic. An exception that a
            script did not catch tells of an error; with --strict it is a crash

The exit code is 0 if no verdict is in capitals, and otherwise 1.
";

/// Run a client against all faults of a protocol
///
/// For each fault, a mock server answers with it, the client is run, and what it
/// shows decides: whole answers must be shown as whole, others must not, and it
/// may neither hang nor crash.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_long_help = MORE)]
pub(crate) struct ConformArgs {
    /// Command that asks one question and ends; {url} is replaced, see --help
    #[arg(long, value_name = "COMMAND")]
    client: String,

    /// Protocol of the server
    #[arg(long, value_name = "PROTOCOL", default_value = "openai",
          value_parser = PossibleValuesParser::new(AnyMock::names()))]
    protocol: String,

    /// Time limit for each run of the client
    #[arg(long, value_name = "TIME", value_parser = limit, default_value = "20s")]
    timeout: Duration,

    /// How many clients run at once
    #[arg(long, value_name = "COUNT", default_value = "4")]
    jobs: NonZeroUsize,

    /// Run the command with `sh -c`
    #[arg(long)]
    shell: bool,

    /// Take an exception that a script did not catch for a crash
    #[arg(long)]
    strict: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs all cases and prints the verdicts.
pub(crate) fn run(args: &ConformArgs) -> Result<ExitCode, Failure> {
    let client = Client::new(&args.client, args.shell, args.timeout)?;
    let rows = runtime::run(runtime::until_signal(run_all(args, &client)))?;
    let shown = match args.json {
        true => print_json(&report::json(&args.protocol, &args.client, &rows)),
        false => print(&report::table(&args.protocol, &args.client, &rows)),
    };
    shown?;
    if let Some(why) = report::doubt(&rows) {
        say(&why);
    }
    let has_passed = rows.iter().all(|row| row.verdict.has_passed());
    Ok(ExitCode::from(u8::from(!has_passed)))
}

async fn run_all(args: &ConformArgs, client: &Client) -> Result<Vec<Row>, Failure> {
    let mut waiting: VecDeque<(usize, Case)> = Case::all().into_iter().enumerate().collect();
    let mut running: JoinSet<io::Result<(usize, Row)>> = JoinSet::new();
    let mut rows = Vec::new();
    loop {
        while running.len() < args.jobs.get()
            && let Some((number, case)) = waiting.pop_front()
        {
            let (client, protocol, is_strict) =
                (client.clone(), args.protocol.clone(), args.strict);
            running.spawn(async move {
                let row = case.run(&protocol, &client, is_strict).await?;
                Ok((number, row))
            });
        }
        let Some(ended) = running.join_next().await else {
            break;
        };
        let ended = ended.map_err(|error| Failure::Other(error.to_string()))?;
        rows.push(
            ended.map_err(|error| Failure::Usage(format!("the client cannot be run: {error}")))?,
        );
    }
    rows.sort_by_key(|(number, _)| *number);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}
