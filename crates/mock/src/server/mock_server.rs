//! The server under every mock.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::task::JoinHandle;

use super::accept::accept;
use super::log::ConnectionRecord;
use super::request::RecordedRequest;
use super::script::{Answerer, Maker, Script};
use super::shared::Shared;
use crate::answers::Answer;
use crate::sync::lock;

/// An HTTP/1.1 server that records requests and answers by script.
///
/// Every [`Mock`](crate::Mock) dereferences to it. On its own it has no protocol: it takes every
/// request for a valid question, and the default answer is 404.
///
/// Clones are the same server. When the last clone is dropped, the server stops and drops its
/// connections.
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

impl MockServer {
    /// Starts a server on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// Returns an error if no port is free.
    pub async fn start() -> io::Result<Self> {
        Self::bind((Ipv4Addr::LOCALHOST, 0)).await
    }

    /// Starts a server on this address.
    ///
    /// # Errors
    ///
    /// Returns an error if the address cannot be bound.
    pub async fn bind(addr: impl ToSocketAddrs) -> io::Result<Self> {
        let handler = |request: &RecordedRequest, script: &Script| {
            script
                .next(request)
                .unwrap_or_else(|| Answer::html(404, "<h1>Not Found</h1>"))
        };
        Self::serve(addr, Arc::new(handler)).await
    }

    pub(crate) async fn serve(addr: impl ToSocketAddrs, answerer: Answerer) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared::new(answerer));
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

    /// Returns the base address, such as `http://127.0.0.1:40123`, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.inner.addr)
    }

    /// Returns the socket address that the server listens on.
    pub fn addr(&self) -> SocketAddr {
        self.inner.addr
    }

    /// Queues an answer for the next valid question. Queued answers are used in order, each once.
    pub fn answer(&self, answer: Answer) -> &Self {
        self.push(Arc::new(move |_, _| answer.clone()))
    }

    pub(crate) fn push(&self, maker: Maker) -> &Self {
        self.script().push(maker);
        self
    }

    /// Answers every valid question with this once the queue is empty.
    pub fn answer_always(&self, answer: Answer) -> &Self {
        self.script()
            .set_always(Arc::new(move |_, _| answer.clone()));
        self
    }

    /// Answers requests of any kind, credentials and models included, before the mock looks at
    /// them; `None` leaves the request to the mock. Can be called more than once: the first
    /// function that returns an answer decides.
    pub fn answer_with<F>(&self, answer: F) -> &Self
    where
        F: Fn(&RecordedRequest) -> Option<Answer> + Send + Sync + 'static,
    {
        self.script().add_override(Arc::new(answer));
        self
    }

    /// Answers every request that no function of [`answer_with`](Self::answer_with) took with
    /// what this function returns in its own time, instead of the protocol and the script: for a
    /// server that asks another one.
    pub fn relay<F, A>(&self, answer: F) -> &Self
    where
        F: Fn(RecordedRequest) -> A + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        let relay =
            move |request: RecordedRequest| -> Pin<Box<dyn Future<Output = Answer> + Send>> {
                Box::pin(answer(request))
            };
        self.inner.shared.set_relay(Arc::new(relay));
        self
    }

    /// Sends every body in fragments of this many bytes, each written and flushed separately, and
    /// as a separate chunk if the body is chunked. 0 turns it off.
    pub fn fragment(&self, bytes: usize) -> &Self {
        self.script().set_fragment(bytes);
        self
    }

    /// Splits replies that are given as text into pieces of this many characters. Without it they
    /// are split at words.
    pub fn piece_chars(&self, chars: usize) -> &Self {
        self.script().set_piece_chars(chars);
        self
    }

    /// Pauses between the pieces of replies that are given as text, the default reply included.
    pub fn delay_between(&self, delay: Duration) -> &Self {
        self.script().set_delay(delay);
        self
    }

    /// Refuses bodies larger than this with status 413 and closes the connection, as web servers
    /// do. Such requests are not recorded. The default is nginx's, 1 MiB.
    pub fn body_limit(&self, bytes: usize) -> &Self {
        self.inner.shared.set_body_limit(bytes);
        self
    }

    /// Remembers at most this many requests and bytes, and forgets the oldest beyond that. The
    /// default is 1,000 requests and 4 MiB. The last request is remembered whatever its size.
    pub fn remember(&self, requests: usize, bytes: usize) -> &Self {
        let shared = &self.inner.shared;
        shared.update(|log| log.requests.set_bounds(requests, bytes));
        self
    }

    /// Returns the remembered requests (see [`remember`](Self::remember)) in the order in which
    /// they were complete.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.inner.shared.log(|log| log.requests.to_vec())
    }

    /// Returns how many of the remembered requests have this path, whatever their query.
    pub fn requests_to(&self, path: &str) -> usize {
        let to = |request: &&RecordedRequest| request.path() == path;
        self.inner
            .shared
            .log(|log| log.requests.iter().filter(to).count())
    }

    /// Returns how many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.inner.shared.log(|log| log.connections.total())
    }

    /// Returns how many connections are open.
    pub fn open_connections(&self) -> usize {
        self.inner.shared.log(|log| log.open)
    }

    /// Returns the accepted connections, oldest first, at most the last 1,000.
    pub fn connection_log(&self) -> Vec<ConnectionRecord> {
        self.inner.shared.log(|log| log.connections.to_vec())
    }

    /// Waits until there have been this many requests, the forgotten ones included.
    pub async fn wait_for_requests(&self, count: usize) {
        let shared = &self.inner.shared;
        shared
            .wait_until(|log| (log.requests.total() >= count).then_some(()))
            .await;
    }

    /// Waits until there has been a connection and all are closed, and returns when the last was.
    ///
    /// The server notices at once that a client disconnects, even while it waits or stalls in an
    /// answer, so this measures how soon a client hangs up.
    pub async fn wait_all_closed(&self) -> Instant {
        let shared = &self.inner.shared;
        shared.wait_until(|log| log.all_closed()).await
    }

    /// Stops the server and drops its connections. Afterwards the port refuses connections; what
    /// was recorded stays.
    pub async fn stop(&self) {
        let accepting = lock(&self.inner.accepting).take();
        if let Some(accepting) = accepting {
            accepting.abort();
            let _ = accepting.await;
        }
        let shared = &self.inner.shared;
        shared.wait_until(|log| (log.open == 0).then_some(())).await;
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
