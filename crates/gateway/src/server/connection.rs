use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use super::client::Client;
use super::close::close_refused;
use super::connections::Place;
use super::current::{Current, Served};
use super::raw_response::raw_response;
use super::watch::{Overdue, RequestMark, Watch};
use super::watched_io::WatchedIo;
use crate::error::ApiError;
use crate::routes::paths::normalized;

/// Serves one connection to its end.
pub(super) async fn serve_connection(
    current: Arc<Current>,
    first: Arc<Served>,
    stream: TcpStream,
    address: IpAddr,
    place: Place,
) {
    let app = &first.app;
    let limits = &app.settings.limits;
    let place = Arc::new(place);
    let watch = Watch::new(limits, app.access.has_keys());
    let client = Client::new(address, Arc::clone(&place), watch.clone());
    let io = WatchedIo::new(stream, watch.clone());
    let service = service_fn(|request: Request<Incoming>| {
        let (mut parts, body) = request.into_parts();
        parts.uri = normalized(parts.uri);
        parts.extensions.insert(client.clone());
        let request = Request::from_parts(parts, Body::new(body));
        let mark = BusyMark::new(&watch, &place);
        let watch = watch.clone();
        let served = current.get().unwrap_or_else(|| Arc::clone(&first));
        let routes = TowerToHyperService::new(served.routes.clone());
        Box::pin(async move {
            let response = routes.call(request).await?;
            let status = response.status();
            watch.set_refused(status.is_client_error() || status.is_server_error());
            Ok::<_, std::convert::Infallible>(response.map(|body| MarkedBody { body, _mark: mark }))
        })
    });
    let mut connection = http1::Builder::new()
        // The watch applies that limit.
        .header_read_timeout(None)
        .max_buf_size(limits.header)
        .serve_connection(TokioIo::new(io), service);
    let mut timer = pin!(sleep_until(Instant::now() + watch.header_read()));
    let mut closed = pin!(place.closed());
    let mut draining = pin!(app.shutdown.draining.cancelled());
    let mut is_draining = false;
    let overdue = poll_fn(|context| {
        if !is_draining && draining.as_mut().poll(context).is_ready() {
            is_draining = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        if let Poll::Ready(result) = Pin::new(&mut connection).poll(context) {
            if let Err(error) = result {
                tracing::debug!(%error, "a connection ended early");
            }
            return Poll::Ready(None);
        }
        if closed.as_mut().poll(context).is_ready() {
            tracing::debug!(client = %address, "an idle connection made room for another one");
            return Poll::Ready(Some(Overdue::Silent));
        }
        watch.poll_overdue(context, timer.as_mut()).map(Some)
    })
    .await;
    let last_error = match (overdue, watch.bare_error()) {
        (Some(Overdue::Head), _) => Some(ApiError::head_too_slow(watch.header_read())),
        (Some(Overdue::Silent), _) => return,
        (None, Some(status)) => Some(unreadable_head(status, limits.header)),
        (None, None) => None,
    };
    if last_error.is_some() || watch.is_refused() {
        let response = last_error.map(|error| raw_response(app, &error, address));
        let stream = connection.into_parts().io.into_inner().into_inner();
        tokio::select! {
            () = close_refused(stream, response, limits.linger) => {}
            () = place.closed() => {}
        }
    }
}

/// Returns the error for a head that the HTTP library refused with a status.
fn unreadable_head(status: u16, limit: usize) -> ApiError {
    match status {
        431 => ApiError::head_too_large(limit),
        414 => ApiError::new(
            StatusCode::URI_TOO_LONG,
            "uri_too_long",
            "the address of the request is too long",
        ),
        _ => ApiError::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "the request is not valid HTTP/1.1",
        ),
    }
}

/// While it lives, a request is being answered.
struct BusyMark {
    place: Arc<Place>,
    _mark: RequestMark,
}

impl BusyMark {
    fn new(watch: &Watch, place: &Arc<Place>) -> BusyMark {
        place.set_busy(true);
        BusyMark {
            place: Arc::clone(place),
            _mark: watch.begin_request(),
        }
    }
}

impl Drop for BusyMark {
    fn drop(&mut self) {
        self.place.set_busy(false);
    }
}

/// The body of a response, which keeps its request marked as being answered.
struct MarkedBody {
    body: Body,
    _mark: BusyMark,
}

impl http_body::Body for MarkedBody {
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
