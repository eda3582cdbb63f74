//! What everything runs on: one thread, but for a server.

use std::future::Future;

use std::time::Duration;

use chatwire::{Error, ErrorKind, TimeoutPhase};
use tokio::time::timeout;

use crate::exit::Failure;

/// Runs to the end, or until Ctrl-C; tells of a failure and returns the exit
/// code.
pub(crate) fn run(task: impl Future<Output = Result<(), Failure>>) -> i32 {
    run_on(tokio::runtime::Builder::new_current_thread(), task)
}

/// The same for a server, which has use for every core.
pub(crate) fn run_on_all_cores(task: impl Future<Output = Result<(), Failure>>) -> i32 {
    run_on(tokio::runtime::Builder::new_multi_thread(), task)
}

fn run_on(
    mut builder: tokio::runtime::Builder,
    task: impl Future<Output = Result<(), Failure>>,
) -> i32 {
    let runtime = builder.enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(task);
            // A thread may still wait for standard input; nobody waits for it.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Failure::Other(format!("cannot start: {error}"))),
    };
    match result {
        Ok(()) => 0,
        Err(failure) => failure.report(),
    }
}

/// The task, unless Ctrl-C comes first.
pub(crate) async fn until_ctrl_c<T>(
    task: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        signal = tokio::signal::ctrl_c() => match signal {
            Ok(()) => Err(Failure::Cancelled),
            Err(error) => Err(Failure::Other(format!("Ctrl-C cannot be heard: {error}"))),
        },
        result = task => result,
    }
}

/// The task, unless the limit passes first; it is for everything together,
/// credentials included.
pub(crate) async fn within(
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
