use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::close::close_refused;
use super::connection::serve_connection;
use super::raw_response::raw_response;
use crate::app::App;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::routes::server_router;

/// How many connections beyond the limit get a response at the same time;
/// those beyond that are closed without one.
const REFUSED_AT_ONCE: usize = 64;

/// How long replies that were cut have to send their error.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl Gateway {
    /// Serves until `shutdown` resolves, with every limit of
    /// [`Limits`](crate::Limits). Then no new requests are taken, running
    /// replies go on for the [grace time](crate::GatewayBuilder::grace), and
    /// those that are left end with an error.
    ///
    /// # Errors
    ///
    /// Returns an error if the listener has no address, or if others can reach
    /// that address and there is no API key.
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
    let routes = server_router(Arc::clone(&app));
    let slots = Arc::new(Semaphore::new(
        limits.connections.clamp(1, Semaphore::MAX_PERMITS),
    ));
    let refusals = Arc::new(Semaphore::new(REFUSED_AT_ONCE));
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener) => accepted,
        };
        // Each piece of text goes out at once, without waiting until the client
        // has acknowledged the one before.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "the connection is gone");
            continue;
        }
        let app = Arc::clone(&app);
        if let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
            connections.spawn(serve_connection(app, routes.clone(), stream, slot));
        } else if let Ok(slot) = Arc::clone(&refusals).try_acquire_owned() {
            connections.spawn(refuse(app, stream, slot));
        }
    }
    drop(listener);
    tracing::info!(connections = connections.len(), "shutting down");
    app.shutdown.draining.cancel();
    if timeout(app.settings.grace, finish(&mut connections))
        .await
        .is_ok()
    {
        return;
    }
    app.shutdown.cut.cancel();
    let _ = timeout(LAST_WORDS, finish(&mut connections)).await;
    connections.shutdown().await;
}

async fn finish(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

/// Accepts the next connection. It ignores errors of a single connection, and
/// waits if the system has no resources left.
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

/// Tells a client that there are too many connections.
async fn refuse(app: Arc<App>, stream: TcpStream, _slot: OwnedSemaphorePermit) {
    let error = ApiError::busy("too_many_connections", "the gateway has no connection left");
    let response = raw_response(&app, &error);
    close_refused(stream, Some(response), app.settings.limits.linger).await;
}
