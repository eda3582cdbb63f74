use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::json::json;
use crate::app::App;
use crate::error::ApiError;

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

#[derive(Serialize)]
struct Readiness<'a> {
    status: &'static str,
    endpoints: BTreeMap<&'a str, &'static str>,
}

/// `GET /`: says what this is.
pub(crate) async fn root() -> &'static str {
    "chatwire is running\n"
}

/// `GET /healthz`: the process is alive.
pub(crate) async fn healthz() -> Response {
    json(&Health { status: "ok" })
}

/// `GET /readyz`: at least one endpoint is not failing, and the gateway accepts
/// requests.
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Response {
    if app.shutdown.draining.is_cancelled() {
        return ApiError::shutting_down().into_response();
    }
    let endpoints: BTreeMap<&str, &str> = app
        .routes
        .endpoints
        .iter()
        .map(|endpoint| {
            let state = if endpoint.is_failing() {
                "failing"
            } else {
                "ok"
            };
            (endpoint.name.as_str(), state)
        })
        .collect();
    if endpoints.values().all(|state| *state == "failing") {
        let names: Vec<&str> = endpoints.keys().copied().collect();
        let why = format!("every endpoint is failing: {}", names.join(", "));
        return ApiError::busy("not_ready", why).into_response();
    }
    json(&Readiness {
        status: "ready",
        endpoints,
    })
}

/// `GET /metrics`.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    match app.metrics.text(app.budget.used()) {
        Ok(text) => {
            let mut response = Response::new(text.into());
            response.headers_mut().insert(
                CONTENT_TYPE,
                HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
            );
            response
        }
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            ApiError::internal().into_response()
        }
    }
}

/// Answers any other path.
pub(crate) async fn not_found() -> Response {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing here: see the documentation of chatwire serve for the paths that there \
         are, such as POST /v1/chat/completions and GET /v1/models",
    )
    .into_response()
}

/// Answers a path that does not take the method.
pub(crate) async fn method_not_allowed() -> Response {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path does not take that method; see the header allow",
    )
    .into_response()
}
