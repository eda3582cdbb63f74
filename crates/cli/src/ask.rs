//! `chatwire ask`: one question, one answer.

use std::time::Duration;

use chatwire::{Error, ErrorKind, ReplyEvent, TimeoutPhase};
use tokio::time::timeout;

use crate::args::{AskArgs, General};
use crate::exit::Failure;
use crate::meter::Meter;
use crate::output::Output;
use crate::style::Style;
use crate::target::Target;
use crate::{prompt, runtime};

/// Asks, and returns the exit code.
pub(crate) fn run(args: &AskArgs, general: &General) -> i32 {
    runtime::run(async {
        let style = Style::new(general.color, args.raw);
        let mut output = Output::new(args, &style);
        match runtime::until_ctrl_c(ask(args, general, &mut output)).await {
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
    target.announce();
    within(target.timeout, async {
        let mut meter = Meter::start();
        let asked = target.provider.stream(&request);
        let mut reply = output
            .during(asked)
            .await
            .map_err(|error| target.explain(error))?;
        output.answered_by(reply.provider(), reply.model());
        while let Some(event) = output.during(reply.next()).await {
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

/// The limit is for everything together, credentials included.
async fn within(
    limit: Option<Duration>,
    task: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let Some(limit) = limit else {
        return task.await;
    };
    timeout(limit, task).await.unwrap_or_else(|_| {
        Err(Failure::from(Error::new(
            ErrorKind::Timeout(TimeoutPhase::Total),
            format!(
                "the answer was not complete within the limit of {} s",
                limit.as_secs_f64()
            ),
        )))
    })
}
