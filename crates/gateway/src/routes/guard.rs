use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_TYPE, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::app::App;
use crate::catch::catch_async;
use crate::dialects;
use crate::error::ApiError;

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
/// it.
pub(crate) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let id = app.ids.next("req_");
    let dialect = dialects::for_path(request.uri().path());
    let mut response = match check(&app, &request) {
        Err(error) => error.into_response(),
        Ok(()) => match catch_async(next.run(request)).await {
            Ok(response) => response,
            Err(panicked) => {
                tracing::error!(%id, panic = %panicked.0, "a request panicked");
                ApiError::internal().into_response()
            }
        },
    };
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        let endpoint = error.endpoint.as_deref().unwrap_or_default();
        app.metrics.error(endpoint, error.code);
        tracing::info!(
            %id,
            dialect = dialect.name(),
            status = error.status.as_u16(),
            code = error.code,
            "an error was answered"
        );
        *response.body_mut() = dialect.error_body(&error).into();
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
    }
    let status = response.status();
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        if let Some(name) = dialect.request_id_header() {
            headers.insert(name, id.clone());
        }
        headers.insert(X_REQUEST_ID, id);
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Checks what must hold for every request, also for a browser's preflight.
fn check(app: &App, request: &Request) -> Result<(), ApiError> {
    let limit = app.settings.limits.header;
    if head_size(request) > limit {
        return Err(ApiError::head_too_large(limit));
    }
    app.access.check_host(request.uri(), request.headers())?;
    app.access.check_origin(request.headers())
}

/// Refuses a request without a key, and new requests during a shutdown.
pub(crate) async fn authorize(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let path = request.uri().path();
    // Health checks have no key.
    if !matches!(path, "/" | "/health" | "/healthz" | "/readyz") {
        app.access.check_key(request.headers())?;
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
