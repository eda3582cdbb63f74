use std::pin::pin;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use chatwire_core::{Error, ErrorKind, Secret};
use serde_json::{Map, Value};
use thirtyfour::session::handle::SessionHandle;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::subscriber::NoSubscriber;
use url::Url;

use crate::BrowserSession;
use crate::page::{Look, look};
use crate::session::shown;
use crate::wire::Wire;

/// How often the page is looked at.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a browser that nobody waits for any more may take to open, so that
/// it can be closed.
const LATECOMER: Duration = Duration::from_secs(60);

/// How long the end of a runtime waits for a browser to be closed.
const FAREWELL: Duration = Duration::from_secs(30);

/// One visit of a browser to a page.
pub(crate) struct Visit {
    pub(crate) webdriver: Secret,
    pub(crate) capabilities: Map<String, Value>,
    /// The base URL, whose server the browser must end at.
    pub(crate) asked: Url,
    pub(crate) page: Url,
    pub(crate) selector: Option<String>,
    pub(crate) cookie: Option<String>,
    pub(crate) timeout: Duration,
    /// One visit at a time.
    pub(crate) turn: Arc<Mutex<()>>,
}

type Outcome = Result<BrowserSession, Error>;

/// Opens a browser, waits until the page is there, takes its session, and
/// closes the browser.
///
/// All of it runs on a thread of its own: a browser has to be closed after
/// whatever becomes of the caller, and of the caller's runtime.
pub(crate) async fn visit(visit: Visit) -> Outcome {
    let failed = |what: &str| Error::new(ErrorKind::Credentials, what);
    let runtime = tokio::runtime::Handle::try_current()
        .map_err(|error| failed("a browser needs a tokio runtime").with_source(error))?;
    let (answer, answered) = oneshot::channel();
    let (leave, left) = oneshot::channel();
    let (over, is_over) = oneshot::channel::<()>();
    let (end, ended) = channel::<()>();
    std::thread::Builder::new()
        .name("chatwire-browser".to_owned())
        .spawn(move || {
            // Both end with the thread, however it ends.
            let _guards = (over, end);
            run(visit, answer, left);
        })
        .map_err(|error| failed("there is no thread for the browser").with_source(error))?;
    let farewell = Farewell {
        leave: Some(leave),
        ended,
    };
    // This task ends with the visit. If its runtime ends first, dropping it
    // waits for the browser to be closed: the process may end with the runtime.
    runtime.spawn(async move {
        let _ = is_over.await;
        farewell.was_said();
    });
    answered
        .await
        .unwrap_or_else(|_| Err(failed("the visit of the browser failed")))
}

/// Sends the browser home and waits until it is closed, unless it is already.
struct Farewell {
    leave: Option<oneshot::Sender<()>>,
    ended: Receiver<()>,
}

impl Farewell {
    /// There is nothing to wait for.
    fn was_said(mut self) {
        self.leave = None;
    }
}

impl Drop for Farewell {
    fn drop(&mut self) {
        let Some(leave) = self.leave.take() else {
            return;
        };
        let _ = leave.send(());
        if let Err(RecvTimeoutError::Timeout) = self.ended.recv_timeout(FAREWELL) {
            tracing::warn!("a browser could not be closed in time");
        }
    }
}

/// What the thread does.
fn run(visit: Visit, answer: oneshot::Sender<Outcome>, left: oneshot::Receiver<()>) {
    // The WebDriver library logs all that it reads, cookies included.
    let _quiet = tracing::subscriber::set_default(NoSubscriber::new());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(guarded(visit, answer, left)),
        Err(error) => {
            let message = "there is no runtime for the browser";
            let error = Error::new(ErrorKind::Credentials, message).with_source(error);
            let _ = answer.send(Err(error));
        }
    }
}

/// The visit, until it is over or nobody waits for it; and then the browser is
/// closed.
async fn guarded(visit: Visit, mut answer: oneshot::Sender<Outcome>, left: oneshot::Receiver<()>) {
    let wire = match Wire::new(&visit.webdriver) {
        Ok(wire) => wire,
        Err(error) => {
            let _ = answer.send(Err(error));
            return;
        }
    };
    let deadline = Instant::now().checked_add(visit.timeout);
    let progress = Progress::default();
    let visit = Arc::new(visit);
    let turn = Arc::clone(&visit.turn);
    let mut in_turn = None;
    // Tasks of their own: a panic in the library ends them and no more. The
    // first is let go on when nobody waits, as its browser would be nobody's.
    let mut opening = JoinSet::new();
    let outcome = {
        let work = async {
            progress.set("another visit of this browser is still going on");
            in_turn = Some(turn.lock().await);
            progress.set("the browser is still being opened");
            let (opener, capabilities) = (wire.clone(), visit.capabilities.clone());
            opening.spawn(async move { opener.open(capabilities).await });
            let browser = joined(&mut opening).await?;
            let mut staying = JoinSet::new();
            let (visit, wire, progress) = (visit.clone(), wire.clone(), progress.clone());
            staying.spawn(async move { stay(&visit, &wire, &browser, &progress).await });
            joined(&mut staying).await
        };
        let limited = async {
            match deadline {
                Some(deadline) => timeout_at(deadline, work).await,
                None => Ok(work.await),
            }
        };
        let mut limited = pin!(limited);
        tokio::select! {
            biased;
            outcome = &mut limited => Some(outcome),
            () = answer.closed() => None,
            _ = left => None,
        }
    };
    let _ = timeout(LATECOMER, opening.join_next()).await;
    wire.close().await;
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
            "the WebDriver library failed",
        )),
    }
}

/// Opens the page and stays until it is there, twice at the same address: a
/// page that leads on by script is there for a moment too.
async fn stay(
    visit: &Visit,
    wire: &Wire,
    browser: &Arc<SessionHandle>,
    progress: &Progress,
) -> Outcome {
    progress.set("it is still loading");
    if let Err(error) = browser.goto(visit.page.as_str()).await {
        let error = wire.command_error(&error);
        return Err(match error.message().contains("net::ERR_") {
            true => error
                .with_kind(ErrorKind::Connect)
                .with_context(&format!("opening {}", shown(&visit.page))),
            false => error,
        });
    }
    let mut before: Option<String> = None;
    loop {
        match look(browser, wire, visit).await? {
            Look::Ready(session) => {
                let address = session.address();
                if before.as_ref() == Some(&address) {
                    return Ok(*session);
                }
                before = Some(address);
            }
            Look::NotYet(why) => {
                before = None;
                progress.set(&why);
            }
        }
        sleep(PAUSE).await;
    }
}

/// What the visit is still waiting for.
#[derive(Clone, Default)]
struct Progress(Arc<StdMutex<String>>);

impl Progress {
    fn set(&self, why: &str) {
        why.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn get(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn late(visit: &Visit, progress: &Progress) -> Error {
    Error::new(
        ErrorKind::Credentials,
        format!(
            "{} was not there in the browser within the limit of {} s: {}",
            shown(&visit.page),
            visit.timeout.as_secs_f64(),
            progress.get()
        ),
    )
}
