use std::borrow::Cow;
use std::future::poll_fn;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use futures_core::future::BoxFuture;
use rand::seq::SliceRandom as _;

use super::attempt::{AttemptPolicy, FailedAttempt};
use super::random::rng;
use crate::{
    Capabilities, ChatRequest, Error, ErrorKind, ModelInfo, Parameter, Provider, ProviderInfo,
    ReplyStream, ToolChoice,
};

/// Several providers as one: the first that answers.
///
/// They are asked one after another, in order or
/// [shuffled](Fallback::with_shuffle). One that cannot take the request as it
/// is (its [`info`](Provider::info) does not have that model, or not that
/// parameter) is skipped without being asked, unless the request is
/// [adapted](Fallback::with_adapted_requests) to it; so a model that only some
/// have chooses those. After any other error the next one is asked, but never
/// once text of the reply has come; progress notes that came before the text
/// are held until then. A request that no provider could take
/// ([`ChatRequest::validate`]) is refused at once.
///
/// [`ReplyStream::provider`] and [`ReplyStream::model`] say who answers, and
/// [`on_failure`](Fallback::on_failure) who did not.
///
/// Its [`info`](Provider::info) has the name `fallback`, no base URL, the
/// models of all, and the capabilities that any of them has.
///
/// ```
/// use std::sync::Arc;
/// use chatwire_core::{ChatRequest, Error, Fallback, Provider, ProviderExt};
///
/// # async fn example(first: impl Provider + 'static, second: impl Provider + 'static) -> Result<(), Error> {
/// let either = Fallback::new(vec![Arc::new(first), Arc::new(second)]);
/// let reply = either.reply(&ChatRequest::new("Hello")).await?;
/// println!("{} says: {}", reply.provider, reply.text);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Fallback {
    providers: Vec<Arc<dyn Provider>>,
    shuffle: bool,
    adapt: bool,
    policy: AttemptPolicy,
    /// Built on first use, because it copies all lists of models.
    info: OnceLock<ProviderInfo>,
}

impl Fallback {
    /// The name in [`Provider::info`].
    pub const NAME: &'static str = "fallback";

    /// The providers, in the order in which they are asked.
    pub fn new(providers: Vec<Arc<dyn Provider>>) -> Fallback {
        Fallback {
            providers,
            shuffle: false,
            adapt: false,
            policy: AttemptPolicy::default(),
            info: OnceLock::new(),
        }
    }

    /// Sets whether each request asks in a random order of its own, so that
    /// the load is shared (default: no).
    #[must_use]
    pub fn with_shuffle(mut self, yes: bool) -> Fallback {
        self.shuffle = yes;
        self
    }

    /// Sets whether parameters that a provider would not honour
    /// ([`ProviderInfo::unsupported`]) are left out when that provider is
    /// asked, instead of skipping it (default: no). Tools are left out only where the
    /// model need not call one.
    #[must_use]
    pub fn with_adapted_requests(mut self, yes: bool) -> Fallback {
        self.adapt = yes;
        self
    }

    /// Sets whether a panic of a provider becomes an error of the kind
    /// [`Panicked`](ErrorKind::Panicked), after which the next one is asked
    /// (default: no). Only what happens until the reply has begun is covered.
    #[must_use]
    pub fn with_catch_panics(mut self, yes: bool) -> Fallback {
        self.policy.catch_panics = yes;
        self
    }

    /// Calls the function after every provider that was asked and failed: for
    /// metrics and logs.
    #[must_use]
    pub fn on_failure(
        mut self,
        hook: impl Fn(&FailedAttempt<'_>) + Send + Sync + 'static,
    ) -> Fallback {
        self.policy.on_failure = Some(Arc::new(hook));
        self
    }

    /// The providers, in the order in which they were given.
    pub fn providers(&self) -> &[Arc<dyn Provider>] {
        &self.providers
    }

    async fn first_answer(&self, request: &ChatRequest) -> Result<ReplyStream, Error> {
        request
            .validate()
            .map_err(|error| error.with_provider(Fallback::NAME))?;
        let mut order: Vec<&Arc<dyn Provider>> = self.providers.iter().collect();
        if self.shuffle {
            order.shuffle(&mut rng());
        }
        let mut failed = Vec::new();
        let mut asked = Vec::new();
        let mut rest = order.into_iter();
        while let Some(provider) = rest.next() {
            let info = provider.info();
            let request = self.adapted(info, request);
            if let Err(error) = info.check(&request) {
                tracing::debug!(provider = %info.name, why = error.kind().as_str(), "skipped");
                failed.push(error);
                continue;
            }
            let reply = async {
                let reply = provider.stream(&request).await?;
                reply.wait_for_first_text().await
            };
            let error = match self.policy.run(reply).await {
                Ok(reply) => {
                    tracing::debug!(
                        provider = reply.provider(),
                        model = reply.model(),
                        failed = failed.len(),
                        "chosen"
                    );
                    return Ok(reply);
                }
                Err(error) => error.with_provider(&info.name),
            };
            tracing::debug!(
                provider = %info.name,
                error = error.kind().as_str(),
                status = error.status(),
                "passed over"
            );
            asked.push(error.clone());
            self.policy.failed(&FailedAttempt {
                provider: info,
                number: asked.len(),
                error: &error,
                next_in: (rest.len() > 0).then_some(Duration::ZERO),
            });
            failed.push(error);
        }
        Err(all_failed(failed, &asked))
    }

    /// The request as that provider is asked.
    fn adapted<'a>(&self, info: &ProviderInfo, request: &'a ChatRequest) -> Cow<'a, ChatRequest> {
        let mut adapted = Cow::Borrowed(request);
        if self.adapt {
            let must_call = !matches!(request.tool_choice(), ToolChoice::Auto | ToolChoice::None);
            for parameter in info.unsupported(request) {
                if parameter == Parameter::Tools && must_call {
                    continue;
                }
                tracing::debug!(provider = %info.name, parameter = parameter.as_str(), "left out");
                adapted = Cow::Owned(adapted.into_owned().without(parameter));
            }
        }
        adapted
    }
}

/// The one error for all of them; `asked` has those that were not skipped.
fn all_failed(mut failed: Vec<Error>, asked: &[Error]) -> Error {
    // With one provider, its error says more than that all have failed.
    if failed.len() == 1
        && let Some(only) = failed.pop()
    {
        return only;
    }
    let count = failed.len();
    let of_kind = |kind| failed.iter().all(|error| error.kind() == kind);
    let error = if failed.is_empty() {
        Error::new(ErrorKind::InvalidRequest, "there is no provider to ask")
    } else if !asked.is_empty() {
        Error::new(
            ErrorKind::AllFailed,
            format!("none of the {count} providers answered"),
        )
    } else if of_kind(ErrorKind::UnsupportedModel) {
        Error::new(
            ErrorKind::UnsupportedModel,
            format!("none of the {count} providers has the model"),
        )
    } else {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("none of the {count} providers can take the request as it is"),
        )
    };
    // Trying again can help where it can with one of them, as soon as the
    // first of those is ready.
    let can_help = || asked.iter().filter(|error| error.is_retryable());
    let wait = can_help().map(|error| error.retry_after().unwrap_or_default());
    let wait = wait.min().filter(|wait| !wait.is_zero());
    let retryable = can_help().next().is_some();
    error
        .with_provider(Fallback::NAME)
        .with_retryable(retryable)
        .with_retry_after(wait)
        .with_attempts(failed)
}

/// What any of the providers is and can do.
fn info_of(providers: &[Arc<dyn Provider>]) -> ProviderInfo {
    let default_model = providers
        .first()
        .map_or(String::new(), |first| first.info().default_model.clone());
    let mut all = ProviderInfo::new(Fallback::NAME, "", default_model);
    all.models = union(providers.iter().map(|one| one.info().models.as_slice()));
    all.any_model = providers.iter().any(|one| one.info().any_model);
    for provider in providers {
        let one = &provider.info().capabilities;
        let sum = &mut all.capabilities;
        *sum = Capabilities {
            streaming: sum.streaming || one.streaming,
            system: sum.system || one.system,
            history: sum.history || one.history,
            temperature: match (sum.temperature.take(), one.temperature.clone()) {
                (Some(a), Some(b)) => Some(a.start().min(*b.start())..=a.end().max(*b.end())),
                (a, b) => a.or(b),
            },
            max_tokens: sum.max_tokens || one.max_tokens,
            images: sum.images || one.images,
            response_format: sum.response_format || one.response_format,
            tools: sum.tools || one.tools,
            forced_tool: sum.forced_tool || one.forced_tool,
            usage: sum.usage || one.usage,
            lists_models: sum.lists_models || one.lists_models,
            progress: sum.progress || one.progress,
            end_mark: sum.end_mark || one.end_mark,
        };
        for option in &provider.info().request_options {
            if !all.request_options.contains(option) {
                all.request_options.push(option.clone());
            }
        }
    }
    all
}

/// All models, each once, in the order in which they come.
fn union<'a>(lists: impl IntoIterator<Item = &'a [ModelInfo]>) -> Vec<ModelInfo> {
    let mut all: Vec<ModelInfo> = Vec::new();
    for model in lists.into_iter().flatten() {
        if !all.iter().any(|known| known.id == model.id) {
            all.push(model.clone());
        }
    }
    all
}

impl Provider for Fallback {
    fn info(&self) -> &ProviderInfo {
        self.info.get_or_init(|| info_of(&self.providers))
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(self.first_answer(request))
    }

    /// The models of all that say theirs, asked at the same time; an error
    /// only when none does.
    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
        Box::pin(async move {
            let asking = self.providers.iter().map(|one| one.models()).collect();
            let (mut lists, mut failed) = (Vec::new(), Vec::new());
            for (provider, answer) in self.providers.iter().zip(all_of(asking).await) {
                match answer {
                    Ok(models) => lists.push(models),
                    Err(error) => failed.push(error.with_provider(&provider.info().name)),
                }
            }
            if lists.is_empty() {
                let asked = failed.clone();
                return Err(all_failed(failed, &asked));
            }
            Ok(union(lists.iter().map(Vec::as_slice)))
        })
    }
}

/// What all of them come to, in their order, at the same time.
async fn all_of<T>(mut futures: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let mut results: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    poll_fn(move |context| {
        let mut is_ready = true;
        for (future, result) in futures.iter_mut().zip(&mut results) {
            if result.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *result = Some(value),
                    Poll::Pending => is_ready = false,
                }
            }
        }
        if is_ready {
            Poll::Ready(results.drain(..).flatten().collect())
        } else {
            Poll::Pending
        }
    })
    .await
}
