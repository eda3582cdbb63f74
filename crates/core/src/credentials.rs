use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;
use crate::sync::{Mutex, RwLock};

/// Credentials that are fetched once and shared by all requests of a provider.
///
/// One caller fetches while the others wait, and all of them get the result, even
/// if it is an error. If that caller is dropped while it fetches, the next one
/// takes over. [`adopt`](CredentialCache::adopt) stores fresh credentials that
/// came with an answer. [`discard`](CredentialCache::discard) removes refused
/// ones, unless they were renewed in the meantime.
///
/// ```
/// # use chatwire_core::Error;
/// # use chatwire_core::provider_kit::CredentialCache;
/// # async fn example() -> Result<(), Error> {
/// let nonces = CredentialCache::new();
/// let first = nonces.get(|| async { Ok("a1b2".to_owned()) }).await?;
/// // …the server refuses it…
/// nonces.discard(&first);
/// let second = nonces.get(|| async { Ok("c3d4".to_owned()) }).await?;
/// assert_eq!(second.value(), "c3d4");
/// # Ok(())
/// # }
/// ```
pub struct CredentialCache<T> {
    current: RwLock<State<T>>,
    fetching: Mutex<()>,
    max_age: Option<Duration>,
}

struct State<T> {
    cached: Option<(Cached<T>, Instant)>,
    next_version: u64,
    /// How many fetches have ended in an error, and the last such error.
    failures: u64,
    last_failure: Option<Error>,
}

/// Credentials from a cache, as one request uses them.
pub struct Cached<T> {
    value: Arc<T>,
    version: u64,
}

impl<T> Cached<T> {
    /// Returns the credentials.
    pub fn value(&self) -> &T {
        &self.value
    }
}

impl<T> Clone for Cached<T> {
    fn clone(&self) -> Cached<T> {
        Cached {
            value: self.value.clone(),
            version: self.version,
        }
    }
}

impl<T> fmt::Debug for Cached<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cached([redacted], version {})", self.version)
    }
}

impl<T> Default for CredentialCache<T> {
    fn default() -> CredentialCache<T> {
        CredentialCache::new()
    }
}

impl<T> CredentialCache<T> {
    /// Creates an empty cache, which keeps credentials until they are refused.
    pub fn new() -> CredentialCache<T> {
        CredentialCache {
            current: RwLock::new(State {
                cached: None,
                next_version: 0,
                failures: 0,
                last_failure: None,
            }),
            fetching: Mutex::new(()),
            max_age: None,
        }
    }

    /// Sets the age at which credentials are fetched again.
    #[must_use]
    pub fn with_max_age(mut self, limit: Duration) -> CredentialCache<T> {
        self.max_age = Some(limit);
        self
    }

    /// Returns the cached credentials, or fetches them.
    ///
    /// # Errors
    ///
    /// The error of the fetch, by this caller or by the one that it waited for.
    pub async fn get<F, Fut>(&self, fetch: F) -> Result<Cached<T>, Error>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        let failures = match self.peek() {
            Ok(cached) => return Ok(cached),
            Err(failures) => failures,
        };
        let _fetching = self.fetching.lock().await;
        match self.peek() {
            Ok(cached) => return Ok(cached),
            // A fetch that ran while this caller waited has failed: so would
            // this one, and hundreds behind it, one after another.
            Err(now) if now != failures => {
                if let Some(error) = self.read(|state| state.last_failure.clone()) {
                    return Err(error);
                }
            }
            Err(_) => {}
        }
        let started = Instant::now();
        match fetch().await {
            Ok(value) => {
                tracing::debug!(elapsed = ?started.elapsed(), "credentials fetched");
                Ok(self.put(value))
            }
            Err(error) => {
                tracing::debug!(
                    error = error.kind().as_str(),
                    status = error.status(),
                    elapsed = ?started.elapsed(),
                    "credentials not fetched"
                );
                self.write(|state| {
                    state.failures += 1;
                    state.last_failure = Some(error.clone());
                });
                Err(error)
            }
        }
    }

    /// Runs `attempt` with the cached credentials, or with those that `fetch`
    /// returns. If they were refused, they are discarded and `attempt` runs once
    /// more with fresh ones; its second outcome is final.
    ///
    /// # Errors
    ///
    /// Those of `fetch` and of `attempt`.
    pub async fn with_renewal<R, Fetched, Attempted>(
        &self,
        fetch: impl Fn() -> Fetched,
        attempt: impl Fn(Cached<T>) -> Attempted,
        is_refusal: impl Fn(&R) -> bool,
    ) -> Result<R, Error>
    where
        Fetched: Future<Output = Result<T, Error>>,
        Attempted: Future<Output = Result<R, Error>>,
    {
        let cached = self.get(&fetch).await?;
        let outcome = attempt(cached.clone()).await?;
        if !is_refusal(&outcome) {
            return Ok(outcome);
        }
        self.discard(&cached);
        attempt(self.get(&fetch).await?).await
    }

    /// Sets credentials that are known from the start.
    #[must_use]
    pub fn with_known(self, value: T) -> CredentialCache<T> {
        self.put(value);
        self
    }

    /// Stores credentials that were not fetched, for example from an answer.
    pub fn adopt(&self, value: T) -> Cached<T> {
        tracing::debug!("credentials renewed by an answer");
        self.put(value)
    }

    fn put(&self, value: T) -> Cached<T> {
        self.write(|state| {
            let cached = Cached {
                value: Arc::new(value),
                version: state.next_version,
            };
            state.next_version += 1;
            state.cached = Some((cached.clone(), Instant::now()));
            state.last_failure = None;
            cached
        })
    }

    /// Removes credentials that were refused, unless they were renewed in the
    /// meantime.
    pub fn discard(&self, refused: &Cached<T>) {
        let is_known = |(cached, _): &(Cached<T>, Instant)| cached.version == refused.version;
        let discarded = self.write(|state| state.cached.take_if(|known| is_known(known)).is_some());
        if discarded {
            tracing::debug!("credentials refused");
        }
    }

    /// Returns the cached credentials, if there are any.
    pub fn current(&self) -> Option<Cached<T>> {
        self.peek().ok()
    }

    /// Returns the cached credentials, or how many fetches have failed so far.
    fn peek(&self) -> Result<Cached<T>, u64> {
        self.read(|state| match &state.cached {
            Some((cached, since)) if self.max_age.is_none_or(|limit| since.elapsed() < limit) => {
                Ok(cached.clone())
            }
            _ => Err(state.failures),
        })
    }

    // The state is whole after every change, so a panic elsewhere spoils
    // nothing.
    fn read<R>(&self, look: impl FnOnce(&State<T>) -> R) -> R {
        look(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<R>(&self, change: impl FnOnce(&mut State<T>) -> R) -> R {
        change(&mut self.current.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T> fmt::Debug for CredentialCache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialCache([redacted])")
    }
}
