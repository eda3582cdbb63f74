//! The runtime: one thread, except for a server.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use chatwire::{Error, ErrorKind, TimeoutPhase};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::failure::Failure;
use crate::signals::{self, Signal};

/// How long a signal may stay unheard.
const PATIENCE: Duration = Duration::from_secs(1);

/// Runs a task to its end. Then browsers that are still open are closed.
pub(crate) fn run<T>(task: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    run_on(tokio::runtime::Builder::new_current_thread(), task)
}

/// The same on all cores, for a server.
pub(crate) fn run_on_all_cores<T>(
    task: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    run_on(tokio::runtime::Builder::new_multi_thread(), task)
}

fn run_on<T>(
    mut builder: tokio::runtime::Builder,
    task: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let runtime = builder
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(format!("cannot start: {error}")))?;
    let result = runtime.block_on(task);
    // A thread may still be reading standard input: do not wait for it.
    runtime.shutdown_background();
    result
}

/// Runs the task until it ends or a signal arrives.
pub(crate) async fn until_signal<T>(
    task: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    until(signals::any, task).await
}

/// Runs the task until it ends or a signal other than Ctrl-C arrives.
pub(crate) async fn until_termination<T>(
    task: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    until(signals::termination, task).await
}

async fn until<T, S>(
    signal: fn() -> S,
    task: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure>
where
    S: Future<Output = io::Result<Signal>> + Send + 'static,
{
    let watch = Watch::start(signal());
    tokio::select! {
        biased;
        signal = signal() => {
            // It was heard: what the task has to tidy up may take its time.
            drop(watch);
            match signal {
                Ok(signal) => Err(Failure::Cancelled(signal)),
                Err(error) => Err(Failure::Other(format!("cannot listen for signals: {error}"))),
            }
        }
        result = task => result,
    }
}

/// Ends the program at a signal that nobody hears because the task blocks the
/// only thread: it opens a pipe to which nobody writes, or reads from a disk that
/// does not answer. The watch is over when it is dropped.
struct Watch {
    _over: oneshot::Sender<()>,
}

impl Watch {
    fn start(signal: impl Future<Output = io::Result<Signal>> + Send + 'static) -> Watch {
        let (over, is_over) = oneshot::channel();
        let watch = async {
            let unheard = async {
                let signal = signal.await;
                sleep(PATIENCE).await;
                signal
            };
            tokio::select! {
                biased;
                _ = is_over => {}
                signal = unheard => {
                    if let Ok(signal) = signal {
                        std::process::exit(signal.exit_code().into());
                    }
                }
            }
        };
        // Without the watch, everything else works as well.
        let _ = thread::Builder::new().spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            if let Ok(runtime) = runtime {
                runtime.block_on(watch);
            }
        });
        Watch { _over: over }
    }
}

/// What the task has ready, without waiting for it.
pub(crate) async fn at_once<T>(task: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
    poll_fn(|context| match Pin::new(&mut *task).poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Runs the task with a time limit for all of it, credentials included.
pub(crate) async fn within<T>(
    limit: Option<Duration>,
    task: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
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
