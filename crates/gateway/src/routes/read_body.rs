use std::io::Read as _;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use flate2::read::GzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, ORIGIN, USER_AGENT};
use http::{HeaderMap, StatusCode};
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::budget::Held;
use crate::error::ApiError;
use crate::server::limits::Limits;

/// Reads the body of a request, within its limits of size and time and within
/// what all of them together may hold.
pub(crate) async fn read_body(
    body: Body,
    limits: &Limits,
    held: &mut Held,
) -> Result<Bytes, ApiError> {
    // A client that waits for permission to send is told at once.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limits.body {
        return Err(too_large(limits.body));
    }
    let mut body = Limited::new(body, limits.body);
    let mut whole = BytesMut::new();
    let reading = async {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| match error.is::<LengthLimitError>() {
                true => too_large(limits.body),
                false => unreadable(&*error),
            })?;
            // A frame can be empty, or have no data.
            if let Ok(data) = frame.into_data() {
                held.grow(data.len())?;
                whole.extend_from_slice(&data);
            }
        }
        Ok(())
    };
    match timeout(limits.body_read, reading).await {
        Ok(Ok(())) => Ok(whole.freeze()),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "request_timeout",
            format!(
                "the body of the request did not arrive within {} s",
                limits.body_read.as_secs_f64()
            ),
        )
        .closing()),
    }
}

fn unreadable(error: &dyn std::error::Error) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "incomplete_body",
        format!("the body of the request cannot be read: {error}"),
    )
    .closing()
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("the body of the request is larger than {limit} bytes"),
    )
    .closing()
}

/// The content encoding of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
}

/// Checks that the headers announce JSON, and returns its encoding.
///
/// A page of another site can send a form or plain text without asking the
/// browser first, but not JSON. A request without a type is no form; with an
/// origin, it is from a page all the same. Ollama's documentation asks with
/// `curl -d`, which calls everything a form, but says that it is no browser.
pub(crate) fn check_content_type(headers: &HeaderMap) -> Result<Packing, ApiError> {
    let refused = |why: &str| {
        Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            why,
        )
        .closing())
    };
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let is = |kind: &str| {
        let essence = text(CONTENT_TYPE).and_then(|value| value.split(';').next());
        essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(kind))
    };
    let may_lack_type = !headers.contains_key(ORIGIN);
    // Every browser calls itself Mozilla, and no page can change that of a form.
    let is_program = text(USER_AGENT).is_some_and(|agent| !agent.contains("Mozilla"));
    let is_json = is("application/json")
        || may_lack_type && !headers.contains_key(CONTENT_TYPE)
        || may_lack_type && is_program && is("application/x-www-form-urlencoded");
    if !is_json {
        return refused("the content type must be application/json");
    }
    match headers.get(CONTENT_ENCODING).map(|value| value.as_bytes()) {
        None | Some(b"identity") => Ok(Packing::Plain),
        Some(b"gzip" | b"x-gzip") => Ok(Packing::Gzip),
        Some(_) => refused("the content encoding must be gzip or identity"),
    }
}

/// Decodes a body. The limit applies to the decoded bytes.
pub(crate) fn unpacked(body: Bytes, packing: Packing, limit: usize) -> Result<Bytes, ApiError> {
    if packing == Packing::Plain {
        return Ok(body);
    }
    let mut whole = Vec::new();
    let room = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = GzDecoder::new(&*body).take(room).read_to_end(&mut whole);
    if whole.len() > limit {
        return Err(too_large(limit));
    }
    match read {
        Ok(_) => Ok(whole.into()),
        Err(_) => Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "incomplete_body",
            "the body of the request is not valid gzip",
        )),
    }
}
