use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;

use crate::app::App;
use crate::dialects;
use crate::error::ApiError;

/// Answers that are written to a connection without a request to answer: the
/// head could not be read, or there are too many connections.
///
/// The HTTP library answers a head that it cannot read by itself, with a
/// status and no body. What it writes then is known to the byte, and is
/// replaced.
#[derive(Debug)]
pub(crate) struct RawErrors {
    app: Arc<App>,
    /// What is left of a replacement to write.
    rest: Option<Bytes>,
}

impl RawErrors {
    pub(crate) fn new(app: Arc<App>) -> RawErrors {
        RawErrors { app, rest: None }
    }

    /// What must be written instead of these bytes, if anything.
    pub(crate) fn replacement(&mut self, bytes: &[u8]) -> Option<&mut Bytes> {
        if self.rest.is_none() {
            let error = match status_of_bare_error(bytes)? {
                431 => ApiError::head_too_large(self.app.settings.limits.header),
                414 => ApiError::new(
                    StatusCode::URI_TOO_LONG,
                    "uri_too_long",
                    "the address of the request is too long",
                ),
                _ => ApiError::new(
                    StatusCode::BAD_REQUEST,
                    "bad_request",
                    "the request is not HTTP/1.1 as it should be",
                ),
            };
            self.rest = Some(raw_response(&self.app, &error));
        }
        self.rest.as_mut()
    }
}

/// A whole response, after which the connection ends.
pub(crate) fn raw_response(app: &App, error: &ApiError) -> Bytes {
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

/// The status of a response that is an error without a body. The gateway's
/// own errors all have one.
fn status_of_bare_error(bytes: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(bytes).ok()?;
    let rest = text.strip_prefix("HTTP/1.")?;
    let status: u16 = rest.get(2..5)?.parse().ok()?;
    let bare = text.ends_with("\r\n\r\n") && text.contains("\r\ncontent-length: 0\r\n");
    ((400..500).contains(&status) && bare).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_errors_are_recognised() {
        for (bytes, status) in [
            (
                "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\
                 content-length: 0\r\ndate: x\r\n\r\n",
                Some(431),
            ),
            (
                "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
                Some(400),
            ),
            ("HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", None),
            (
                "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
                None,
            ),
            ("data: x\n\n", None),
            ("", None),
        ] {
            assert_eq!(status_of_bare_error(bytes.as_bytes()), status, "{bytes}");
        }
    }
}
