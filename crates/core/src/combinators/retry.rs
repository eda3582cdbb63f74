use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use futures_core::future::BoxFuture;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    ChatRequest, Error, ErrorKind, ModelInfo, Provider, ProviderInfo, ReplyStream, TimeoutPhase,
};

/// A provider that asks again when that can help.
///
/// It repeats a request whose error [is retryable](Error::is_retryable), waits
/// longer each time, and at least as long as the backend asks for
/// ([`Error::retry_after`]). A request is never repeated once text of the
/// answer has come; progress notes that came before the text are held until
/// then, and those of failed attempts are dropped.
///
/// | what | default | method |
/// |---|---|---|
/// | attempts in all | 3 | [`attempts`](Retry::attempts) |
/// | first wait, doubled each time | 0.5 s | [`min_delay`](Retry::min_delay) |
/// | longest wait | 30 s | [`max_delay`](Retry::max_delay) |
/// | a random part on top of a wait | yes | [`jitter`](Retry::jitter) |
/// | all attempts and waits together | no limit | [`max_total`](Retry::max_total) |
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
///         .attempts(5)
///         .max_total(Duration::from_secs(120))
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
        }
    }

    /// How often it is asked in all, at least once.
    #[must_use]
    pub fn attempts(mut self, attempts: usize) -> Retry<P> {
        self.attempts = attempts.max(1);
        self
    }

    /// The wait after the first attempt; it doubles after each further one.
    #[must_use]
    pub fn min_delay(mut self, delay: Duration) -> Retry<P> {
        self.min_delay = delay;
        self
    }

    /// The longest wait. A backend that asks for a longer one is not waited
    /// for: its error is given at once.
    #[must_use]
    pub fn max_delay(mut self, delay: Duration) -> Retry<P> {
        self.max_delay = delay;
        self
    }

    /// Whether a random part is added to each wait, so that many callers that
    /// failed together do not come back together.
    #[must_use]
    pub fn jitter(mut self, yes: bool) -> Retry<P> {
        self.jitter = yes;
        self
    }

    /// The longest time until the answer begins, with all attempts and waits.
    /// A wait that would pass it is not begun, and an attempt that passes it
    /// is broken off. It does not limit an answer that has begun.
    #[must_use]
    pub fn max_total(mut self, limit: impl Into<Option<Duration>>) -> Retry<P> {
        self.max_total = limit.into();
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
            let result = match deadline {
                Some(deadline) => timeout_at(deadline, attempt())
                    .await
                    .unwrap_or_else(|_| Err(self.out_of_time())),
                None => attempt().await,
            };
            let error = match result {
                Ok(success) => return Ok(success),
                Err(error) => error,
            };
            let Some(wait) = self.wait_after(&error, delays.next(), deadline) else {
                return Err(give_up(failed, error));
            };
            tracing::debug!(
                provider = %self.provider.info().name,
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
        let delays = ExponentialBuilder::new()
            .with_min_delay(self.min_delay.min(self.max_delay))
            .with_max_delay(self.max_delay)
            .with_max_times(self.attempts - 1);
        let delays = if self.jitter {
            delays.with_jitter()
        } else {
            delays
        };
        // The random part comes on top of backon's own limit.
        let limit = self.max_delay;
        delays.build().map(move |delay| delay.min(limit))
    }

    /// How long to wait before the next attempt; none when there is to be none.
    fn wait_after(
        &self,
        error: &Error,
        delay: Option<Duration>,
        deadline: Option<Instant>,
    ) -> Option<Duration> {
        let delay = delay.filter(|_| error.is_retryable())?;
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
        Box::pin(self.run(|| self.provider.models()))
    }
}
