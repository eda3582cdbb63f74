//! `chatwire ask`: one question, one answer.

use std::time::Duration;

use chatwire::{Error, ErrorKind, TimeoutPhase};
use tokio::time::timeout;

use crate::args::AskArgs;
use crate::exit::Failure;
use crate::output::Output;
use crate::prompt;
use crate::runtime;
use crate::target::Target;

/// Asks, and returns the exit code.
pub(crate) fn run(args: &AskArgs) -> i32 {
    runtime::run(async {
        let mut output = Output::new(args);
        match runtime::until_ctrl_c(ask(args, &mut output)).await {
            Err(failure) => {
                output.fail(&failure).await?;
                Err(failure)
            }
            done => done,
        }
    })
}

async fn ask(args: &AskArgs, output: &mut Output) -> Result<(), Failure> {
    let target = Target::new(&args.target, !args.no_stream).await?;
    let request = prompt::request(args).await?;
    target.check(&request)?;
    target.announce();
    let info = target.provider.info();
    let model = request.get_model().unwrap_or(&info.default_model);
    output.answered_by(&info.name, model);
    within(args.target.timeout, async {
        let mut reply = target
            .provider
            .stream(&request)
            .await
            .map_err(|error| target.explain(error))?;
        while let Some(event) = reply.next().await {
            let event = event.map_err(|error| target.explain(error))?;
            output.event(&event).await?;
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
