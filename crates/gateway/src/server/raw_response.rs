use bytes::Bytes;
use http::StatusCode;

use crate::app::App;
use crate::dialects;
use crate::error::ApiError;

/// A whole error response, for a connection that has no request to answer: its
/// head could not be read, or there are too many connections.
pub(super) fn raw_response(app: &App, error: &ApiError) -> Bytes {
    app.metrics.error("", error.code);
    let body = dialects::for_path("").error_body(error);
    let status = error.status;
    let id = app.ids.next("req_");
    let retry = if status == StatusCode::SERVICE_UNAVAILABLE {
        "retry-after: 1\r\n"
    } else {
        ""
    };
    let mut response = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nx-request-id: {id}\r\n{retry}\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    response.extend_from_slice(&body);
    response.into()
}
