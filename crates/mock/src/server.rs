//! The server under every mock.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::answer::Answer;
use crate::connection;
use crate::request::RecordedRequest;
use crate::script::{Maker, Script};
use crate::sync::lock;

pub(crate) type Handler = Arc<dyn Fn(&RecordedRequest, &Script) -> Answer + Send + Sync>;

/// An HTTP/1.1 server that records requests and answers by script.
///
/// The mocks of the three protocols dereference to it. On its own it has no protocol: every
/// request counts as one that is in order, and the default answer is 404.
///
/// Clones are the same server. When the last is dropped, it stops and drops its connections.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use chatwire_mock::{Answer, MockServer};
///
/// let server = MockServer::start().await?;
/// server.answer_with(|request| {
///     (request.path() == "/health").then(|| Answer::json(r#"{"ok":true}"#))
/// });
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MockServer {
    inner: Arc<Inner>,
}

struct Inner {
    addr: SocketAddr,
    shared: Arc<Shared>,
    accepting: Mutex<Option<JoinHandle<()>>>,
}

pub(crate) struct Shared {
    pub(crate) script: Script,
    handler: Handler,
    log: Mutex<Log>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct Log {
    requests: Vec<RecordedRequest>,
    connections: Vec<ConnectionRecord>,
}

/// One connection that the server accepted.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ConnectionRecord {
    /// When it was accepted.
    pub opened: Instant,
    /// When and by whom it was closed; `None` while it is open.
    pub closed: Option<(Instant, ClosedBy)>,
}

/// Who closed a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedBy {
    /// The client went away. A client that closes only its sending side counts as gone.
    Client,
    /// The server closed it, as the script says or because it was stopped.
    Server,
}

impl Shared {
    /// Records the request and finds its answer.
    pub(crate) fn respond(&self, request: &RecordedRequest) -> Answer {
        lock(&self.log).requests.push(request.clone());
        self.changed.send_replace(());
        self.script
            .overriding(request)
            .unwrap_or_else(|| (self.handler)(request, &self.script))
    }
}

/// Notes the end of a connection also when its task is dropped.
struct Closing {
    shared: Arc<Shared>,
    id: usize,
    by: ClosedBy,
}

impl Drop for Closing {
    fn drop(&mut self) {
        if let Some(record) = lock(&self.shared.log).connections.get_mut(self.id) {
            record.closed = Some((Instant::now(), self.by));
        }
        self.shared.changed.send_replace(());
    }
}

impl MockServer {
    /// Starts a server on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::bind((Ipv4Addr::LOCALHOST, 0)).await
    }

    /// Starts a server on this address.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub async fn bind(addr: impl ToSocketAddrs) -> io::Result<Self> {
        let handler = |request: &RecordedRequest, script: &Script| {
            script
                .next(request)
                .unwrap_or_else(|| Answer::html(404, "<h1>Not Found</h1>"))
        };
        Self::serve(addr, Arc::new(handler)).await
    }

    pub(crate) async fn serve(addr: impl ToSocketAddrs, handler: Handler) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            script: Script::default(),
            handler,
            log: Mutex::default(),
            changed: watch::Sender::new(()),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            inner: Arc::new(Inner {
                addr,
                shared,
                accepting: Mutex::new(Some(accepting)),
            }),
        })
    }

    pub(crate) fn script(&self) -> &Script {
        &self.inner.shared.script
    }

    /// The base address, such as `http://127.0.0.1:40123`, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.inner.addr)
    }

    /// The socket address that the server listens on.
    pub fn addr(&self) -> SocketAddr {
        self.inner.addr
    }

    /// Queues an answer for the next chat request that is in order. Answers are used in the order
    /// in which they were queued, each once.
    pub fn answer(&self, answer: Answer) -> &Self {
        self.push(Arc::new(move |_, _| answer.clone()))
    }

    pub(crate) fn push(&self, maker: Maker) -> &Self {
        self.script().push(maker);
        self
    }

    /// Answers every chat request that is in order so, once the queue is empty.
    pub fn answer_always(&self, answer: Answer) -> &Self {
        self.script()
            .set_always(Arc::new(move |_, _| answer.clone()));
        self
    }

    /// Takes over requests of any kind, credentials and models included, before the mock looks
    /// at them; `None` leaves the request to the mock. Can be called more than once: the first
    /// that gives an answer decides.
    pub fn answer_with<F>(&self, answer: F) -> &Self
    where
        F: Fn(&RecordedRequest) -> Option<Answer> + Send + Sync + 'static,
    {
        self.script().add_override(Arc::new(answer));
        self
    }

    /// Sends every body in fragments of this many bytes, each written and flushed on its own (and
    /// a chunk of its own where the body is chunked). 0 ends it.
    pub fn fragment(&self, bytes: usize) -> &Self {
        self.script().set_fragment(bytes);
        self
    }

    /// Splits replies given as text into pieces of so many characters; otherwise at words.
    pub fn piece_chars(&self, chars: usize) -> &Self {
        self.script().set_piece_chars(chars);
        self
    }

    /// Pauses between the pieces of replies given as text, the default reply included.
    pub fn delay_between(&self, delay: Duration) -> &Self {
        self.script().set_delay(delay);
        self
    }

    /// Every request so far, in the order in which they were complete.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.inner.shared.log).requests.clone()
    }

    /// How many requests there were with this path, whatever their query.
    pub fn requests_to(&self, path: &str) -> usize {
        let log = lock(&self.inner.shared.log);
        log.requests.iter().filter(|r| r.path() == path).count()
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        lock(&self.inner.shared.log).connections.len()
    }

    /// How many connections are open now.
    pub fn open_connections(&self) -> usize {
        let log = lock(&self.inner.shared.log);
        log.connections
            .iter()
            .filter(|c| c.closed.is_none())
            .count()
    }

    /// Every connection so far, in the order in which they were accepted.
    pub fn connection_log(&self) -> Vec<ConnectionRecord> {
        lock(&self.inner.shared.log).connections.clone()
    }

    /// Waits until there have been so many requests.
    pub async fn wait_for_requests(&self, count: usize) {
        self.wait_until(|log| (log.requests.len() >= count).then_some(()))
            .await;
    }

    /// Waits until there has been a connection and all are closed, and says when the last was.
    ///
    /// The server sees a client leave at once, also while it waits or stalls in an answer, so
    /// this measures how soon a client hangs up after its user lost interest.
    pub async fn wait_all_closed(&self) -> Instant {
        self.wait_until(|log| {
            let closed: Option<Vec<Instant>> = log
                .connections
                .iter()
                .map(|connection| connection.closed.map(|(when, _)| when))
                .collect();
            closed?.into_iter().max()
        })
        .await
    }

    async fn wait_until<T>(&self, mut done: impl FnMut(&Log) -> Option<T>) -> T {
        let mut changed = self.inner.shared.changed.subscribe();
        loop {
            if let Some(found) = done(&lock(&self.inner.shared.log)) {
                return found;
            }
            if changed.changed().await.is_err() {
                // Unreachable while `self` holds the sender.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Stops the server and drops all its connections; afterwards the port refuses. What was
    /// recorded stays.
    pub async fn stop(&self) {
        let accepting = lock(&self.inner.accepting).take();
        if let Some(accepting) = accepting {
            accepting.abort();
            let _ = accepting.await;
        }
        self.wait_until(|log| {
            let open = log.connections.iter().any(|c| c.closed.is_none());
            (!open).then_some(())
        })
        .await;
    }
}

impl fmt::Debug for MockServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockServer")
            .field("addr", &self.inner.addr)
            .field("script", self.script())
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(accepting) = lock(&self.accepting).take() {
            accepting.abort();
        }
    }
}

/// Accepts connections; they live in this task's set, and so end with it.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut serving = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = serving.join_next() => continue,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely; others may be closed meanwhile.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let id = {
            let mut log = lock(&shared.log);
            log.connections.push(ConnectionRecord {
                opened: Instant::now(),
                closed: None,
            });
            log.connections.len() - 1
        };
        shared.changed.send_replace(());
        let closing = Closing {
            shared: Arc::clone(&shared),
            id,
            by: ClosedBy::Server,
        };
        serving.spawn(async move {
            // Moved as a whole, so that it is dropped with this task and not before.
            let mut closing = closing;
            let shared = Arc::clone(&closing.shared);
            closing.by = connection::serve(stream, id, &shared).await;
        });
    }
}
