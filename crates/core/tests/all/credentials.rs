//! Credentials: fetched once, shared, renewed when refused.

use std::cell::Cell;
use std::future::{pending, ready};
use std::time::Duration;

use chatwire_core::provider_kit::CredentialCache;
use chatwire_core::{Error, ErrorKind};
use futures::future::join_all;
use tokio::time::{sleep, timeout};

const MOMENT: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_hundred_callers_and_one_fetch() {
    let cache = CredentialCache::new();
    let fetches = Cell::new(0);
    let get = || {
        cache.get(|| async {
            fetches.set(fetches.get() + 1);
            sleep(MOMENT).await;
            Ok(fetches.get())
        })
    };
    let all = join_all((0..100).map(|_| get())).await;
    assert!(
        all.iter()
            .all(|lease| *lease.as_ref().unwrap().value() == 1)
    );
    assert_eq!(*get().await.unwrap().value(), 1);
    assert_eq!(fetches.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shared_by_those_who_waited() {
    let cache = CredentialCache::<u32>::new();
    let fetches = Cell::new(0);
    let get = || {
        cache.get(|| async {
            fetches.set(fetches.get() + 1);
            sleep(MOMENT).await;
            Err(Error::new(
                ErrorKind::Credentials,
                format!("no {}", fetches.get()),
            ))
        })
    };
    let all = join_all((0..100).map(|_| get())).await;
    assert_eq!(fetches.get(), 1);
    for failed in all {
        assert_eq!(failed.unwrap_err().message(), "no 1");
    }
    // Who comes later is not told of old trouble: it may be over.
    assert_eq!(get().await.unwrap_err().message(), "no 2");
    assert_eq!(fetches.get(), 2);
    // And a success forgets it.
    assert_eq!(*cache.get(|| async { Ok(7) }).await.unwrap().value(), 7);
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_hands_the_work_over() {
    let cache = CredentialCache::new();
    let gone = timeout(MOMENT, cache.get(pending::<Result<u32, Error>>));
    let next = cache.get(|| async { Ok(2) });
    let last = cache.get(|| async { Ok(3) });
    let (gone, next, last) = tokio::join!(gone, next, last);
    assert!(gone.is_err());
    assert_eq!((*next.unwrap().value(), *last.unwrap().value()), (2, 2));
}

#[tokio::test]
async fn only_what_was_refused_is_discarded() {
    let cache = CredentialCache::new();
    let first = cache.adopt(1);
    let second = cache.adopt(2);
    cache.discard(&first);
    assert_eq!(cache.current().map(|lease| *lease.value()), Some(2));
    cache.discard(&second.clone());
    assert!(cache.current().is_none());
    // Discarded twice is discarded once.
    let third = cache.get(|| async { Ok(3) }).await.unwrap();
    cache.discard(&second);
    assert_eq!(cache.current().map(|lease| *lease.value()), Some(3));
    // Those who hold it keep it.
    cache.discard(&third);
    assert_eq!(*third.value(), 3);
}

/// A hundred requests that were all refused with the same credentials renew
/// them once.
#[tokio::test(start_paused = true)]
async fn refused_together_renewed_once() {
    let cache = CredentialCache::new();
    cache.adopt(0);
    let fetches = Cell::new(0);
    let request = || async {
        let stale = cache.current().unwrap_or_else(|| cache.adopt(99));
        sleep(MOMENT).await;
        cache.discard(&stale);
        let fetch = || async {
            fetches.set(fetches.get() + 1);
            sleep(MOMENT).await;
            Ok(fetches.get())
        };
        *cache.get(fetch).await.unwrap().value()
    };
    let all = join_all((0..100).map(|_| request())).await;
    assert_eq!(all, [1; 100]);
}

#[tokio::test]
async fn what_is_adopted_needs_no_fetch() {
    let cache = CredentialCache::default();
    cache.adopt(5);
    let lease = cache.get(|| async { Err(Error::new(ErrorKind::Connect, "fetched")) });
    assert_eq!(*lease.await.unwrap().value(), 5);
}

#[tokio::test(start_paused = true)]
async fn what_came_meanwhile_serves_those_who_wait() {
    let cache = CredentialCache::new();
    let slow = cache.get(|| async {
        sleep(MOMENT).await;
        Err(Error::new(ErrorKind::Connect, "down"))
    });
    let waiting = cache.get(|| async { Ok(2) });
    let adopting = async {
        sleep(MOMENT / 2).await;
        cache.adopt(1);
    };
    let (slow, waiting, ()) = tokio::join!(slow, waiting, adopting);
    assert!(slow.is_err());
    assert_eq!(*waiting.unwrap().value(), 1);
}

#[tokio::test(start_paused = true)]
async fn max_age() {
    let cache = CredentialCache::new().with_max_age(Duration::from_secs(60));
    cache.adopt(1);
    sleep(Duration::from_secs(59)).await;
    assert!(cache.current().is_some());
    sleep(Duration::from_secs(1)).await;
    assert!(cache.current().is_none());
    let renewed = cache.get(|| async { Ok(2) }).await.unwrap();
    assert_eq!(*renewed.value(), 2);
    sleep(Duration::from_secs(59)).await;
    assert!(cache.current().is_some());
}

#[test]
fn nothing_shows() {
    let cache = CredentialCache::new();
    let lease = cache.adopt("s3cret".to_owned());
    assert_eq!(
        format!("{cache:?} {lease:?}"),
        "CredentialCache([redacted]) Cached([redacted], version 0)"
    );
}

#[tokio::test]
async fn refused_credentials_are_renewed_once() {
    // (the numbers that the server refuses, the last one, whether it is refused)
    let cases: [(&[u32], u32, bool); 3] =
        [(&[], 1, false), (&[1], 2, false), (&[1, 2, 3], 2, true)];
    for (refused, last, is_refused) in cases {
        let cache = CredentialCache::new();
        let (fetched, attempted) = (Cell::new(0), Cell::new(0));
        let outcome = cache.with_renewal(
            || async {
                fetched.set(fetched.get() + 1);
                Ok(fetched.get())
            },
            |credentials| {
                attempted.set(attempted.get() + 1);
                let number = *credentials.value();
                ready(Ok((number, refused.contains(&number))))
            },
            |(_, is_refused)| *is_refused,
        );
        assert_eq!(outcome.await.unwrap(), (last, is_refused));
        assert_eq!((fetched.get(), attempted.get()), (last, last));
    }
    // An error is no refusal.
    let cache = CredentialCache::new();
    let error = || Error::new(ErrorKind::Connect, "down");
    let outcome = cache.with_renewal(
        || ready(Ok(1)),
        |_| ready(Err::<u32, Error>(error())),
        |_| true,
    );
    assert_eq!(outcome.await.unwrap_err().kind(), ErrorKind::Connect);
    assert!(cache.current().is_some());
}
