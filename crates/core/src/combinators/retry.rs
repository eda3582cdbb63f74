use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;
use rand::RngExt as _;
use tokio::time::{Instant, sleep, timeout_at};

use super::attempt::{AttemptPolicy, FailedAttempt};
use super::random::rng;
use crate::{
    ChatRequest, Error, ErrorKind, ModelInfo, Provider, ProviderInfo, ReplyStream, TimeoutPhase,
};

/// A provider that repeats a request that failed, when that can help.
///
/// It repeats a request whose error [is retryable](Error::is_retryable), waits
/// longer each time, and at least as long as the backend asks for
/// ([`Error::retry_after`]). A request is never repeated once text of the
/// reply has come; progress notes that came before the text are held until
/// then, and those of failed attempts are dropped.
///
/// | what | default | method |
/// |---|---|---|
/// | attempts in all | 3 | [`with_attempts`](Retry::with_attempts) |
/// | first wait, doubled each time | 0.5 s | [`with_min_delay`](Retry::with_min_delay) |
/// | longest wait | 30 s | [`with_max_delay`](Retry::with_max_delay) |
/// | a random part on top of a wait | yes | [`with_jitter`](Retry::with_jitter) |
/// | all attempts and waits together | no limit | [`with_max_total`](Retry::with_max_total) |
/// | repeats what was refused by a rate limit | yes | [`with_rate_limited`](Retry::with_rate_limited) |
/// | turns a panic of the provider into an error | no | [`with_catch_panics`](Retry::with_catch_panics) |
/// | is told about every attempt that failed | nobody | [`on_failure`](Retry::on_failure) |
///
/// When it gives up, the error is that of the last attempt, and
/// [`Error::attempts`] has those of all attempts.
///
/// ```
/// use std::time::Duration;
/// use chatwire_core::{Provider, Retry};
///
/// fn patient<P: Provider>(provider: P) -> Retry<P> {
///     Retry::new(provider)
///         .with_attempts(5)
///         .with_max_total(Duration::from_secs(120))
///         .on_failure(|attempt| eprintln!("attempt {}: {}", attempt.number, attempt.error))
/// }
/// # let _ = patient::<std::sync::Arc<dyn Provider>>;
/// ```
#[derive(Debug, Clone)]
pub struct Retry<P> {
    provider: P,
    attempts: usize,
    min_delay: Duration,
    max_delay: Duration,
    jitter: bool,
    max_total: Option<Duration>,
    rate_limited: bool,
    policy: AttemptPolicy,
}

impl<P: Provider> Retry<P> {
    /// The provider, asked up to three times.
    pub fn new(provider: P) -> Retry<P> {
        Retry {
            provider,
            attempts: 3,
            min_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            jitter: true,
            max_total: None,
            rate_limited: true,
            policy: AttemptPolicy::default(),
        }
    }

    /// Sets how often the provider is asked in all, at least once.
    #[must_use]
    pub fn with_attempts(mut self, attempts: usize) -> Retry<P> {
        self.attempts = attempts.max(1);
        self
    }

    /// Sets the wait after the first attempt; it doubles after each further one.
    #[must_use]
    pub fn with_min_delay(mut self, delay: Duration) -> Retry<P> {
        self.min_delay = delay;
        self
    }

    /// Sets the longest wait. If a backend asks for a longer one, its error is
    /// returned at once.
    #[must_use]
    pub fn with_max_delay(mut self, delay: Duration) -> Retry<P> {
        self.max_delay = delay;
        self
    }

    /// Sets whether a random part is added to each wait, so that many callers
    /// that failed together do not come back together.
    #[must_use]
    pub fn with_jitter(mut self, yes: bool) -> Retry<P> {
        self.jitter = yes;
        self
    }

    /// Sets the longest time until the reply begins, with all attempts and
    /// waits. A wait that would pass it is not begun, and an attempt that
    /// passes it is broken off. It does not limit a reply that has begun.
    #[must_use]
    pub fn with_max_total(mut self, limit: impl Into<Option<Duration>>) -> Retry<P> {
        self.max_total = limit.into();
        self
    }

    /// Sets whether a request is repeated that a rate limit refused (status
    /// 429, or [`ErrorKind::RateLimited`]). Switch it off where the caller
    /// waits and repeats by itself: the error then says how long to wait, and
    /// two layers do not multiply their attempts.
    #[must_use]
    pub fn with_rate_limited(mut self, yes: bool) -> Retry<P> {
        self.rate_limited = yes;
        self
    }

    /// Sets whether a panic of the provider becomes an error of the kind
    /// [`Panicked`](ErrorKind::Panicked), which is not repeated. Only what
    /// happens until the reply has begun is covered.
    #[must_use]
    pub fn with_catch_panics(mut self, yes: bool) -> Retry<P> {
        self.policy.catch_panics = yes;
        self
    }

    /// Calls the function after every attempt that failed, also the last one,
    /// before the wait: for metrics and logs.
    #[must_use]
    pub fn on_failure(
        mut self,
        hook: impl Fn(&FailedAttempt<'_>) + Send + Sync + 'static,
    ) -> Retry<P> {
        self.policy.on_failure = Some(Arc::new(hook));
        self
    }

    /// The provider that is asked.
    pub fn inner(&self) -> &P {
        &self.provider
    }

    async fn run<'a, T>(
        &'a self,
        attempt: impl Fn() -> BoxFuture<'a, Result<T, Error>>,
    ) -> Result<T, Error> {
        let deadline = self
            .max_total
            .and_then(|limit| Instant::now().checked_add(limit));
        let mut delays = self.delays();
        let mut failed: Vec<Error> = Vec::new();
        loop {
            let attempt = self.policy.run(attempt());
            let result = match deadline {
                Some(deadline) => timeout_at(deadline, attempt)
                    .await
                    .unwrap_or_else(|_| Err(self.out_of_time())),
                None => attempt.await,
            };
            let error = match result {
                Ok(success) => return Ok(success),
                Err(error) => error,
            };
            let wait = self.wait_after(&error, delays.next(), deadline);
            let info = self.provider.info();
            self.policy.failed(&FailedAttempt {
                provider: info,
                number: failed.len() + 1,
                error: &error,
                next_in: wait,
            });
            let Some(wait) = wait else {
                return Err(give_up(failed, error));
            };
            tracing::debug!(
                provider = %info.name,
                attempt = failed.len() + 1,
                error = error.kind().as_str(),
                status = error.status(),
                wait = ?wait,
                "retry"
            );
            failed.push(error);
            sleep(wait).await;
        }
    }

    /// The waits between the attempts.
    fn delays(&self) -> impl Iterator<Item = Duration> + use<P> {
        let (limit, jitter) = (self.max_delay, self.jitter);
        let doubled = move |delay: &Duration| Some(delay.saturating_mul(2).min(limit));
        std::iter::successors(Some(self.min_delay.min(limit)), doubled)
            .take(self.attempts - 1)
            .map(move |delay| match jitter {
                // Up to twice as long.
                true => {
                    Duration::try_from_secs_f64(delay.as_secs_f64() * (1.0 + rng().random::<f64>()))
                        .map_or(limit, |delay| delay.min(limit))
                }
                false => delay,
            })
    }

    /// The wait before the next attempt; `None` if there is to be none.
    fn wait_after(
        &self,
        error: &Error,
        delay: Option<Duration>,
        deadline: Option<Instant>,
    ) -> Option<Duration> {
        let is_rate_limit = error.kind() == ErrorKind::RateLimited || error.status() == Some(429);
        let helps = error.is_retryable() && (self.rate_limited || !is_rate_limit);
        let delay = delay.filter(|_| helps)?;
        let asked = error.retry_after().unwrap_or_default();
        if asked > self.max_delay {
            return None;
        }
        let wait = delay.max(asked);
        let in_time = match (deadline, Instant::now().checked_add(wait)) {
            (Some(deadline), Some(until)) => until < deadline,
            (Some(_), None) => false,
            (None, _) => true,
        };
        in_time.then_some(wait)
    }

    fn out_of_time(&self) -> Error {
        let limit = self.max_total.unwrap_or_default().as_secs_f64();
        Error::new(
            ErrorKind::Timeout(TimeoutPhase::Total),
            format!("no answer had begun within the limit of {limit} s for all attempts"),
        )
        .with_provider(&self.provider.info().name)
    }
}

/// The error of the last attempt, with those of all where there were several.
fn give_up(mut failed: Vec<Error>, last: Error) -> Error {
    if failed.is_empty() {
        return last;
    }
    failed.push(last.clone());
    last.with_attempts(failed)
}

impl<P: Provider> Provider for Retry<P> {
    fn info(&self) -> &ProviderInfo {
        self.provider.info()
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(self.run(move || {
            Box::pin(async move {
                let reply = self.provider.stream(request).await?;
                reply.wait_for_first_text().await
            })
        }))
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
        Box::pin(self.run(|| Box::pin(async { self.provider.models().await })))
    }
}
