//! The same providers for programs without async.
//!
//! ```
//! use chatwire::ChatRequest;
//! use chatwire::aura::Aura;
//! use chatwire::blocking::Client;
//! # use chatwire_mock::AuraMock;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
//! # let server = runtime.block_on(AuraMock::start())?;
//! let client = Client::new(Aura::builder().base_url(server.url()).build()?)?;
//! for text in client.texts(&ChatRequest::new("Why is the sky blue?"))? {
//!     print!("{}", text?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A [`Client`] has one thread with a runtime of its own; its clones and their
//! replies share it, and it ends with the last of them. Nothing is read from a
//! server before it is asked for, and dropping a reply closes its connection.
//!
//! It works inside an async program too: there is no panic, and no deadlock on
//! anything of this crate. But it blocks the thread that calls it, as the name
//! says, and with it whatever else an async program runs there: use it where
//! blocking is allowed, such as tokio's `spawn_blocking`, or use the provider
//! itself.

use std::fmt;
use std::future::Future;
use std::iter::FusedIterator;
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread;

use chatwire_core::{
    BoxFuture, ChatRequest, Error, ErrorKind, IncompleteReply, ModelInfo, Provider, ProviderExt,
    ProviderInfo, Reply, ReplyEvent,
};
use tokio::sync::mpsc;

use crate::ProviderOptions;

/// The provider of that name, for a program without async; see
/// [`provider`](crate::provider()).
///
/// # Errors
///
/// Those of [`provider`](crate::provider()) and of [`Client::new`].
pub fn provider(name: &str, options: ProviderOptions) -> Result<Client, Error> {
    Client::new(crate::provider(name, options)?)
}

/// A provider that is asked without async. Clones share its thread and its
/// connections.
#[derive(Clone)]
pub struct Client {
    provider: Arc<dyn Provider>,
    worker: Worker,
}

impl Client {
    /// Takes any provider, wrappers included.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] when the system gives no thread for it.
    pub fn new(provider: impl Provider + 'static) -> Result<Client, Error> {
        Ok(Client {
            provider: Arc::new(provider),
            worker: Worker::start()?,
        })
    }

    /// What the provider is and can do. No I/O.
    pub fn info(&self) -> &ProviderInfo {
        self.provider.info()
    }

    /// Asks, and waits until the answer has begun; the iterator then yields
    /// its events as they arrive.
    ///
    /// # Errors
    ///
    /// Those of [`Provider::stream`].
    pub fn stream(&self, request: &ChatRequest) -> Result<Events, Error> {
        let (asks, mut asked) = mpsc::unbounded_channel();
        let (answer, begun) = std_mpsc::sync_channel(1);
        let (provider, request) = (Arc::clone(&self.provider), request.clone());
        self.worker.spawn(Box::pin(async move {
            let mut stream = match provider.stream(&request).await {
                Ok(stream) => stream,
                Err(error) => return drop(answer.send(Err(error))),
            };
            if answer.send(Ok(())).is_err() {
                return;
            }
            // The other side blocks until it has an answer, so between two
            // questions it is either not reading or gone.
            while let Some(ask) = asked.recv().await {
                match ask {
                    Ask::Next(answer) => drop(answer.send(stream.next().await)),
                    Ask::Rest(answer) => return drop(answer.send(stream.collect().await)),
                }
            }
        }))?;
        begun.recv().unwrap_or_else(|_| Err(gone()))?;
        Ok(Events {
            asks: Some(asks),
            _worker: self.worker.clone(),
        })
    }

    /// Asks, and waits until the answer has begun; the iterator then yields
    /// its texts as they arrive.
    ///
    /// # Errors
    ///
    /// Those of [`Provider::stream`].
    pub fn texts(&self, request: &ChatRequest) -> Result<Texts, Error> {
        self.stream(request).map(Texts)
    }

    /// Asks, and collects the whole answer.
    ///
    /// # Errors
    ///
    /// [`IncompleteReply`]: the error, and the text that had come before it.
    pub fn reply(&self, request: &ChatRequest) -> Result<Reply, IncompleteReply> {
        let (provider, request) = (Arc::clone(&self.provider), request.clone());
        self.worker
            .run(async move { provider.reply(&request).await })?
    }

    /// The models of the backend, asked from the server where the protocol
    /// can.
    ///
    /// # Errors
    ///
    /// Those of [`Provider::models`].
    pub fn models(&self) -> Result<Vec<ModelInfo>, Error> {
        let provider = Arc::clone(&self.provider);
        self.worker.run(async move { provider.models().await })?
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.provider).finish()
    }
}

/// The events of one answer, as they arrive: texts and notes about progress,
/// then one [`ReplyEvent::Finish`] or an error, then nothing. Each wait for the
/// next one blocks. Dropping it closes the connection.
pub struct Events {
    /// None after the last event.
    asks: Option<mpsc::UnboundedSender<Ask>>,
    /// Keeps the thread alive.
    _worker: Worker,
}

impl Events {
    /// Collects the rest of the answer: what the iterator has yielded already
    /// is not in it, unless the backend sends its whole text at the end.
    ///
    /// # Errors
    ///
    /// [`IncompleteReply`]: the error, and the text that had come before it.
    pub fn into_reply(mut self) -> Result<Reply, IncompleteReply> {
        let over = || Error::new(ErrorKind::Truncated, "the answer had ended already");
        let asks = self.asks.take().ok_or_else(over)?;
        let (answer, rest) = std_mpsc::sync_channel(1);
        asks.send(Ask::Rest(answer)).map_err(|_| gone())?;
        rest.recv().map_err(|_| gone())?
    }
}

impl Iterator for Events {
    type Item = Result<ReplyEvent, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let asks = self.asks.as_ref()?;
        let (answer, next) = std_mpsc::sync_channel(1);
        let event = match asks.send(Ask::Next(answer)) {
            Ok(()) => next.recv().unwrap_or_else(|_| Some(Err(gone()))),
            Err(_) => Some(Err(gone())),
        };
        if matches!(event, None | Some(Err(_) | Ok(ReplyEvent::Finish(_)))) {
            self.asks = None;
        }
        event
    }
}

impl FusedIterator for Events {}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

/// The texts of one answer, as they arrive. An answer that was cut off ends
/// with an error. Dropping it closes the connection.
#[derive(Debug)]
pub struct Texts(Events);

impl Iterator for Texts {
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.0.next()? {
                Ok(ReplyEvent::Text(text)) => return Some(Ok(text)),
                Err(error) => return Some(Err(error)),
                Ok(_) => {}
            }
        }
    }
}

impl FusedIterator for Texts {}

/// What the reader of an answer asks of the task that has it.
enum Ask {
    Next(std_mpsc::SyncSender<Option<Result<ReplyEvent, Error>>>),
    Rest(std_mpsc::SyncSender<Result<Reply, IncompleteReply>>),
}

/// A thread with a runtime. It ends, and what it runs is dropped, with the last
/// clone.
#[derive(Clone)]
struct Worker {
    jobs: mpsc::UnboundedSender<BoxFuture<'static, ()>>,
}

impl Worker {
    fn start() -> Result<Worker, Error> {
        let failed = |error: std::io::Error| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("the thread for blocking calls cannot be started: {error}"),
            )
            .with_source(error)
        };
        let (jobs, mut queue) = mpsc::unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let main = move || {
            runtime.block_on(async {
                while let Some(job) = queue.recv().await {
                    tokio::spawn(job);
                }
            });
        };
        // The handle is let go: the thread ends by itself, and waiting for it
        // would block whoever drops the last clone.
        thread::Builder::new()
            .name("chatwire".into())
            .spawn(main)
            .map_err(failed)?;
        Ok(Worker { jobs })
    }

    fn spawn(&self, job: BoxFuture<'static, ()>) -> Result<(), Error> {
        self.jobs.send(job).map_err(|_| gone())
    }

    /// Runs it to its end there, and waits here.
    fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, result) = std_mpsc::sync_channel(1);
        self.spawn(Box::pin(async move { drop(answer.send(future.await)) }))?;
        result.recv().map_err(|_| gone())
    }
}

/// The error when the other side of a channel is not there any more, which
/// takes a panic in a provider.
fn gone() -> Error {
    Error::new(
        ErrorKind::Interrupted,
        "the provider gave up without an answer",
    )
}
