use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE, ORIGIN, VARY, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::access::Origin;
use crate::app::App;
use crate::catch::catch_async;
use crate::dialects;
use crate::error::ApiError;

/// Names one request in the response and in the log.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every request goes through before its route, and every response
/// after it.
pub(crate) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let id = app.ids.next("req_");
    let dialect = dialects::for_path(request.uri().path());
    let origin = request.headers().get(ORIGIN).cloned();
    let mut response = match check(&app, &request) {
        Err(error) => error.into_response(),
        Ok(Entry::Preflight(response)) => response,
        Ok(Entry::Route) => match catch_async(next.run(request)).await {
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
        tracing::info!(%id, status = error.status.as_u16(), code = error.code, "an error was answered");
        *response.body_mut() = dialect.error_body(&error).into();
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
    }
    let status = response.status();
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(X_REQUEST_ID, id);
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    allow_origin(&app, origin, headers);
    response
}

/// What to do with a request that may come in.
enum Entry {
    Route,
    Preflight(Response),
}

fn check(app: &App, request: &Request) -> Result<Entry, ApiError> {
    let headers = request.headers();
    let limit = app.settings.limits.header;
    if head_size(request) > limit {
        return Err(ApiError::head_too_large(limit));
    }
    app.access.check_host(request.uri(), headers)?;
    let origin = app.access.check_origin(headers)?;
    // A browser asks without the key whether it may send it.
    if origin == Origin::Allowed
        && request.method() == Method::OPTIONS
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    {
        return Ok(Entry::Preflight(preflight(headers)));
    }
    let path = request.uri().path();
    // Those who ask whether it lives, and whether it works, have no key.
    if path == "/healthz" || path == "/readyz" {
        return Ok(Entry::Route);
    }
    app.access.check_key(headers)?;
    if !app.shutdown.is_running() && path != "/metrics" {
        return Err(ApiError::shutting_down());
    }
    Ok(Entry::Route)
}

/// The size of a request's head as it was sent. The HTTP library's own limit
/// is on its buffer, which may hold more when much arrives at once.
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

fn preflight(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST"),
    );
    // Official clients send a dozen headers of their own, which change.
    if let Some(wanted) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// Lets pages of allowed origins read the response; where no origin is
/// configured, no response has a CORS header.
fn allow_origin(app: &App, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    let Some(origin) = origin else { return };
    let mut asked = HeaderMap::new();
    asked.insert(ORIGIN, origin.clone());
    if matches!(app.access.check_origin(&asked), Ok(Origin::Allowed)) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("x-request-id, x-chatwire-ignored, retry-after"),
        );
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
}
