use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::sleep;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::app::App;
use crate::catch::catch_async;
use crate::dialects;
use crate::error::ApiError;
use crate::record::{Record, RecordHead};
use crate::routes::access::KeyRefusal;
use crate::routes::page;
use crate::server::client::Client;

/// The header that identifies a request in the response and in the log.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The headers of responses that pages may read.
const EXPOSED: [HeaderName; 5] = [
    X_REQUEST_ID,
    HeaderName::from_static("x-chatwire-ignored"),
    HeaderName::from_static("x-chatwire-usage"),
    HeaderName::from_static("x-should-retry"),
    RETRY_AFTER,
];

/// Checks every request before its route, and completes every response after
/// it. Its [`Record`] is in the extensions of the request.
pub(crate) async fn guard(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let dialect = dialects::for_path(path);
    let record = Record::new(RecordHead {
        id: app.ids.next("req_"),
        method: Some(request.method().to_string()),
        path: Some(path.to_owned()),
        dialect: dialects::name_for_path(path),
        client: request.extensions().get().map(Client::address),
    });
    request.extensions_mut().insert(record.clone());
    let has_body = request.method() != Method::HEAD;
    let mut response = match check(&app, &request) {
        Err(error) => {
            let refused = match error.code {
                "host_not_allowed" => request.headers().get(HOST),
                "origin_not_allowed" => request.headers().get(ORIGIN),
                _ => None,
            };
            if let Some(refused) = refused {
                record.refused(&String::from_utf8_lossy(refused.as_bytes()));
            }
            error.into_response()
        }
        Ok(()) => match catch_async(next.run(request)).await {
            Ok(response) => response,
            Err(panicked) => {
                record.panicked(&panicked);
                ApiError::internal().into_response()
            }
        },
    };
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        let endpoint = error.endpoint.as_deref().unwrap_or_default();
        app.metrics.error(endpoint, error.code);
        if !endpoint.is_empty() {
            record.endpoint(endpoint);
        }
        record.ended(error.code);
        *response.body_mut() = dialect.error_body(&error).into();
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
    }
    let status = response.status();
    record.status(status.as_u16());
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(record.id()) {
        if let Some(name) = dialect.request_id_header() {
            headers.insert(name, id.clone());
        }
        headers.insert(X_REQUEST_ID, id);
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if !has_body {
        record.ended("complete");
    }
    response.map(|body| Body::new(RecordedBody::new(body, record)))
}

/// The body of a response, whose bytes and end are noted.
struct RecordedBody {
    body: Body,
    record: Record,
}

impl RecordedBody {
    fn new(body: Body, record: Record) -> RecordedBody {
        let recorded = RecordedBody { body, record };
        recorded.note_end();
        recorded
    }

    fn note_end(&self) {
        if self.body.is_end_stream() {
            self.record.ended("complete");
        }
    }
}

impl http_body::Body for RecordedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            None => self.record.ended("complete"),
            Some(Ok(frame)) => self.record.sent(frame.data_ref().map_or(0, Bytes::len)),
            Some(Err(_)) => {}
        }
        self.note_end();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Checks what must hold for every request, also for a browser's preflight.
fn check(app: &App, request: &Request) -> Result<(), ApiError> {
    let limit = app.settings.limits.header;
    if head_size(request) > limit {
        return Err(ApiError::head_too_large(limit));
    }
    app.access.check_host(request.uri(), request.headers())?;
    // A link on another site may open the page, which shows nothing of anyone and
    // which no site can put into a frame of its own.
    if app.settings.has_page && page::is_opened_by(request) {
        return Ok(());
    }
    app.access.check_origin(request.uri(), request.headers())
}

/// Refuses a request without a key, and new requests during a shutdown.
pub(crate) async fn authorize(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let path = request.uri().path();
    // Health checks have no key, and the page asks for it.
    let is_open = matches!(path, "/" | "/health" | "/healthz" | "/readyz")
        || (app.settings.has_page && page::is_asset(path));
    if !is_open {
        if let Err(refusal) = app.access.check_key(request.headers()) {
            if refusal == KeyRefusal::Wrong {
                // Guessing costs time.
                sleep(app.settings.limits.wrong_key_delay).await;
            }
            return Err(refusal.into());
        }
        if app.access.has_keys()
            && let Some(client) = request.extensions().get::<Client>()
        {
            client.authenticated();
        }
        if app.shutdown.draining.is_cancelled() && path != "/metrics" {
            return Err(ApiError::shutting_down());
        }
    }
    Ok(next.run(request).await)
}

/// Returns the size of a request's head as it was sent. The HTTP library's own
/// limit is on its buffer, which may hold more when much arrives at once.
fn head_size(request: &Request) -> usize {
    let fields: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
        .sum();
    let path = request.uri().path_and_query();
    let line = request.method().as_str().len() + path.map_or(0, |path| path.as_str().len());
    line + "  HTTP/1.1\r\n\r\n".len() + fields
}

/// Lets pages of the allowed origins use the gateway. It must run before the
/// check of the key: browsers ask without one whether they may send it.
pub(crate) fn cors(app: Arc<App>) -> CorsLayer {
    let is_allowed = move |origin: &HeaderValue, _: &Parts| app.access.allows_origin(origin);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_allowed))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        // Official clients send a dozen headers of their own, which change with
        // their versions.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED)
        .max_age(Duration::from_secs(600))
        .vary([ORIGIN])
}
