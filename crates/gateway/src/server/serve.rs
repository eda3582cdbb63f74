use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::close::close_refused;
use super::connection::serve_connection;
use super::connections::{Connections, Entered, YOUNG};
use super::current::{Current, Served};
use super::raw_response::raw_response;
use crate::error::ApiError;
use crate::gateway::Gateway;

/// How many connections beyond the limit get a response at the same time;
/// those beyond that are closed without one.
const REFUSED_AT_ONCE: usize = 64;

/// How many connections wait at the same time until it is known whether an
/// older one has sent something.
const WAITING_AT_ONCE: usize = 256;

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
    /// Returns an error if the listener has no address, or if the gateway must
    /// not listen on it (see [`check_address`](Gateway::check_address)).
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let address = listener.local_addr()?;
        self.check_address(address.ip())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.message()))?;
        let served = self.current.set(self.app, address.ip());
        tracing::info!(%address, "listening");
        run(self.current, served, listener, shutdown).await;
        Ok(())
    }
}

async fn run(
    current: Arc<Current>,
    first: Arc<Served>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) {
    let open: Arc<Connections> = Arc::default();
    let refusals = Arc::new(Semaphore::new(REFUSED_AT_ONCE));
    let waiting = Arc::new(Semaphore::new(WAITING_AT_ONCE));
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
        let address = peer.ip().to_canonical();
        let served = current.get().unwrap_or_else(|| Arc::clone(&first));
        let limits = &served.app.settings.limits;
        let has_keys = served.app.access.has_keys();
        let wait = Arc::clone(&waiting).try_acquire_owned().ok();
        match open.enter(address, limits, has_keys, wait.is_some()) {
            Entered::Open(place) => {
                let current = Arc::clone(&current);
                connections.spawn(serve_connection(current, served, stream, address, place));
            }
            Entered::Wait => {
                let (current, open) = (Arc::clone(&current), Arc::clone(&open));
                let refusals = Arc::clone(&refusals);
                connections.spawn(async move {
                    sleep(YOUNG).await;
                    drop(wait);
                    let limits = &served.app.settings.limits;
                    match open.enter(address, limits, has_keys, false) {
                        Entered::Open(place) => {
                            serve_connection(current, served, stream, address, place).await;
                        }
                        _ => {
                            if let Ok(slot) = refusals.try_acquire_owned() {
                                refuse(served, stream, address, slot).await;
                            }
                        }
                    }
                });
            }
            Entered::Full => {
                if let Ok(slot) = Arc::clone(&refusals).try_acquire_owned() {
                    connections.spawn(refuse(served, stream, address, slot));
                }
            }
        }
    }
    drop(listener);
    tracing::info!(connections = connections.len(), "shutting down");
    let app = &first.app;
    app.shutdown.draining.cancel();
    let grace = current.get().map(|served| served.app.settings.grace);
    if timeout(grace.unwrap_or_default(), finish(&mut connections))
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
async fn refuse(
    served: Arc<Served>,
    stream: TcpStream,
    client: IpAddr,
    _slot: OwnedSemaphorePermit,
) {
    let error = ApiError::busy("too_many_connections", "the gateway has no connection left");
    let response = raw_response(&served.app, &error, client);
    close_refused(stream, Some(response), served.app.settings.limits.linger).await;
}
