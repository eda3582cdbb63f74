use serde::Serialize;

use crate::error::ApiError;

#[derive(Serialize)]
struct Line<'a> {
    error: &'a str,
}

/// An error as the API writes it, also as a line of a stream.
pub(super) fn error_line(error: &ApiError) -> Vec<u8> {
    let line = Line {
        error: &error.message,
    };
    // Serializing texts cannot fail.
    serde_json::to_vec(&line).unwrap_or_default()
}
