//! `chatwire ask`: one question, one answer.

use std::time::Duration;

use chatwire::ReplyEvent;
use tokio::time::timeout;

use crate::args::{AskArgs, General};
use crate::exit::Failure;
use crate::meter::Meter;
use crate::output::Output;
use crate::style::Style;
use crate::target::Target;
use crate::{dry_run, prompt, runtime};

/// How long the end of a cancelled answer may take to be written.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Asks, and returns the exit code.
pub(crate) fn run(args: &AskArgs, general: &General) -> i32 {
    runtime::run(async {
        let style = Style::new(general.color, args.raw);
        let mut output = Output::new(args, &style);
        match runtime::until_signal(ask(args, general, &mut output)).await {
            Err(cancelled @ Failure::Cancelled(_)) => {
                // Nobody may be reading: then nothing more is written.
                let _ = timeout(LAST_WORDS, output.fail(&cancelled)).await;
                Err(cancelled)
            }
            Err(failure) => {
                output.fail(&failure).await?;
                Err(failure)
            }
            done => done,
        }
    })
}

async fn ask(args: &AskArgs, general: &General, output: &mut Output) -> Result<(), Failure> {
    let target = Target::new(&args.target, general, !args.no_stream, args.retry).await?;
    let request = prompt::request(args).await?;
    target.check(&request)?;
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
        let mut reply = output
            .during(asked)
            .await?
            .map_err(|error| target.explain(error))?;
        output.answered_by(reply.provider(), reply.model());
        while let Some(event) = output.during(reply.next()).await? {
            let event = event.map_err(|error| target.explain(error))?;
            if let ReplyEvent::Text(text) = &event {
                meter.text(text);
            }
            output.event(&event).await?;
            if let (ReplyEvent::Finish(finish), true) = (&event, args.usage) {
                meter.report(finish.usage);
            }
        }
        Ok(())
    })
    .await
}
