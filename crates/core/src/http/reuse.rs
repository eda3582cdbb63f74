use std::collections::HashSet;
use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::Extensions;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{Connection, HttpInfo};
use tower_layer::Layer;
use tower_service::Service;

/// Which open connections have served a response, by their local address.
///
/// A server that closes a connection between two requests cannot say so in
/// time: the request is already under way and is lost. Only on a connection
/// that has served before does this happen, so only there is it safe to send
/// the request again. HTTP clients do not tell whether a connection was reused,
/// hence this memory. As a layer around the connector it forgets an address
/// when a new connection has it.
///
/// A response head that breaks off in the middle counts as none: the HTTP
/// parser reports both alike.
#[derive(Debug, Clone, Default)]
pub(super) struct ServedConnections(Arc<Mutex<HashSet<SocketAddr>>>);

impl ServedConnections {
    /// Notes the connection of a response.
    pub(super) fn add(&self, response: &reqwest::Response) {
        if let Some(info) = response.extensions().get::<HttpInfo>() {
            self.change(|served| served.insert(info.local_addr()));
        }
    }

    /// Returns whether a request failed because a connection that had served
    /// before was closed without a response. Forgets the connection.
    pub(super) fn has_closed(&self, error: &reqwest::Error) -> bool {
        let connection = causes(error)
            .find_map(|cause| cause.downcast_ref::<legacy::Error>()?.connect_info())
            .and_then(|connection| {
                let mut extras = Extensions::new();
                connection.get_extras(&mut extras);
                extras.get::<HttpInfo>().map(HttpInfo::local_addr)
            });
        let Some(connection) = connection else {
            return false;
        };
        let has_served = self.change(|served| served.remove(&connection));
        has_served && causes(error).any(is_close)
    }

    fn change<R>(&self, change: impl FnOnce(&mut HashSet<SocketAddr>) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The errors behind an error.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source())
}

/// Whether an error says that the other side closed the connection.
fn is_close(error: &(dyn StdError + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return error.is_incomplete_message() || error.is_canceled();
    }
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::NotConnected
                | io::ErrorKind::UnexpectedEof
        )
    })
}

impl<S> Layer<S> for ServedConnections {
    type Service = Connector<S>;

    fn layer(&self, inner: S) -> Connector<S> {
        Connector {
            inner,
            served: self.clone(),
        }
    }
}

/// A connector that forgets about earlier connections with the same address.
#[derive(Clone)]
pub(super) struct Connector<S> {
    inner: S,
    served: ServedConnections,
}

impl<S, R> Service<R> for Connector<S>
where
    S: Service<R>,
    S::Response: Connection,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let connecting = self.inner.call(target);
        let served = self.served.clone();
        Box::pin(async move {
            let connection = connecting.await?;
            let mut extras = Extensions::new();
            connection.connected().get_extras(&mut extras);
            if let Some(info) = extras.get::<HttpInfo>() {
                served.change(|served| served.remove(&info.local_addr()));
            }
            Ok(connection)
        })
    }
}
