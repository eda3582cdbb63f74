//! What everything runs on: one thread, but for a server.

use std::future::Future;
use std::io;
use std::time::Duration;

use chatwire::{Error, ErrorKind, TimeoutPhase};
use tokio::time::timeout;

use crate::exit::Failure;
use crate::signals::{self, Signal};

/// Runs to the end; tells of a failure and returns the exit code. The end of the
/// runtime closes browsers that are still open.
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

/// The task, unless a signal comes first.
pub(crate) async fn until_signal<T>(
    task: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    until(signals::any(), task).await
}

/// The task, unless a signal but Ctrl-C comes first.
pub(crate) async fn until_termination<T>(
    task: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    until(signals::termination(), task).await
}

async fn until<T>(
    signal: impl Future<Output = io::Result<Signal>>,
    task: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        signal = signal => match signal {
            Ok(signal) => Err(Failure::Cancelled(signal)),
            Err(error) => Err(Failure::Other(format!("signals cannot be heard: {error}"))),
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
