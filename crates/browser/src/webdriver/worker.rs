use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use chatwire_core::{Error, ErrorKind};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::driver::{CommandError, Driver, OpenBrowser};
use super::page::{Readiness, inspect};
use super::visit::Visit;
use crate::session::{BrowserSession, shown};

/// How often the page is inspected.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a browser may take to open after its caller went away, so that it
/// can be closed.
const LATE_OPEN_TIMEOUT: Duration = Duration::from_secs(60);

/// How long the end of a runtime waits for a browser to be closed.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

type Outcome = Result<BrowserSession, Error>;

/// Opens a browser, waits until the page is ready, takes its session, and
/// closes the browser.
///
/// All of it runs on a thread of its own: a browser has to be closed whatever
/// becomes of the caller, and of the caller's runtime.
pub(super) async fn visit(visit: Visit) -> Outcome {
    let failed = |what: &str| Error::new(ErrorKind::Credentials, what);
    let runtime = tokio::runtime::Handle::try_current()
        .map_err(|error| failed("a browser needs a tokio runtime").with_source(error))?;
    let (answer, answered) = oneshot::channel();
    let (stop, stopped) = oneshot::channel();
    let (done, is_done) = oneshot::channel::<()>();
    let (end, ended) = channel::<()>();
    std::thread::Builder::new()
        .name("chatwire-browser".to_owned())
        .spawn(move || {
            // Both are dropped with the thread, however it ends.
            let _guards = (done, end);
            run(visit, answer, stopped);
        })
        .map_err(|error| failed("there is no thread for the browser").with_source(error))?;
    let guard = ShutdownGuard {
        stop: Some(stop),
        ended,
    };
    // This task ends with the visit. If its runtime ends first, dropping the
    // guard waits for the browser to be closed: the process may end with the
    // runtime.
    runtime.spawn(async move {
        let _ = is_done.await;
        guard.disarm();
    });
    answered
        .await
        .unwrap_or_else(|_| Err(failed("the visit of the browser failed")))
}

/// Stops the worker when dropped, and waits until it has closed its browser,
/// unless it has ended already.
struct ShutdownGuard {
    stop: Option<oneshot::Sender<()>>,
    ended: Receiver<()>,
}

impl ShutdownGuard {
    /// The worker has ended.
    fn disarm(mut self) {
        self.stop = None;
    }
}

impl Drop for ShutdownGuard {
    fn drop(&mut self) {
        let Some(stop) = self.stop.take() else {
            return;
        };
        let _ = stop.send(());
        if let Err(RecvTimeoutError::Timeout) = self.ended.recv_timeout(SHUTDOWN_TIMEOUT) {
            tracing::warn!("a browser could not be closed in time");
        }
    }
}

/// What the thread does.
fn run(visit: Visit, answer: oneshot::Sender<Outcome>, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(work(visit, answer, stopped)),
        Err(error) => {
            let message = "there is no runtime for the browser";
            let error = Error::new(ErrorKind::Credentials, message).with_source(error);
            let _ = answer.send(Err(error));
        }
    }
}

/// Works until there is an outcome or nobody waits for it, and then closes the
/// browser.
async fn work(
    visit: Visit,
    mut answer: oneshot::Sender<Outcome>,
    mut stopped: oneshot::Receiver<()>,
) {
    let driver = match Driver::new(&visit.provider, &visit.webdriver) {
        Ok(driver) => driver,
        Err(error) => {
            let _ = answer.send(Err(error));
            return;
        }
    };
    let deadline = Instant::now().checked_add(visit.timeout);
    let progress = Progress::default();
    let turn = Arc::clone(&visit.turn);
    let (mut in_turn, mut opened) = (None, None);
    // A task of its own, as a browser that was asked for has to be waited for:
    // otherwise it would be open for good.
    let mut opening: JoinSet<Result<OpenBrowser, Error>> = JoinSet::new();
    let outcome = {
        let session = async {
            progress.set("another visit of this browser is still going on");
            in_turn = Some(turn.lock().await);
            progress.set("the browser is still being opened");
            let capabilities = visit.capabilities.clone();
            opening.spawn(async move { driver.open(capabilities).await });
            let browser = opened.insert(joined(&mut opening).await?);
            wait_until_ready(browser, &visit, &progress).await
        };
        let mut session = pin!(async {
            match deadline {
                Some(deadline) => timeout_at(deadline, session).await,
                None => Ok(session.await),
            }
        });
        poll_fn(|context| {
            if let Poll::Ready(outcome) = session.as_mut().poll(context) {
                return Poll::Ready(Some(outcome));
            }
            let is_unwanted = answer.poll_closed(context).is_ready()
                || Pin::new(&mut stopped).poll(context).is_ready();
            match is_unwanted {
                true => Poll::Ready(None),
                false => Poll::Pending,
            }
        })
        .await
    };
    if opened.is_none() {
        let late = timeout(LATE_OPEN_TIMEOUT, joined(&mut opening)).await;
        opened = late.ok().and_then(Result::ok);
    }
    if let Some(browser) = opened {
        browser.close().await;
    }
    drop(in_turn);
    let outcome = match outcome {
        Some(Ok(outcome)) => outcome,
        Some(Err(_)) => Err(late(&visit, &progress)),
        None => return,
    };
    let _ = answer.send(outcome);
}

/// What the one task of a set comes to.
async fn joined<T: 'static>(tasks: &mut JoinSet<Result<T, Error>>) -> Result<T, Error> {
    match tasks.join_next().await {
        Some(Ok(result)) => result,
        _ => Err(Error::new(
            ErrorKind::Credentials,
            "the browser was not opened",
        )),
    }
}

/// Opens the page and waits until it is ready twice in a row at the same
/// address: a page that leads on by script is ready for a moment too.
async fn wait_until_ready(browser: &OpenBrowser, visit: &Visit, progress: &Progress) -> Outcome {
    progress.set("it is still loading");
    let navigated = browser.navigate(visit.page.as_str()).await;
    navigated.map_err(|error| navigation_error(error, visit))?;
    let mut before: Option<String> = None;
    loop {
        match inspect(browser, visit).await? {
            Readiness::Ready(session) => {
                let address = session.address();
                if before.as_ref() == Some(&address) {
                    return Ok(*session);
                }
                before = Some(address);
            }
            Readiness::Waiting(why) => {
                before = None;
                progress.set(&why);
            }
        }
        sleep(PAUSE).await;
    }
}

fn navigation_error(error: CommandError, visit: &Visit) -> Error {
    let error = error.into_error();
    match error.message().contains("net::ERR_") {
        true => error
            .with_kind(ErrorKind::Connect)
            .with_context(&format!("opening {}", shown(&visit.page))),
        false => error,
    }
}

/// What the visit is still waiting for.
#[derive(Default)]
struct Progress(Mutex<String>);

impl Progress {
    fn set(&self, why: &str) {
        why.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn get(&self) -> String {
        let why = self.0.lock();
        why.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn late(visit: &Visit, progress: &Progress) -> Error {
    Error::new(
        ErrorKind::Credentials,
        format!(
            "{} was not ready in the browser within the limit of {} s: {}",
            shown(&visit.page),
            visit.timeout.as_secs_f64(),
            progress.get()
        ),
    )
}
