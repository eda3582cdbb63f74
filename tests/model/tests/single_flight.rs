//! One caller fetches while the others wait, whatever the order they run in.

use std::collections::HashSet;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chatwire_core::{Error, ErrorKind};
use chatwire_model::{Cached, CredentialCache};
use futures::future::{join_all, poll_fn};
use shuttle::future::{block_on, spawn, yield_now};
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

/// A server that hands out numbers as credentials, and refuses some.
#[derive(Default)]
struct Server {
    fetches: AtomicU32,
    /// The last fetch that a caller was told of.
    told: AtomicU32,
    in_flight: AtomicU32,
    /// Those up to this number are refused.
    refused: u32,
}

impl Server {
    fn refusing(refused: u32) -> Arc<Server> {
        Arc::new(Server {
            refused,
            ..Server::default()
        })
    }

    async fn fetch(&self) -> Result<u32, Error> {
        let others = self.in_flight.fetch_add(1, Ordering::SeqCst);
        // Held until the fetch ends or is dropped.
        let _flight = Flight(&self.in_flight);
        assert_eq!(others, 0, "two fetches at once");
        let number = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        yield_now().await;
        Ok(number)
    }

    async fn fetch_in_vain(&self) -> Result<u32, Error> {
        let number = self.fetch().await?;
        Err(Error::new(ErrorKind::Credentials, format!("no {number}")))
    }

    async fn ask(&self, credentials: Cached<u32>) -> Result<Result<u32, u32>, Error> {
        yield_now().await;
        let number = *credentials.value();
        Ok(match number <= self.refused {
            true => Err(number),
            false => Ok(number),
        })
    }

    fn fetches(&self) -> u32 {
        self.fetches.load(Ordering::SeqCst)
    }
}

struct Flight<'a>(&'a AtomicU32);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs it in every order up to a number of them, and in many random ones.
fn check(model: impl Fn() + Send + Sync + Clone + 'static) {
    let config = Config::new();
    Runner::new(DfsScheduler::new(Some(20_000), false), config.clone()).run(model.clone());
    Runner::new(PctScheduler::new(3, 5_000), config.clone()).run(model.clone());
    Runner::new(RandomScheduler::new(5_000), config).run(model);
}

/// Runs so many tasks, and gives what they return.
fn all<T: Send + 'static, F>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|number| spawn(task(number))).collect();
    let ended = block_on(join_all(tasks));
    ended.into_iter().map(|ended| ended.unwrap()).collect()
}

#[test]
fn one_fetch_serves_all() {
    check(|| {
        let (server, cache) = (Server::refusing(0), Arc::new(CredentialCache::new()));
        let numbers = all(3, |_| {
            let (server, cache) = (server.clone(), cache.clone());
            async move { *cache.get(|| server.fetch()).await.unwrap().value() }
        });
        assert_eq!(numbers, [1, 1, 1]);
        assert_eq!(server.fetches(), 1);
    });
}

/// Those who wait get the error that they waited for, and those who come later
/// are not told of it.
#[test]
fn one_failure_serves_those_who_wait() {
    check(|| {
        let (server, cache) = (Server::refusing(0), Arc::new(CredentialCache::<u32>::new()));
        let errors = all(3, |_| {
            let (server, cache) = (server.clone(), cache.clone());
            async move {
                let told = server.told.load(Ordering::SeqCst);
                let error = cache.get(|| server.fetch_in_vain()).await.unwrap_err();
                let number: u32 = error.message().trim_start_matches("no ").parse().unwrap();
                assert!(number > told, "told of {number} after {told}");
                server.told.fetch_max(number, Ordering::SeqCst);
                number
            }
        });
        let told: HashSet<u32> = errors.iter().copied().collect();
        assert_eq!(told.len() as u32, server.fetches(), "{errors:?}");
        assert!(cache.current().is_none());
    });
}

/// Requests that are all refused with the same credentials renew them once.
#[test]
fn refused_together_renewed_once() {
    check(|| {
        let (server, cache) = (Server::refusing(1), Arc::new(CredentialCache::new()));
        let outcomes = all(3, |_| {
            let (server, cache) = (server.clone(), cache.clone());
            async move {
                cache
                    .with_renewal(
                        || server.fetch(),
                        |credentials| server.ask(credentials),
                        Result::is_err,
                    )
                    .await
                    .unwrap()
            }
        });
        assert_eq!(outcomes, [Ok(2), Ok(2), Ok(2)]);
        assert_eq!(server.fetches(), 2);
    });
}

/// A server that refuses everything is asked twice by each, and no more.
#[test]
fn refused_for_good() {
    check(|| {
        let (server, cache) = (Server::refusing(100), Arc::new(CredentialCache::new()));
        let outcomes = all(2, |_| {
            let (server, cache) = (server.clone(), cache.clone());
            async move {
                cache
                    .with_renewal(
                        || server.fetch(),
                        |credentials| server.ask(credentials),
                        Result::is_err,
                    )
                    .await
                    .unwrap()
            }
        });
        assert!(outcomes.iter().all(Result::is_err));
        assert!((2..=3).contains(&server.fetches()), "{}", server.fetches());
    });
}

/// Credentials that came with an answer are not discarded by those who were
/// refused with older ones.
#[test]
fn what_is_adopted_stays() {
    check(|| {
        let (server, cache) = (Server::refusing(0), Arc::new(CredentialCache::new()));
        let old = cache.adopt(0);
        all(3, |task| {
            let (server, cache, old) = (server.clone(), cache.clone(), old.clone());
            async move {
                match task {
                    0 => cache.discard(&old),
                    1 => drop(cache.adopt(77)),
                    _ => drop(cache.get(|| server.fetch()).await.unwrap()),
                }
            }
        });
        let kept = *cache.current().expect("newer ones").value();
        // Fetched before or after the others.
        assert!(kept == 77 || kept == 1, "{kept}");
        cache.discard(&old);
        assert!(cache.current().is_some());
    });
}

/// A caller that goes away while it fetches hands the work to the next one.
#[test]
fn who_goes_away_hands_the_work_over() {
    check(|| {
        let (server, cache) = (Server::refusing(0), Arc::new(CredentialCache::new()));
        let numbers = all(3, |task| {
            let (server, cache) = (server.clone(), cache.clone());
            async move {
                let mut get = pin!(cache.get(|| server.fetch()));
                if task == 0 {
                    // Polled once, and dropped wherever it is then.
                    let polled = poll_fn(|context| {
                        let polled = get.as_mut().poll(context);
                        std::task::Poll::Ready(polled.is_ready())
                    });
                    polled.await;
                    return None;
                }
                Some(*get.await.unwrap().value())
            }
        });
        assert!(server.fetches() <= 2, "{}", server.fetches());
        assert_eq!(numbers[1], numbers[2]);
        assert!(numbers[1].is_some());
    });
}
