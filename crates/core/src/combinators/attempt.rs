use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::{Error, ErrorKind, ProviderInfo};

/// An attempt that failed, as the hooks of [`Retry`](crate::Retry) and
/// [`Fallback`](crate::Fallback) get it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FailedAttempt<'a> {
    /// The provider that was asked.
    pub provider: &'a ProviderInfo,
    /// Which attempt at this request it was, counted from 1.
    pub number: usize,
    /// Why it failed.
    pub error: &'a Error,
    /// The wait before the next attempt; `None` if this was the last one.
    pub next_in: Option<Duration>,
}

type FailureHook = dyn Fn(&FailedAttempt<'_>) + Send + Sync;

/// What [`Retry`](crate::Retry) and [`Fallback`](crate::Fallback) do alike with
/// each attempt.
#[derive(Clone, Default)]
pub(super) struct AttemptPolicy {
    pub(super) catch_panics: bool,
    pub(super) on_failure: Option<Arc<FailureHook>>,
}

impl AttemptPolicy {
    /// Runs an attempt to its end.
    pub(super) async fn run<T>(
        &self,
        attempt: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        if !self.catch_panics {
            return attempt.await;
        }
        let mut attempt = pin!(attempt);
        poll_fn(|context| {
            // What panicked is not polled again, so that nobody sees the state
            // in which it was left.
            catch_unwind(AssertUnwindSafe(|| attempt.as_mut().poll(context)))
                .unwrap_or_else(|_| Poll::Ready(Err(panicked())))
        })
        .await
    }

    pub(super) fn failed(&self, attempt: &FailedAttempt<'_>) {
        if let Some(on_failure) = &self.on_failure {
            on_failure(attempt);
        }
    }
}

/// A panic's own message may say anything, so it goes only where the program's
/// panic hook sends it.
fn panicked() -> Error {
    Error::new(
        ErrorKind::Panicked,
        "the provider panicked: this is a mistake in the program, which the output of its \
         panic hook describes",
    )
}

impl fmt::Debug for AttemptPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptPolicy")
            .field("catch_panics", &self.catch_panics)
            .field("on_failure", &self.on_failure.is_some())
            .finish()
    }
}
