//! The one thread that everything runs on.

use std::future::Future;

use crate::exit::Failure;

/// Runs to the end, or until Ctrl-C; tells of a failure and returns the exit
/// code.
pub(crate) fn run(task: impl Future<Output = Result<(), Failure>>) -> i32 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
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
