use std::time::Duration;

use chatwire_core::{Error, ErrorKind};
use http::StatusCode;

use super::endpoint::Endpoint;
use super::target::Target;
use super::wording::for_clients;
use crate::error::ApiError;
use crate::request::Names;

/// What a client is asked to wait when a rate limit does not say.
const RATE_LIMIT_WAIT: Duration = Duration::from_secs(5);

/// The error of a request that none of the targets answered.
pub(super) fn early_failure(targets: &[&Target], error: &Error, names: &Names) -> ApiError {
    let attempts = error.attempts();
    // With several targets, there is one attempt for each.
    let several = targets.len() > 1 && attempts.len() == targets.len();
    if !several {
        let endpoint = targets.last().map(|target| &*target.endpoint);
        return request_error(endpoint, error, names);
    }
    // One that was skipped says less than one that was asked.
    let was_skipped = |error: &Error| {
        matches!(
            error.kind(),
            ErrorKind::InvalidRequest | ErrorKind::UnsupportedModel
        )
    };
    let pairs = || targets.iter().zip(attempts);
    let Some((target, last)) = pairs()
        .rfind(|(_, error)| !was_skipped(error))
        .or_else(|| pairs().next_back())
    else {
        return ApiError::internal();
    };
    let mut api = request_error(Some(&target.endpoint), last, names);
    let all: Vec<String> = pairs()
        .map(|(target, error)| {
            let words = words(Some(&*target.endpoint), error);
            format!("{}: {words}", target.id())
        })
        .collect();
    api.message = format!("none of {} models answered: {}", all.len(), all.join("; "));
    if api.status != StatusCode::TOO_MANY_REQUESTS {
        // Asking them all again is more than one request of the client's.
        api.should_retry = Some(false);
    }
    api
}

/// The error of a reply that failed after it had begun.
pub(super) fn late_failure(endpoint: &Endpoint, error: &Error) -> ApiError {
    let mut api = api_error(Some(endpoint), error);
    // Whatever it is, it is not the request: that was accepted. An answer that is not
    // valid keeps its status, which is one that no client repeats.
    let keeps_status =
        api.status == StatusCode::TOO_MANY_REQUESTS || error.kind() == ErrorKind::InvalidOutput;
    if api.status.is_client_error() && !keeps_status {
        api.status = StatusCode::BAD_GATEWAY;
    }
    api
}

/// What the failure of an endpoint is to the client. What is wrong with the request
/// and with no parameter is wrong with the conversation.
fn request_error(endpoint: Option<&Endpoint>, error: &Error, names: &Names) -> ApiError {
    let mut api = api_error(endpoint, error);
    if matches!(api.code, "invalid_request" | "context_length_exceeded") {
        let name = error.parameter().map_or(names.messages, |it| names.of(it));
        api.param.get_or_insert(name.into());
    }
    api
}

/// What the failure of an endpoint is to the client.
fn api_error(endpoint: Option<&Endpoint>, error: &Error) -> ApiError {
    let name = endpoint.map(|endpoint| endpoint.name.clone());
    if error.kind() == ErrorKind::Panicked {
        let mut api = ApiError::internal();
        api.endpoint = name;
        return api;
    }
    let (status, code) = status_and_code(error);
    let message = match &name {
        Some(name) => format!("{name}: {}", words(endpoint, error)),
        None => words(None, error),
    };
    let mut api = ApiError::new(status, code, message);
    if error.kind() == ErrorKind::UnsupportedModel {
        api.param = Some("model".into());
    }
    let was_repeated = error.attempts().len() > 1;
    if status == StatusCode::TOO_MANY_REQUESTS {
        api.retry_after = Some(error.retry_after().unwrap_or(RATE_LIMIT_WAIT));
        api.should_retry = Some(true);
    } else if was_repeated || !error.is_retryable() {
        api.should_retry = Some(false);
    }
    api.endpoint = name;
    api
}

/// The error without the provider's name and address, which the client does not
/// know, and without the attempts before the last, which are in the log.
fn words(endpoint: Option<&Endpoint>, error: &Error) -> String {
    let base_url = endpoint.map_or("", |endpoint| &endpoint.info().base_url);
    let mut words = for_clients(error.message(), base_url);
    // The proxy between is nothing that a client should know.
    match (error.status(), error.detail()) {
        (Some(status), Some(detail)) => words.push_str(&format!(" (HTTP {status}: {detail})")),
        (Some(status), None) if status != 200 => words.push_str(&format!(" (HTTP {status})")),
        _ => {}
    }
    if error.attempts().len() > 1 {
        words.push_str(&format!(" in {} attempts", error.attempts().len()));
    }
    words
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
        // The backend answered, but never what the request asks for. Asking again
        // costs several questions, and several clients repeat every 5xx.
        ErrorKind::InvalidOutput => (StatusCode::BAD_REQUEST, "invalid_output"),
        ErrorKind::LimitExceeded(_) => (bad_gateway, "provider_limit_exceeded"),
        _ => (bad_gateway, "provider_failed"),
    }
}

#[cfg(test)]
mod tests {
    use chatwire_core::TimeoutPhase;

    use super::*;

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
            (Error::new(InvalidOutput, "x"), 400),
            (Error::new(Truncated, "x"), 502),
            (Error::new(Interrupted, "x"), 502),
            (Error::new(Panicked, "x"), 500),
            (Error::new(Timeout(TimeoutPhase::Idle), "x"), 504),
        ] {
            let api = early_failure(&[], &error, &Names::default());
            assert_eq!(api.status.as_u16(), status, "{error:?}");
        }
    }
}
