use std::net::IpAddr;

use bytes::Bytes;
use http::StatusCode;

use crate::app::App;
use crate::dialects;
use crate::error::ApiError;
use crate::record::{Record, RecordHead};

/// A whole error response, for a connection that has no request to answer: its
/// head could not be read, or there are too many connections.
pub(super) fn raw_response(app: &App, error: &ApiError, client: IpAddr) -> Bytes {
    app.metrics.error("", error.code);
    let record = Record::new(RecordHead {
        id: app.ids.next("req_"),
        method: None,
        path: None,
        dialect: None,
        client: Some(client),
    });
    record.status(error.status.as_u16());
    record.ended(error.code);
    let body = dialects::for_path("").error_body(error);
    let status = error.status;
    let id = record.id();
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
    record.sent(body.len());
    response.into()
}
