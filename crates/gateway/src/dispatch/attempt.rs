use std::sync::Arc;
use std::time::Duration;

use chatwire_core::{ChatRequest, Error, ErrorKind, Parameter, ReplyStream};
use http::StatusCode;
use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::routing::Target;
use crate::app::App;
use crate::catch::catch_async;
use crate::error::ApiError;
use crate::request::GatewayRequest;

/// The longest wait before a repetition. Who asks for more is left to the
/// client, which is told how long to wait.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// Whom to ask, in order, and what.
#[derive(Debug)]
pub(crate) struct Plan {
    request: ChatRequest,
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    target: Target,
    /// Parameters that this endpoint would not honour: they are left out.
    dropped: Vec<Parameter>,
    /// Their names and those that nothing honours.
    ignored: Vec<String>,
}

/// An answer whose first text is here.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) stream: ReplyStream,
    pub(crate) target: Target,
    pub(crate) ignored: Vec<String>,
    /// When the first text arrived.
    pub(crate) at: Instant,
}

impl Plan {
    /// Works out what is left of the request for every target. In strict mode
    /// only targets that honour all of it remain.
    pub(crate) fn new(
        request: GatewayRequest,
        targets: Vec<Target>,
        strict: bool,
    ) -> Result<Plan, ApiError> {
        let chat = request.chat;
        let mut refused: Option<String> = None;
        let mut steps = Vec::new();
        for target in targets {
            let dropped = target.endpoint.provider.info().unsupported(&chat);
            let ignored: Vec<String> = dropped
                .iter()
                .map(|parameter| match parameter {
                    Parameter::MaxTokens => request.max_tokens_name,
                    other => other.as_str(),
                })
                .map(str::to_owned)
                .chain(request.ignored.iter().cloned())
                .collect();
            match ignored.first() {
                Some(parameter) if strict => {
                    refused.get_or_insert(parameter.clone());
                }
                _ => steps.push(Step {
                    target,
                    dropped,
                    ignored,
                }),
            }
        }
        match refused {
            Some(parameter) if steps.is_empty() => {
                let why = format!(
                    "{parameter} is not honoured here, and this gateway is strict about it"
                );
                Err(ApiError::invalid(parameter, why))
            }
            _ => Ok(Plan {
                request: chat,
                steps,
            }),
        }
    }

    /// The name of the endpoint that is asked first.
    pub(crate) fn first_endpoint(&self) -> &str {
        self.steps
            .first()
            .map_or("", |step| step.target.endpoint.name.as_str())
    }

    /// The model that is asked first, as a client names it.
    pub(crate) fn first_model(&self) -> String {
        self.steps
            .first()
            .map_or_else(String::new, |step| step.target.id())
    }

    /// What any of the targets would not honour.
    pub(crate) fn ignored(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for name in self.steps.iter().flat_map(|step| &step.ignored) {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        all
    }
}

/// Asks one target after the other, each again where that can help, until an
/// answer has begun with text.
pub(crate) async fn begin(app: Arc<App>, plan: Plan) -> Result<Started, ApiError> {
    let Plan { request, steps } = plan;
    let count = steps.len();
    let mut request = Some(request);
    let mut failures: Vec<String> = Vec::new();
    let mut last = None;
    for (index, step) in steps.into_iter().enumerate() {
        // The last target takes the request itself: it may be megabytes long.
        let own = if index + 1 == count {
            request.take()
        } else {
            request.clone()
        };
        let Some(mut own) = own else { break };
        for parameter in &step.dropped {
            own = own.without(*parameter);
        }
        let own = own.with_model(step.target.model());
        let endpoint = &step.target.endpoint;
        match ask(&app, endpoint, &own).await {
            Ok(stream) => {
                return Ok(Started {
                    stream,
                    at: Instant::now(),
                    target: step.target,
                    ignored: step.ignored,
                });
            }
            Err(Failure::Panic) => last = Some(ApiError::internal()),
            Err(Failure::Provider(error)) => {
                let repeated = app.settings.retries > 0 || count > 1;
                last = Some(ApiError::from_provider(&endpoint.name, &error, repeated));
                failures.push(format!("{}: {error}", step.target.id()));
                // The next one would say the same.
                if error.kind() == ErrorKind::InvalidRequest {
                    break;
                }
            }
        }
    }
    let last = last.unwrap_or_else(ApiError::internal);
    if failures.len() > 1 {
        let all = failures.join("; ");
        return Err(last.with_message(format!("every one of {count} failed: {all}")));
    }
    Err(last)
}

enum Failure {
    Provider(Error),
    Panic,
}

async fn ask(
    app: &App,
    endpoint: &Endpoint,
    request: &ChatRequest,
) -> Result<ReplyStream, Failure> {
    let mut repetition = 0;
    loop {
        let attempt = async {
            endpoint
                .provider
                .stream(request)
                .await?
                .wait_for_first_text()
                .await
        };
        let error = match catch_async(attempt).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => error,
            Err(panicked) => {
                tracing::error!(endpoint = %endpoint.name, panic = %panicked.0, "a provider panicked");
                return Err(Failure::Panic);
            }
        };
        endpoint.record(Some(error.kind()));
        tracing::warn!(endpoint = %endpoint.name, %error, "no answer");
        let wait = backoff(app, repetition).max(error.retry_after().unwrap_or_default());
        if repetition >= app.settings.retries || !error.is_retryable() || wait > MAX_WAIT {
            return Err(Failure::Provider(error));
        }
        repetition += 1;
        tokio::time::sleep(wait).await;
    }
}

/// Twice as long every time, and half of it by chance, so that clients that
/// failed together do not come back together.
fn backoff(app: &App, repetition: u32) -> Duration {
    let full = app
        .settings
        .retry_delay
        .saturating_mul(1 << repetition.min(6));
    let half = full / 2;
    let micros = u64::try_from(half.as_micros()).unwrap_or(u64::MAX);
    half + Duration::from_micros(app.ids.below(micros.saturating_add(1)))
}

/// What goes wrong after an answer has begun, as the client gets it.
pub(crate) fn late_failure(endpoint: &Endpoint, error: &Error) -> ApiError {
    endpoint.record(Some(error.kind()));
    tracing::warn!(endpoint = %endpoint.name, %error, "an answer broke off");
    let mut api = ApiError::from_provider(&endpoint.name, error, true);
    // Whatever it is, it is not the request: that was accepted.
    if api.status.is_client_error() && api.status != StatusCode::TOO_MANY_REQUESTS {
        api.status = StatusCode::BAD_GATEWAY;
    }
    api
}
