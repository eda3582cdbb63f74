use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use futures_core::future::BoxFuture;

use crate::{
    Capabilities, ChatRequest, Error, ErrorKind, ModelInfo, Provider, ProviderInfo, ReplyStream,
};

/// Several providers as one: the first that answers.
///
/// They are asked one after another, in order or [shuffled](Fallback::shuffled).
/// One that cannot take the request as it is (its
/// [`info`](Provider::info) knows no such model, or not that parameter) is
/// skipped without being asked; so a model that only some have chooses those.
/// After any other error the next one is asked, but never once text of the
/// answer has come; progress notes that came before the text are held until
/// then. A request that no provider could take
/// ([`ChatRequest::validate`]) is refused at once.
///
/// Who answers can be seen in the reply:
/// [`ReplyStream::provider`] and [`ReplyStream::model`].
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
    shuffled: bool,
    info: ProviderInfo,
}

impl Fallback {
    /// The name in [`Provider::info`].
    pub const NAME: &'static str = "fallback";

    /// The providers, in the order in which they are asked.
    pub fn new(providers: Vec<Arc<dyn Provider>>) -> Fallback {
        let info = info_of(&providers);
        Fallback {
            providers,
            shuffled: false,
            info,
        }
    }

    /// Whether each request asks in an order of its own, by chance, so that
    /// the load is shared (default: no).
    #[must_use]
    pub fn shuffled(mut self, yes: bool) -> Fallback {
        self.shuffled = yes;
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
        if self.shuffled {
            fastrand::shuffle(&mut order);
        }
        let mut failed = Vec::new();
        let mut asked = Vec::new();
        for provider in order {
            let info = provider.info();
            if let Err(error) = info.check(request) {
                tracing::debug!(provider = %info.name, why = error.kind().as_str(), "skipped");
                failed.push(error);
                continue;
            }
            let reply = async { provider.stream(request).await?.wait_for_first_text().await };
            match reply.await {
                Ok(reply) => {
                    tracing::debug!(
                        provider = reply.provider(),
                        model = reply.model(),
                        failed = failed.len(),
                        "chosen"
                    );
                    return Ok(reply);
                }
                Err(error) => {
                    tracing::debug!(
                        provider = %info.name,
                        error = error.kind().as_str(),
                        status = error.status(),
                        "passed over"
                    );
                    let error = error.with_provider(&info.name);
                    asked.push(error.clone());
                    failed.push(error);
                }
            }
        }
        Err(all_failed(failed, &asked))
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
            usage: sum.usage || one.usage,
            lists_models: sum.lists_models || one.lists_models,
            progress: sum.progress || one.progress,
            end_mark: sum.end_mark || one.end_mark,
        };
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
        &self.info
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
