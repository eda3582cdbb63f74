//! Asking again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chatwire_core::{
    ChatRequest, Error, ErrorKind, Provider as _, ProviderExt as _, ReplyEvent, Retry, TimeoutPhase,
};
use tokio::time::{Instant, timeout};

use crate::scripted::{Act, Scripted, fail};

fn ask() -> ChatRequest {
    ChatRequest::new("Hi")
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn asking_to_wait(wait: Duration) -> Act {
    Act::Fail(Error::new(ErrorKind::RateLimited, "later").with_retry_after(Some(wait)))
}

/// Four attempts, 1, 2 and 4 seconds between them.
fn retry(acts: impl IntoIterator<Item = Act>) -> Retry<Scripted> {
    Retry::new(Scripted::new("box", acts))
        .with_attempts(4)
        .with_min_delay(seconds(1))
        .with_max_delay(seconds(10))
        .with_jitter(false)
}

#[tokio::test(start_paused = true)]
async fn what_is_repeated_and_when() {
    use ErrorKind::{
        Connect, Interrupted, InvalidRequest, Panicked, RateLimited, Refused, Status, Timeout,
    };
    type Outcome = Result<&'static str, (ErrorKind, usize)>;
    // name, what the attempts do, the text, or the kind and how many attempts
    // the error has, and the seconds at which was asked
    let cases: Vec<(&str, Retry<Scripted>, Outcome, &[u64])> = vec![
        ("success at once", retry([Act::Say("a")]), Ok("a"), &[0]),
        (
            "success at last",
            retry([fail(Connect), fail(RateLimited), Act::Say("a")]),
            Ok("a"),
            &[0, 1, 3],
        ),
        (
            "never",
            retry([fail(Connect)]),
            Err((Connect, 4)),
            &[0, 1, 3, 7],
        ),
        (
            "the last kind counts",
            retry([
                fail(Connect),
                fail(Connect),
                fail(Connect),
                fail(Interrupted),
            ]),
            Err((Interrupted, 4)),
            &[0, 1, 3, 7],
        ),
        (
            "what cannot help is not tried",
            retry([fail(Refused), Act::Say("a")]),
            Err((Refused, 0)),
            &[0],
        ),
        (
            "not for a wrong request",
            retry([fail(InvalidRequest), Act::Say("a")]),
            Err((InvalidRequest, 0)),
            &[0],
        ),
        (
            "nor later",
            retry([fail(Connect), fail(Refused), Act::Say("a")]),
            Err((Refused, 2)),
            &[0, 1],
        ),
        (
            "who knows better is believed",
            retry([
                Act::Fail(Error::new(Refused, "busy").with_retryable(true)),
                Act::Say("a"),
            ]),
            Ok("a"),
            &[0, 1],
        ),
        (
            "as asked",
            retry([asking_to_wait(seconds(5)), Act::Say("a")]),
            Ok("a"),
            &[0, 5],
        ),
        (
            "not sooner than its own wait",
            retry([asking_to_wait(seconds(0)), Act::Say("a")]),
            Ok("a"),
            &[0, 1],
        ),
        (
            "asked for the longest wait",
            retry([asking_to_wait(seconds(10)), Act::Say("a")]),
            Ok("a"),
            &[0, 10],
        ),
        (
            "asked for too long a wait",
            retry([asking_to_wait(seconds(11)), Act::Say("a")]),
            Err((RateLimited, 0)),
            &[0],
        ),
        (
            "asked for ever",
            retry([asking_to_wait(Duration::MAX), Act::Say("a")]),
            Err((RateLimited, 0)),
            &[0],
        ),
        (
            "waits do not grow for ever",
            retry([fail(Connect)])
                .with_attempts(6)
                .with_max_delay(seconds(3)),
            Err((Connect, 6)),
            &[0, 1, 3, 6, 9, 12],
        ),
        (
            "a first wait above the longest",
            retry([fail(Connect)])
                .with_attempts(2)
                .with_min_delay(seconds(60)),
            Err((Connect, 2)),
            &[0, 10],
        ),
        (
            "once is once",
            retry([fail(Connect)]).with_attempts(1),
            Err((Connect, 0)),
            &[0],
        ),
        (
            "never is once",
            retry([fail(Connect)]).with_attempts(0),
            Err((Connect, 0)),
            &[0],
        ),
        (
            "a rate limit that the caller waits for",
            retry([asking_to_wait(seconds(1)), Act::Say("a")]).with_rate_limited(false),
            Err((RateLimited, 0)),
            &[0],
        ),
        (
            "a rate limit by its status alone",
            retry([
                Act::Fail(Error::new(Status, "").with_status(429)),
                Act::Say("a"),
            ])
            .with_rate_limited(false),
            Err((Status, 0)),
            &[0],
        ),
        (
            "other errors are still repeated",
            retry([fail(Connect), fail(RateLimited), Act::Say("a")]).with_rate_limited(false),
            Err((RateLimited, 2)),
            &[0, 1],
        ),
        (
            "a panic is an error, and not repeated",
            retry([Act::Panic, Act::Say("a")]).with_catch_panics(true),
            Err((Panicked, 0)),
            &[0],
        ),
        (
            "an error after notes",
            retry([Act::NoteThenFail(Error::new(Connect, "")), Act::Say("a")]),
            Ok("a"),
            &[0, 1],
        ),
        (
            "an error after text",
            retry([
                Act::SayThenFail("half", Error::new(Interrupted, "")),
                Act::Say("a"),
            ]),
            Err((Interrupted, 0)),
            &[0],
        ),
        (
            "a wait past the limit is not begun",
            retry([fail(Connect)]).with_max_total(seconds(5)),
            Err((Connect, 3)),
            &[0, 1, 3],
        ),
        (
            "no limit",
            retry([fail(Connect)])
                .with_max_total(seconds(5))
                .with_max_total(None),
            Err((Connect, 4)),
            &[0, 1, 3, 7],
        ),
        (
            "an attempt past the limit is broken off",
            retry([
                fail(Connect),
                Act::After(seconds(100), Box::new(Act::Say("a"))),
            ])
            .with_max_total(seconds(5)),
            Err((Timeout(TimeoutPhase::Total), 2)),
            &[0, 1],
        ),
        (
            "also the first",
            retry([Act::After(seconds(100), Box::new(Act::Say("a")))]).with_max_total(seconds(5)),
            Err((Timeout(TimeoutPhase::Total), 0)),
            &[0],
        ),
    ];
    for (name, retry, expected, asked_at) in cases {
        let started = Instant::now();
        let result = retry.reply(&ask()).await;
        let asked_at: Vec<Duration> = asked_at.iter().copied().map(seconds).collect();
        assert_eq!(retry.inner().asked_at(), asked_at, "{name}");
        match (result, expected) {
            (Ok(reply), Ok(text)) => {
                assert_eq!(reply.text, text, "{name}");
                assert_eq!(
                    (reply.provider.as_str(), reply.model.as_str()),
                    ("box", "box-model"),
                    "{name}"
                );
            }
            (Err(incomplete), Err((kind, attempts))) => {
                let error = incomplete.error;
                assert_eq!(error.kind(), kind, "{name}");
                let provider = (kind != Panicked).then_some("box");
                assert_eq!(error.provider(), provider, "{name}");
                assert_eq!(error.attempts().len(), attempts, "{name}");
                if let Some(last) = error.attempts().last() {
                    assert_eq!(last.kind(), kind, "{name}");
                }
            }
            (result, expected) => panic!("{name}: {result:?}, expected {expected:?}"),
        }
        assert!(
            started.elapsed() < seconds(20),
            "{name}: {:?}",
            started.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_kept_to() {
    let slow = Act::After(seconds(100), Box::new(Act::Say("a")));
    let started = Instant::now();
    let result = retry([slow]).with_max_total(seconds(5)).reply(&ask()).await;
    assert_eq!(started.elapsed().as_secs(), 5);
    assert!(result.unwrap_err().to_string().contains("limit of 5 s"));
}

/// The limit is for the beginning: an answer that has begun may take longer.
#[tokio::test(start_paused = true)]
async fn an_answer_that_has_begun_is_not_limited() {
    let retry = retry([Act::Say("a")]).with_max_total(seconds(5));
    let mut reply = retry.stream(&ask()).await.unwrap();
    tokio::time::sleep(seconds(60)).await;
    assert_eq!(
        reply.next().await.unwrap().unwrap(),
        ReplyEvent::Text("a".into())
    );
    assert!(matches!(
        reply.next().await,
        Some(Ok(ReplyEvent::Finish(_)))
    ));
}

#[tokio::test(start_paused = true)]
async fn notes_before_the_text_are_kept() {
    let retry = retry([
        Act::NoteThenFail(Error::new(ErrorKind::Connect, "")),
        Act::Note("a"),
    ]);
    let mut reply = retry.stream(&ask()).await.unwrap();
    let mut seen = Vec::new();
    while let Some(event) = reply.next().await {
        seen.push(match event.unwrap() {
            ReplyEvent::Progress { text, .. } | ReplyEvent::Text(text) => text,
            _ => "end".to_owned(),
        });
    }
    assert_eq!(seen, ["working", "a", "end"]);
}

/// The text that has come is handed on at once, and its error is the stream's.
#[tokio::test(start_paused = true)]
async fn a_reply_that_breaks_off_keeps_its_text() {
    let broken = Act::SayThenFail("half", Error::new(ErrorKind::Interrupted, "gone"));
    let incomplete = retry([broken]).reply(&ask()).await.unwrap_err();
    assert_eq!(incomplete.text, "half");
    assert_eq!(incomplete.error.message(), "gone");
}

#[tokio::test(start_paused = true)]
async fn the_error_says_all() {
    let down = Error::new(ErrorKind::Status, "down").with_status(503);
    let error = retry([fail(ErrorKind::Connect), Act::Fail(down)])
        .with_attempts(3)
        .reply(&ask())
        .await;
    assert_eq!(
        error.unwrap_err().error.to_string(),
        "box: down (HTTP 503) in attempt 3; attempt 1: box: connect; \
         attempt 2: box: down (HTTP 503)"
    );
    // What all attempts say is said once.
    let down = || Error::new(ErrorKind::Status, "down").with_status(503);
    let same = [Act::Fail(down()), Act::Fail(down())];
    let error = retry(same).with_attempts(2).reply(&ask()).await;
    assert_eq!(
        error.unwrap_err().error.to_string(),
        "box: down (HTTP 503) in attempt 2"
    );
}

#[tokio::test(start_paused = true)]
async fn random_parts_stay_in_their_bounds() {
    let mut waits = Vec::new();
    for _ in 0..50 {
        let retry = retry([fail(ErrorKind::Connect)])
            .with_attempts(3)
            .with_jitter(true)
            .with_max_delay(seconds(3));
        assert!(retry.reply(&ask()).await.is_err());
        let asked_at = retry.inner().asked_at();
        let (first, second) = (asked_at[1], asked_at[2] - asked_at[1]);
        // The paused clock has steps of a millisecond.
        let slack = Duration::from_millis(2);
        assert!(
            first >= seconds(1) && first <= seconds(2) + slack,
            "{first:?}"
        );
        assert!(
            second >= seconds(2) && second <= seconds(3) + slack,
            "{second:?}"
        );
        waits.push(first);
    }
    waits.sort();
    waits.dedup();
    assert!(waits.len() > 1, "nothing was random");
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_stops_the_attempts() {
    let retry = retry([fail(ErrorKind::Connect)]);
    assert!(timeout(seconds(2), retry.reply(&ask())).await.is_err());
    tokio::time::sleep(seconds(60)).await;
    assert_eq!(retry.inner().times_asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn models_are_asked_for_again_too() {
    let down = Scripted::new("box", []).listing(Err(Error::new(ErrorKind::Connect, "down")));
    let retry = Retry::new(down);
    assert_eq!(retry.info().name, "box");
    let error = retry.models().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts().len()),
        (ErrorKind::Connect, 3)
    );
    let up = Retry::new(Scripted::new("box", []).listing(Ok(&["m"])));
    assert_eq!(up.models().await.unwrap()[0].id, "m");
}

#[tokio::test(start_paused = true)]
async fn the_hook_sees_every_failed_attempt() {
    for (acts, expected) in [
        (vec![Act::Say("a")], &[][..]),
        (
            vec![fail(ErrorKind::Connect), Act::Say("a")],
            &["1 connect Some(1s)"],
        ),
        (
            vec![fail(ErrorKind::Connect), fail(ErrorKind::Refused)],
            &["1 connect Some(1s)", "2 refused None"],
        ),
        (vec![Act::Panic], &["1 panicked None"]),
    ] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let retry = retry(acts)
            .with_catch_panics(true)
            .on_failure(move |attempt| {
                assert_eq!(attempt.provider.name, "box");
                let kind = attempt.error.kind().as_str();
                let line = format!("{} {kind} {:?}", attempt.number, attempt.next_in);
                log.lock().unwrap().push(line);
            });
        let _ = retry.reply(&ask()).await;
        assert_eq!(*seen.lock().unwrap(), expected);
    }
}

#[tokio::test]
#[should_panic(expected = "on purpose")]
async fn a_panic_goes_on_unless_it_is_to_be_caught() {
    let _ = retry([Act::Panic]).reply(&ask()).await;
}
