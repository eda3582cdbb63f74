//! Errors: what they say, and what a caller can tell from them.

use std::error::Error as _;
use std::time::Duration;

use chatwire_core::{Error, ErrorKind, IncompleteReply, Limit, TimeoutPhase};

#[test]
fn shape() {
    fn check<T: Send + Sync + Clone + 'static>() {}
    check::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
}

#[test]
fn display() {
    let boom = || Error::new(ErrorKind::Refused, "boom");
    let seconds = Duration::from_secs;
    let cases = [
        (boom(), "boom"),
        (boom().with_provider("aura"), "aura: boom"),
        (boom().with_status(503), "boom (HTTP 503)"),
        // Nothing is wrong with a 200 but what it carries.
        (boom().with_status(200), "boom"),
        (
            boom().with_status(200).with_detail("a \n title"),
            "boom (HTTP 200: a title)",
        ),
        (boom().with_status(503).with_detail(" "), "boom (HTTP 503)"),
        // Nothing is told twice.
        (
            boom().with_status(503).with_detail("boo"),
            "boom (HTTP 503)",
        ),
        (
            boom().with_retry_after(seconds(20)),
            "boom (try again in 20 s)",
        ),
        (boom().with_retry_after(seconds(0)), "boom"),
        (
            Error::new(ErrorKind::Refused, "try again in 20s").with_retry_after(seconds(20)),
            "try again in 20s",
        ),
        (
            boom()
                .with_detail("Busy")
                .with_status(503)
                .with_retry_after(Duration::from_millis(1500))
                .with_proxy(Some("http://127.0.0.1:8080")),
            "boom (HTTP 503: Busy; try again in 1.5 s; through the proxy http://127.0.0.1:8080)",
        ),
        (
            boom().with_proxy(Some("socks5://a")).with_proxy(None),
            "boom (through the proxy socks5://a)",
        ),
        (
            boom().with_provider("aura").with_provider("outer"),
            "aura: boom",
        ),
        (boom().with_excerpt("what the server sent"), "boom"),
        (
            Error::new(ErrorKind::AllFailed, "both failed").with_attempts(vec![
                boom().with_provider("a"),
                boom().with_provider("b").with_status(500),
            ]),
            "both failed; attempt 1: a: boom; attempt 2: b: boom (HTTP 500)",
        ),
    ];
    for (error, expected) in cases {
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn debug() {
    let source = std::io::Error::other("the source");
    let error = Error::new(ErrorKind::Status, "boom")
        .with_provider("aura")
        .with_status(503)
        .with_retry_after(Some(Duration::from_secs(5)))
        .with_excerpt("excerpt")
        .with_attempts(vec![Error::new(ErrorKind::Connect, "first")])
        .with_source(source);
    let shown = format!("{error:?}");
    for part in [
        "Status",
        "boom",
        "aura",
        "503",
        "5s",
        "excerpt",
        "first",
        "the source",
    ] {
        assert!(shown.contains(part), "{shown} without {part}");
    }
    let bare = format!("{:?}", Error::new(ErrorKind::Status, "boom"));
    assert_eq!(bare, r#"Error { kind: Status, message: "boom" }"#);
}

#[test]
fn what_is_set_can_be_asked() {
    let error = Error::new(ErrorKind::Status, "boom");
    assert_eq!((error.kind(), error.message()), (ErrorKind::Status, "boom"));
    assert_eq!(
        (error.provider(), error.status(), error.retry_after()),
        (None, None, None)
    );
    assert!(error.excerpt().is_none() && error.attempts().is_empty() && error.source().is_none());
    let wait = Some(Duration::from_secs(5));
    let error = error
        .with_retry_after(wait)
        .with_retry_after(None)
        .with_excerpt("x")
        .with_excerpt(" ");
    assert_eq!((error.retry_after(), error.excerpt()), (wait, Some("x")));
    let error = error
        .with_kind(ErrorKind::Blocked)
        .with_context("at the door");
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Blocked, "boom (at the door)")
    );
    let error = error.with_source(std::io::Error::other("why"));
    assert_eq!(error.source().unwrap().to_string(), "why");
}

#[test]
fn excerpts_are_cut_between_characters() {
    for filler in ["a", "é", "€", "😀"] {
        let error = Error::new(ErrorKind::Status, "").with_excerpt(&filler.repeat(1000));
        let excerpt = error.excerpt().unwrap();
        assert!(excerpt.len() <= Error::EXCERPT_MAX && excerpt.len() > Error::EXCERPT_MAX - 7);
        assert!(excerpt.ends_with(&format!("{filler}…")), "{excerpt}");
    }
}

#[test]
fn retryable() {
    use ErrorKind as K;
    let by_kind = [
        (K::InvalidRequest, false),
        (K::UnknownProvider, false),
        (K::UnsupportedModel, false),
        (K::Credentials, false),
        (K::Connect, true),
        (K::Timeout(TimeoutPhase::Connect), true),
        (K::Timeout(TimeoutPhase::Head), true),
        (K::Timeout(TimeoutPhase::FirstByte), true),
        (K::Timeout(TimeoutPhase::Idle), true),
        // The caller's own limit for the whole: it would be passed again.
        (K::Timeout(TimeoutPhase::Total), false),
        (K::RateLimited, true),
        (K::ContextLength, false),
        (K::Refused, false),
        (K::Blocked, false),
        (K::Status, false),
        (K::Protocol, false),
        (K::Truncated, true),
        (K::Interrupted, true),
        (K::LimitExceeded(Limit::Event), false),
        (K::LimitExceeded(Limit::Reply), false),
        (K::AllFailed, false),
    ];
    for (kind, expected) in by_kind {
        let error = Error::new(kind, "");
        assert_eq!(error.is_retryable(), expected, "{kind:?}");
        // Who knows better says so.
        assert_eq!(
            error.with_retryable(!expected).is_retryable(),
            !expected,
            "{kind:?}"
        );
    }
    for status in 300..600 {
        let expected = [408, 425, 429, 500, 502, 503, 504].contains(&status);
        let error = Error::new(K::Status, "").with_status(status);
        assert_eq!(error.is_retryable(), expected, "{status}");
    }
}

#[test]
fn incomplete_replies() {
    let error = || Error::new(ErrorKind::Truncated, "cut off").with_provider("aura");
    let mut incomplete = IncompleteReply::from(error());
    assert_eq!(incomplete.to_string(), "aura: cut off");
    incomplete.text = "Hé".into();
    assert_eq!(
        incomplete.to_string(),
        "aura: cut off (after 3 bytes of the answer)"
    );
    assert_eq!(incomplete.source().unwrap().to_string(), "aura: cut off");
    assert_eq!(Error::from(incomplete).kind(), ErrorKind::Truncated);
}
