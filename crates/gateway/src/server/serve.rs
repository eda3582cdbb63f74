use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::guarded_io::{Activity, GuardedIo};
use super::raw_error::{RawErrors, raw_response};
use super::shutdown::Phase;
use crate::app::App;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::routes::router;

/// How many connections beyond the limit are told so at the same time; those
/// beyond that are closed without a word.
const REFUSED_AT_ONCE: usize = 64;

/// How long answers that were cut may take to say so.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl Gateway {
    /// Serves until the shutdown resolves, with every limit of
    /// [`Limits`](crate::Limits). Then no new questions are taken, running
    /// answers go on for the [grace time](crate::GatewayBuilder::grace), and
    /// those that are left end with an error.
    ///
    /// # Errors
    ///
    /// When the listener is not on a loopback address and there is no API key:
    /// who can reach it could use it. Also when the listener has no address.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let mut app = self.app;
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() && !app.access.has_keys() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{address} can be reached by others, so an API key must be set; \
                     or listen on 127.0.0.1"
                ),
            ));
        }
        app.access.listen_on(address.ip());
        tracing::info!(%address, "listening");
        run(Arc::new(app), listener, shutdown).await;
        Ok(())
    }
}

async fn run(app: Arc<App>, listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let limits = &app.settings.limits;
    let routes = router(Arc::clone(&app));
    let slots = Arc::new(Semaphore::new(
        limits.connections.clamp(1, Semaphore::MAX_PERMITS),
    ));
    let refusals = Arc::new(Semaphore::new(REFUSED_AT_ONCE));
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener) => accepted,
        };
        // Small pieces go out at once, not after the last one's acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "the connection is gone");
            continue;
        }
        match Arc::clone(&slots).try_acquire_owned() {
            Ok(slot) => {
                connections.spawn(connection(Arc::clone(&app), routes.clone(), stream, slot));
            }
            Err(_) => {
                if let Ok(slot) = Arc::clone(&refusals).try_acquire_owned() {
                    connections.spawn(refuse(Arc::clone(&app), stream, slot));
                }
            }
        }
    }
    drop(listener);
    tracing::info!(connections = connections.len(), "shutting down");
    app.shutdown.enter(Phase::Draining);
    if timeout(app.settings.grace, finish(&mut connections))
        .await
        .is_ok()
    {
        return;
    }
    app.shutdown.enter(Phase::Cut);
    let _ = timeout(LAST_WORDS, finish(&mut connections)).await;
    connections.shutdown().await;
}

async fn finish(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

/// The next connection. Errors of a single one are passed over; when the
/// system has no more to give, waiting is all that helps.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::ConnectionReset
                        | io::ErrorKind::ConnectionRefused
                        | io::ErrorKind::Interrupted
                ) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// Serves one connection to its end.
async fn connection(app: Arc<App>, routes: Router, stream: TcpStream, _slot: OwnedSemaphorePermit) {
    let limits = &app.settings.limits;
    let activity = Activity::default();
    let raw_errors = RawErrors::new(Arc::clone(&app));
    let io = GuardedIo::new(stream, activity.clone(), limits, raw_errors);
    let service = service_fn(move |request: Request<Incoming>| {
        let mark = BusyMark::new(activity.clone());
        let routes = TowerToHyperService::new(routes.clone());
        async move {
            let request = request.map(Body::new);
            let response = hyper::service::Service::call(&routes, request).await?;
            let status = response.status();
            mark.0
                .set_refused(status.is_client_error() || status.is_server_error());
            Ok::<_, std::convert::Infallible>(response.map(|body| Marked { body, _mark: mark }))
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        // Heads are timed where idle time is: here it would count as both.
        .header_read_timeout(None)
        .max_buf_size(limits.header)
        .serve_connection(TokioIo::new(io), service);
    let mut connection = std::pin::pin!(connection);
    let mut draining = std::pin::pin!(app.shutdown.reached(Phase::Draining));
    let result = tokio::select! {
        result = &mut connection => result,
        () = &mut draining => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Says that there are too many connections.
async fn refuse(app: Arc<App>, mut stream: TcpStream, _slot: OwnedSemaphorePermit) {
    let error = ApiError::busy("too_many_connections", "the gateway has no connection left");
    let response = raw_response(&app, &error);
    let said = async {
        stream.write_all(&response).await?;
        let activity = Activity::default();
        activity.set_refused(true);
        let io = GuardedIo::new(
            &mut stream,
            activity,
            &app.settings.limits,
            RawErrors::new(Arc::clone(&app)),
        );
        std::pin::pin!(io).shutdown().await
    };
    let _: Result<io::Result<()>, _> = timeout(app.settings.limits.linger, said).await;
}

/// While it lives, a request is being answered.
#[derive(Debug)]
struct BusyMark(Activity);

impl BusyMark {
    fn new(activity: Activity) -> BusyMark {
        activity.set_busy(true);
        BusyMark(activity)
    }
}

impl Drop for BusyMark {
    fn drop(&mut self) {
        self.0.set_busy(false);
    }
}

/// A response's body that marks its connection as busy.
struct Marked {
    body: Body,
    _mark: BusyMark,
}

impl http_body::Body for Marked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
