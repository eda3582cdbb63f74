use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::Serialize;

/// Returns a response whose body is a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Response {
    // Serializing plain data with text keys cannot fail.
    written(serde_json::to_vec(value).unwrap_or_default())
}

/// A response with this JSON.
pub(crate) fn written(body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
