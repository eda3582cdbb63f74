//! `chatwire ask`: one question, one answer.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chatwire::structured::Structured;
use chatwire::{ReplyEvent, ResponseFormat};
use clap::Args;
use tokio::time::timeout;

use super::dry_run;
use crate::answer::{Meter, Output, ReadAhead, save_pictures};
use crate::args::{General, OutputArgs, QuestionArgs, TargetArgs};
use crate::conversation::{self, read_schema};
use crate::endpoints::Target;
use crate::failure::Failure;
use crate::log;
use crate::runtime;
use crate::terminal::Style;

const EXAMPLES: &str = "\
Examples:
  chatwire ask --mock \"Why is the sky blue?\"
  chatwire ask -u http://localhost:3000 \"Why is the sky blue?\"
  chatwire ask -p chatgpt4online -u https://example.org/blog \"Why?\"
  cat notes.txt | chatwire ask -u http://localhost:3000 \"Summarise:\"
  chatwire ask --mock --jsonl \"Why?\" | jq -r .text
  chatwire ask -u http://localhost:3000 --schema city.json \"The largest city?\"
";

/// Ask a question and print the answer
///
/// Prints the answer on standard output as it arrives, and everything else on
/// standard error. The question comes from the arguments, from standard input,
/// or from both.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct AskArgs {
    #[command(flatten)]
    question: QuestionArgs,

    #[command(flatten)]
    target: TargetArgs,

    /// Maximum number of repetitions after an error that may pass, before any
    /// text has arrived
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        hide_default_value = true,
        help_heading = "Server"
    )]
    retry: usize,

    #[command(flatten)]
    output: OutputArgs,

    /// JSON schema: prints JSON that is valid by it. The model is asked again, at
    /// most twice, if its answer is not, and then ask fails
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "extract",
        help_heading = "Output"
    )]
    schema: Option<PathBuf>,

    /// Log requests, repetitions and times on standard error, but no text
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,

    /// Show the requests that would be sent, and send nothing
    #[arg(long, help_heading = "Output")]
    dry_run: bool,
}

/// How long writing the end of a cancelled answer may take.
const LAST_WORDS: Duration = Duration::from_millis(200);

pub(crate) fn run(args: &AskArgs, general: &General) -> Result<ExitCode, Failure> {
    if args.verbose {
        log::start_verbose();
    }
    runtime::run(async {
        // JSON is no Markdown.
        let is_raw = args.output.raw || args.schema.is_some();
        let mut style = Style::new(general.color, is_raw);
        // Lines of the log would run into it.
        style.spinner &= !args.verbose;
        let mut output = Output::new(&args.output, &style);
        let started = Instant::now();
        let asked = runtime::until_signal(ask(args, general, &mut output)).await;
        if let Err(failure) = &asked {
            failure.log(started.elapsed());
        }
        match asked {
            Err(cancelled @ Failure::Cancelled(_)) => {
                // If nobody is reading, give up writing after a moment.
                let _ = timeout(LAST_WORDS, output.fail(&cancelled)).await;
                Err(cancelled)
            }
            Err(failure) => {
                output.fail(&failure).await?;
                Err(failure)
            }
            Ok(()) => Ok(ExitCode::SUCCESS),
        }
    })
}

async fn ask(args: &AskArgs, general: &General, output: &mut Output) -> Result<(), Failure> {
    let mut target_args = args.target.clone();
    target_args.nothing_sent = args.dry_run;
    let schema = args.schema.as_deref().map(read_schema).transpose()?;
    let mut target = Target::new(&target_args, general, !args.output.no_stream, args.retry).await?;
    let mut request = conversation::request(&args.question, &args.target).await?;
    target.check(&request)?;
    if let Some(schema) = schema {
        request = request.with_response_format(ResponseFormat::JsonSchema(schema));
        target.provider = Arc::new(Structured::new(target.provider));
    }
    if args.dry_run {
        for part in &target.parts {
            let requests = dry_run::show(part, &request).await?;
            output.dry_run(&requests).await?;
        }
        return Ok(());
    }
    target.announce();
    runtime::within(target.timeout, async {
        let mut meter = Meter::start();
        let asked = target.provider.stream(&request);
        let reply = output
            .during(asked)
            .await?
            .map_err(|error| target.explain(error))?;
        output.answered_by(reply.provider(), reply.model());
        let name = reply.provider().to_owned();
        let mut events = ReadAhead::new(reply);
        while let Some(event) = output.during(events.next()).await? {
            let event = event.map_err(|error| target.explain(error))?;
            if let ReplyEvent::Text(text) = &event {
                meter.text(text);
            }
            output.event(&event).await?;
            if let (ReplyEvent::Finish(finish), true) = (&event, args.output.usage) {
                meter.report(finish.usage);
            }
            if let ReplyEvent::Finish(finish) = &event {
                let pictures = &args.output.pictures;
                save_pictures(&finish.images, pictures, &target, &name).await?;
            }
        }
        Ok(())
    })
    .await
}
