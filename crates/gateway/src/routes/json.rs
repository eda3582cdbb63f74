use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::Serialize;

/// Returns a response whose body is a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Response {
    // Serializing plain data with text keys cannot fail.
    let mut response = Response::new(serde_json::to_vec(value).unwrap_or_default().into());
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
