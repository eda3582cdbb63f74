use std::borrow::Cow;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};

/// The longest wait that a client is asked for. The official clients obey
/// longer ones too, but a program that sleeps for a minute seems to hang.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(20);

/// How many characters of a client's value an error repeats.
const MAX_QUOTED: usize = 100;

/// The header that tells the official clients whether to try again.
const X_SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// An error for a client. A [`Dialect`](crate::dialects::Dialect) gives it its
/// form.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    pub(crate) param: Option<Cow<'static, str>>,
    pub(crate) code: &'static str,
    /// How long the client should wait before it tries again.
    pub(crate) retry_after: Option<Duration>,
    /// Whether the client should try again, where that does not follow from
    /// the status.
    pub(crate) should_retry: Option<bool>,
    /// Whether the connection ends with the response, because the request was
    /// not read to its end.
    close: bool,
    /// The endpoint that failed, if one did.
    pub(crate) endpoint: Option<String>,
}

impl ApiError {
    /// An error with a status, and a code of one word for programs.
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
    ) -> ApiError {
        ApiError {
            status,
            message: message.into(),
            param: None,
            code,
            retry_after: None,
            should_retry: None,
            close: false,
            endpoint: None,
        }
    }

    /// A request that is not valid because of a parameter.
    pub(crate) fn invalid(
        param: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message).with_param(param)
    }

    /// A body that is not valid JSON.
    pub(crate) fn invalid_json(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "invalid_json", message)
    }

    /// A model that does not exist.
    pub(crate) fn unknown_model(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "model_not_found", message).with_param("model")
    }

    /// A reference to something that is not kept, or no longer.
    pub(crate) fn not_kept(
        param: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "response_not_found", message).with_param(param)
    }

    /// A head that is too large, or has too many fields.
    pub(crate) fn head_too_large(limit: usize) -> ApiError {
        ApiError::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers_too_large",
            format!(
                "the head of the request is larger than {limit} bytes, or has more than 100 fields"
            ),
        )
        .closing()
    }

    /// A head that did not arrive in time.
    pub(crate) fn head_too_slow(limit: Duration) -> ApiError {
        ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "request_timeout",
            format!(
                "the head of the request did not arrive within {} s",
                limit.as_secs_f64()
            ),
        )
        .closing()
    }

    /// A gateway that cannot take more at the moment.
    pub(crate) fn busy(code: &'static str, message: impl Into<String>) -> ApiError {
        let mut error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, code, message);
        error.retry_after = Some(Duration::from_secs(1));
        error.should_retry = Some(true);
        error
    }

    /// A gateway that is shutting down.
    pub(crate) fn shutting_down() -> ApiError {
        ApiError::busy("shutting_down", "the gateway is shutting down").closing()
    }

    /// A failure of the gateway itself, which the log describes.
    pub(crate) fn internal() -> ApiError {
        let mut error = ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "the gateway failed; its log says more under the request id",
        );
        error.should_retry = Some(false);
        error
    }

    /// Names the parameter that is wrong.
    pub(crate) fn with_param(mut self, param: impl Into<Cow<'static, str>>) -> ApiError {
        self.param = Some(param.into());
        self
    }

    /// Ends the connection with the response, because the request was not read
    /// to its end.
    pub(crate) fn closing(mut self) -> ApiError {
        self.close = true;
        self
    }
}

/// Quotes a client's value in an error, cut if it is long.
pub(crate) fn quoted(value: &str) -> String {
    match value.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{:?}…", value.get(..end).unwrap_or_default()),
        None => format!("{value:?}"),
    }
}

/// Rounds a wait up to whole seconds for `Retry-After`, at least one.
fn seconds(wait: Duration) -> u64 {
    let up = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    up.clamp(1, MAX_RETRY_AFTER.as_secs())
}

/// Makes a response without a body. The guard adds it in the client's dialect.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds(wait)));
        }
        if let Some(yes) = self.should_retry {
            let value = HeaderValue::from_static(if yes { "true" } else { "false" });
            headers.insert(X_SHOULD_RETRY, value);
        }
        if self.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_and_capped() {
        for (wait, expected) in [(0, 1), (1, 1), (1001, 2), (20_000, 20), (3_600_000, 20)] {
            assert_eq!(seconds(Duration::from_millis(wait)), expected);
        }
    }
}
