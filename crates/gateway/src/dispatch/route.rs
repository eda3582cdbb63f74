use std::sync::Arc;
use std::time::Duration;

use chatwire_core::{
    ChatRequest, Fallback, Parameter, ProgressKind, Provider, ReplyEvent, ReplyStream, Retry,
};
use tokio::time::Instant;

use super::failure::early_failure;
use super::metrics::Metrics;
use super::target::Target;
use crate::completion::Emulation;
use crate::error::ApiError;
use crate::record::Record;
use crate::request::{GatewayRequest, Names};

/// The longest wait before a repetition. If a backend asks for a longer one,
/// that is left to the client, which is told how long to wait.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// Which targets are asked, in order, and what.
#[derive(Debug)]
pub(crate) struct Route {
    request: ChatRequest,
    /// What the dialect calls its parameters.
    names: Names,
    /// Never empty.
    candidates: Vec<Candidate>,
}

#[derive(Debug)]
struct Candidate {
    target: Target,
    /// Names of parameters that have no effect at this target.
    ignored: Vec<String>,
    /// Whether the tools of the request have one.
    takes_tools: bool,
}

/// How failed attempts are repeated.
#[derive(Debug, Clone)]
pub(crate) struct RetryPolicy {
    pub(crate) retries: u32,
    pub(crate) delay: Duration,
}

/// A reply whose first text is here.
#[derive(Debug)]
pub(crate) struct StartedReply {
    pub(crate) stream: ReplyStream,
    /// Its first event.
    pub(crate) first: Option<ReplyEvent>,
    /// What the backend was made to do, if that is known before the text.
    pub(crate) emulation: Option<Emulation>,
    pub(crate) target: Target,
    pub(crate) ignored: Vec<String>,
    /// Whether the target takes the tools of the request.
    pub(crate) takes_tools: bool,
    /// When the first text arrived.
    pub(crate) at: Instant,
}

impl Route {
    /// Works out what each target ignores. In strict mode only targets that
    /// honour everything remain.
    pub(crate) fn new(
        request: GatewayRequest,
        targets: Vec<Target>,
        strict: bool,
    ) -> Result<Route, ApiError> {
        if let Some(path) = request.image
            && !targets.iter().any(|one| one.info().capabilities.images)
        {
            let why = format!("{path} has an image, which this model cannot be sent");
            return Err(ApiError::invalid(path, why));
        }
        let mut refused: Option<String> = None;
        let mut without_tools: Option<String> = None;
        let mut candidates = Vec::new();
        for target in targets {
            let takes_tools = target.info().takes_tools(&request.chat);
            if let Some(path) = &request.tools.required
                && !takes_tools
            {
                without_tools.get_or_insert_with(|| path.clone());
                continue;
            }
            let unsupported = target.info().unsupported(&request.chat);
            let ignored: Vec<String> = unsupported
                .iter()
                .filter_map(|parameter| match parameter {
                    // The request knows which of them no endpoint can have, too.
                    Parameter::Tools => None,
                    other => Some(request.names.of(other.as_str())),
                })
                .map(str::to_owned)
                .chain(request.tools.ignored(takes_tools))
                .chain(request.ignored.iter().cloned())
                .collect();
            match ignored.first() {
                Some(parameter) if strict => {
                    refused.get_or_insert(parameter.clone());
                }
                _ => candidates.push(Candidate {
                    target,
                    ignored,
                    takes_tools,
                }),
            }
        }
        let mut chat = request.chat;
        if candidates.is_empty()
            && let Some(path) = without_tools
        {
            let why = format!(
                "{path} asks for a tool to be called, which this model cannot do, except for one \
                 that is named: its endpoint is configured without tools"
            );
            return Err(ApiError::invalid(path, why));
        }
        match (candidates.as_slice(), refused) {
            ([], Some(parameter)) => {
                let why = format!(
                    "{parameter} has no effect here, and this gateway refuses such parameters: \
                     leave it out"
                );
                return Err(ApiError::invalid(parameter, why));
            }
            ([], None) => return Err(ApiError::internal()),
            // Then the request need not be copied to name the model.
            ([only], _) => {
                let asked = only.target.asked_model();
                if let Some(model) = asked.filter(|it| only.target.info().knows_model(it)) {
                    chat = chat.with_model(model);
                }
            }
            _ => {}
        }
        Ok(Route {
            request: chat,
            names: request.names,
            candidates,
        })
    }

    /// The target that is asked first.
    pub(crate) fn first(&self) -> Option<&Target> {
        self.candidates.first().map(|candidate| &candidate.target)
    }

    /// Whether every target may say how many tokens a reply took.
    pub(crate) fn counts_tokens(&self) -> bool {
        let counts = |one: &Candidate| one.target.info().capabilities.usage;
        self.candidates.iter().all(counts)
    }

    /// What any of the targets ignores.
    pub(crate) fn ignored(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for name in self.candidates.iter().flat_map(|one| &one.ignored) {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        all
    }

    /// Asks one target after the other, each again where that can help, until
    /// a reply has begun with text.
    pub(crate) async fn start(
        self,
        policy: RetryPolicy,
        metrics: Arc<Metrics>,
        record: Record,
    ) -> Result<StartedReply, ApiError> {
        let providers = self.candidates.iter();
        let providers = providers.map(|one| with_retries(&one.target, &policy, &metrics, &record));
        let fallback = Fallback::new(providers.collect()).with_adapted_requests(true);
        match fallback.stream(&self.request).await {
            Ok(mut stream) => {
                let (endpoint, model) = (stream.provider(), stream.model());
                let answers = |one: &Candidate| one.target.answers(endpoint, model);
                let candidate = self.candidates.into_iter().find(answers);
                let Candidate {
                    target,
                    ignored,
                    takes_tools,
                } = candidate.ok_or_else(ApiError::internal)?;
                let target = target.answered_by(model);
                // The text has come, so that what precedes it is here too.
                let first = match stream.next().await {
                    Some(Ok(event)) => Some(event),
                    Some(Err(error)) => {
                        return Err(early_failure(&[&target], &error, &self.names));
                    }
                    None => return Err(ApiError::internal()),
                };
                let emulation = match &first {
                    Some(ReplyEvent::Progress {
                        kind: ProgressKind::Emulated,
                        text,
                    }) => Some(Emulation::parse(text)),
                    _ => None,
                };
                Ok(StartedReply {
                    stream,
                    first,
                    emulation,
                    target,
                    ignored,
                    takes_tools,
                    at: Instant::now(),
                })
            }
            Err(error) => {
                let targets: Vec<&Target> = self.candidates.iter().map(|one| &one.target).collect();
                Err(early_failure(&targets, &error, &self.names))
            }
        }
    }
}

/// The target, repeated by the policy; every failed attempt counts against its
/// endpoint. Rate limits are left to the client, which would repeat as well.
fn with_retries(
    target: &Target,
    policy: &RetryPolicy,
    metrics: &Arc<Metrics>,
    record: &Record,
) -> Arc<dyn Provider> {
    let endpoint = Arc::clone(&target.endpoint);
    let metrics = Arc::clone(metrics);
    let record = record.clone();
    let attempts = usize::try_from(policy.retries).unwrap_or(usize::MAX);
    let retry = Retry::new(target.clone())
        .with_attempts(attempts.saturating_add(1))
        .with_min_delay(policy.delay)
        .with_max_delay(MAX_WAIT)
        .with_rate_limited(false)
        .with_catch_panics(true)
        .on_failure(move |attempt| {
            let error = attempt.error;
            record.attempt_failed(&endpoint.name, attempt.number, error);
            endpoint.record(Some(error.kind()));
            metrics.attempt_failed(&endpoint.name, error.kind().as_str());
        });
    Arc::new(retry)
}
