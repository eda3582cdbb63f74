use http::StatusCode;
use serde::Serialize;

use crate::error::ApiError;

#[derive(Serialize)]
struct Envelope<'a> {
    error: Members<'a>,
}

#[derive(Serialize)]
struct Members<'a> {
    message: &'a str,
    r#type: &'static str,
    param: Option<&'a str>,
    code: &'static str,
}

/// The body of an error of OpenAI's APIs: an object with four members.
pub(crate) fn error_body(error: &ApiError) -> Vec<u8> {
    let envelope = Envelope {
        error: Members {
            message: &error.message,
            r#type: error_type(error.status),
            param: error.param.as_deref(),
            code: error.code,
        },
    };
    // Serializing texts cannot fail.
    serde_json::to_vec(&envelope).unwrap_or_default()
}

fn error_type(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "authentication_error",
        StatusCode::FORBIDDEN => "permission_error",
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        status if status.is_server_error() => "server_error",
        _ => "invalid_request_error",
    }
}
