use std::borrow::Cow;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use chatwire_core::{Error, ErrorKind};
use http::header::{CONNECTION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};

/// The longest wait a client is asked for. The official clients obey longer
/// ones too, and a program that sleeps for a minute looks as if it hangs.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(20);

/// What the official clients read before they try again by themselves.
const X_SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// An error as the client gets it; its dialect gives it a form.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    pub(crate) param: Option<Cow<'static, str>>,
    pub(crate) code: &'static str,
    retry_after: Option<Duration>,
    /// The client must not try again: it cannot help, or was done here.
    no_retry: bool,
    /// The rest of the request is not worth reading.
    close: bool,
    /// The endpoint that failed, where one did.
    pub(crate) endpoint: Option<String>,
}

impl ApiError {
    /// An error with that status; the code is one word for programs.
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
            no_retry: false,
            close: false,
            endpoint: None,
        }
    }

    /// A request that cannot be right because of that parameter.
    pub(crate) fn invalid(
        param: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message).with_param(param)
    }

    /// A model that is not there.
    pub(crate) fn unknown_model(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "model_not_found", message).with_param("model")
    }

    /// A head beyond its limit, or with more fields than are read.
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

    /// Too much to do already.
    pub(crate) fn busy(code: &'static str, message: impl Into<String>) -> ApiError {
        let mut error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, code, message);
        error.retry_after = Some(Duration::from_secs(1));
        error
    }

    /// The server is going away.
    pub(crate) fn shutting_down() -> ApiError {
        ApiError::busy("shutting_down", "the gateway is shutting down").closing()
    }

    /// Something panicked; what is in the log, not here.
    pub(crate) fn internal() -> ApiError {
        let mut error = ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "the gateway failed; its log says more under the request id",
        );
        error.no_retry = true;
        error
    }

    /// What the failure of an endpoint is to the client. `repeated`: it was
    /// tried again here, so the client need not.
    pub(crate) fn from_provider(endpoint: &str, error: &Error, repeated: bool) -> ApiError {
        let last = match (error.kind(), error.attempts().last()) {
            (ErrorKind::AllFailed, Some(last)) => last,
            _ => error,
        };
        let (status, code) = status_and_code(last);
        let mut api = ApiError::new(status, code, format!("{endpoint}: {error}"));
        match last.kind() {
            ErrorKind::UnsupportedModel => api.param = Some("model".into()),
            ErrorKind::ContextLength => api.param = Some("messages".into()),
            _ => {}
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            api.retry_after = Some(last.retry_after().unwrap_or(Duration::from_secs(5)));
        }
        api.no_retry = repeated || !last.is_retryable();
        api.endpoint = Some(endpoint.to_owned());
        api
    }

    /// Names the parameter that is wrong.
    pub(crate) fn with_param(mut self, param: impl Into<Cow<'static, str>>) -> ApiError {
        self.param = Some(param.into());
        self
    }

    /// Replaces the message.
    pub(crate) fn with_message(mut self, message: impl Into<String>) -> ApiError {
        self.message = message.into();
        self
    }

    /// The connection ends with the answer, because the request was not read
    /// to its end.
    pub(crate) fn closing(mut self) -> ApiError {
        self.close = true;
        self
    }
}

/// The status and the code for an error of a provider. What is wrong between
/// the gateway and its backend is never the client's 401 or 403.
fn status_and_code(error: &Error) -> (StatusCode, &'static str) {
    let bad_gateway = StatusCode::BAD_GATEWAY;
    match error.kind() {
        ErrorKind::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request"),
        ErrorKind::ContextLength => (StatusCode::BAD_REQUEST, "context_length_exceeded"),
        ErrorKind::UnsupportedModel => (StatusCode::NOT_FOUND, "model_not_found"),
        ErrorKind::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded"),
        _ if error.status() == Some(429) => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded"),
        ErrorKind::Timeout(_) => (StatusCode::GATEWAY_TIMEOUT, "provider_timeout"),
        ErrorKind::Refused => match error.status() {
            // The backend found fault with what it was asked.
            Some(400 | 413 | 422) => (StatusCode::BAD_REQUEST, "provider_refused"),
            _ => (bad_gateway, "provider_refused"),
        },
        ErrorKind::Credentials => (bad_gateway, "provider_credentials"),
        ErrorKind::Connect => (bad_gateway, "provider_unreachable"),
        ErrorKind::Blocked => (bad_gateway, "provider_blocked"),
        ErrorKind::Status => (bad_gateway, "provider_status"),
        ErrorKind::Protocol => (bad_gateway, "provider_protocol"),
        ErrorKind::Truncated => (bad_gateway, "provider_truncated"),
        ErrorKind::Interrupted => (bad_gateway, "provider_interrupted"),
        ErrorKind::LimitExceeded(_) => (bad_gateway, "provider_limit_exceeded"),
        _ => (bad_gateway, "provider_failed"),
    }
}

/// Whole seconds for `Retry-After`: at least one, at most the limit.
fn seconds(wait: Duration) -> u64 {
    let up = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    up.clamp(1, MAX_RETRY_AFTER.as_secs())
}

/// A response without a body, which the guard writes in the client's dialect.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds(wait)));
        }
        if self.no_retry {
            headers.insert(X_SHOULD_RETRY, HeaderValue::from_static("false"));
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
    use chatwire_core::TimeoutPhase;

    #[test]
    fn every_kind_has_its_status() {
        use ErrorKind::*;
        for (error, status) in [
            (Error::new(InvalidRequest, "x"), 400),
            (Error::new(ContextLength, "x"), 400),
            (Error::new(UnsupportedModel, "x"), 404),
            (Error::new(RateLimited, "x"), 429),
            (Error::new(Status, "x").with_status(429), 429),
            (Error::new(Status, "x").with_status(401), 502),
            (Error::new(Status, "x").with_status(403), 502),
            (Error::new(Status, "x").with_status(500), 502),
            (Error::new(Status, "x").with_status(504), 502),
            (Error::new(Credentials, "x").with_status(401), 502),
            (Error::new(Refused, "x").with_status(400), 400),
            (Error::new(Refused, "x").with_status(200), 502),
            (Error::new(Connect, "x"), 502),
            (Error::new(Blocked, "x"), 502),
            (Error::new(Protocol, "x"), 502),
            (Error::new(Truncated, "x"), 502),
            (Error::new(Interrupted, "x"), 502),
            (Error::new(Timeout(TimeoutPhase::Idle), "x"), 504),
        ] {
            let api = ApiError::from_provider("home", &error, false);
            assert_eq!(api.status.as_u16(), status, "{error:?}");
        }
    }

    #[test]
    fn several_attempts_count_as_their_last() {
        let limited = Error::new(ErrorKind::RateLimited, "slow down");
        let all = Error::new(ErrorKind::AllFailed, "two attempts").with_attempts(vec![limited]);
        let api = ApiError::from_provider("home", &all, true);
        assert_eq!(api.status, 429);
        assert!(api.no_retry);
    }

    #[test]
    fn a_wait_is_rounded_up_and_capped() {
        for (wait, expected) in [(0, 1), (1, 1), (1001, 2), (20_000, 20), (3_600_000, 20)] {
            assert_eq!(seconds(Duration::from_millis(wait)), expected);
        }
    }
}
