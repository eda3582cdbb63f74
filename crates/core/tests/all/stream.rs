//! The contract of a reply, whatever its source does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chatwire_core::{
    Error, ErrorKind, Extra, Finish, FinishReason, ProgressKind, ReplyEvent, ReplyStream, Usage,
};
use futures::stream::{self, FusedStream, StreamExt};

type Item = Result<ReplyEvent, Error>;

fn text(text: &str) -> Item {
    Ok(ReplyEvent::Text(text.into()))
}

fn note(text: &str) -> Item {
    Ok(ReplyEvent::Progress {
        kind: ProgressKind::Status,
        text: text.into(),
    })
}

fn finish() -> Item {
    Ok(ReplyEvent::Finish(Finish::new(FinishReason::Stop)))
}

fn whole(text: &str) -> Item {
    Ok(ReplyEvent::Finish(
        Finish::new(FinishReason::Stop).with_text(text),
    ))
}

fn images() -> Item {
    Ok(ReplyEvent::Finish(
        Finish::new(FinishReason::Stop).with_images(vec!["https://example.org/1.png".into()]),
    ))
}

fn fail(kind: ErrorKind) -> Item {
    Err(Error::new(kind, "failed"))
}

fn reply(events: Vec<Item>) -> ReplyStream {
    ReplyStream::from_events(stream::iter(events)).with_provider_and_model("box", "one")
}

/// The events in short: texts as they are, notes in brackets, `.` for the end,
/// `!` and the kind for an error.
async fn events(mut reply: ReplyStream) -> Vec<String> {
    let mut seen = Vec::new();
    while let Some(event) = reply.next().await {
        assert!(seen.len() < 100, "no end: {seen:?}");
        seen.push(match event {
            Ok(ReplyEvent::Text(text)) => text,
            Ok(ReplyEvent::Progress { text, .. }) => format!("[{text}]"),
            Ok(ReplyEvent::Finish(_)) => ".".to_owned(),
            Ok(other) => panic!("{other:?}"),
            Err(error) => format!("!{}", error.kind().as_str()),
        });
    }
    // Over is over, also for those who ask again.
    assert!(reply.next().await.is_none());
    assert!(reply.is_terminated());
    seen
}

type Case = (
    &'static str,
    fn() -> Vec<Item>,
    &'static [&'static str],
    Result<&'static str, (ErrorKind, &'static str)>,
);

/// name, what the source gives, the events that come out, and the collected
/// text, or the error with the text so far
const CASES: &[Case] = &[
    (
        "plain",
        || vec![text("a"), text("b"), finish()],
        &["a", "b", "."],
        Ok("ab"),
    ),
    (
        "empty texts",
        || vec![text(""), text("a"), text(""), text(""), finish()],
        &["a", "."],
        Ok("a"),
    ),
    (
        "notes",
        || vec![note("n"), text("a"), note("m"), finish()],
        &["[n]", "a", "[m]", "."],
        Ok("a"),
    ),
    (
        "nothing after the end",
        || vec![text("a"), finish(), text("b"), finish()],
        &["a", "."],
        Ok("a"),
    ),
    (
        "no error after the end",
        || vec![text("a"), finish(), fail(ErrorKind::Refused)],
        &["a", "."],
        Ok("a"),
    ),
    (
        "an error ends it",
        || vec![text("a"), fail(ErrorKind::Refused), text("b"), finish()],
        &["a", "!refused"],
        Err((ErrorKind::Refused, "a")),
    ),
    (
        "an error at once",
        || vec![fail(ErrorKind::RateLimited)],
        &["!rate_limited"],
        Err((ErrorKind::RateLimited, "")),
    ),
    (
        "only one error",
        || vec![fail(ErrorKind::Refused), fail(ErrorKind::Status)],
        &["!refused"],
        Err((ErrorKind::Refused, "")),
    ),
    (
        "no end",
        || vec![text("a")],
        &["a", "!truncated"],
        Err((ErrorKind::Truncated, "a")),
    ),
    (
        "nothing",
        Vec::new,
        &["!truncated"],
        Err((ErrorKind::Truncated, "")),
    ),
    (
        "an end without a word",
        || vec![finish()],
        &["!protocol"],
        Err((ErrorKind::Protocol, "")),
    ),
    (
        "empty texts are no words",
        || vec![text(""), finish()],
        &["!protocol"],
        Err((ErrorKind::Protocol, "")),
    ),
    (
        "nor is an empty whole",
        || vec![whole("")],
        &["!protocol"],
        Err((ErrorKind::Protocol, "")),
    ),
    (
        "nor are notes",
        || vec![note("n"), finish()],
        &["[n]", "!protocol"],
        Err((ErrorKind::Protocol, "")),
    ),
    ("images are an answer", || vec![images()], &["."], Ok("")),
    (
        "a blank is an answer",
        || vec![text(" "), finish()],
        &[" ", "."],
        Ok(" "),
    ),
    (
        "the whole is the only text",
        || vec![whole("abc")],
        &["abc", "."],
        Ok("abc"),
    ),
    (
        "the whole is what came",
        || vec![text("ab"), text("c"), whole("abc")],
        &["ab", "c", "."],
        Ok("abc"),
    ),
    (
        "the whole goes on",
        || vec![text("a"), text("é"), whole("aé😀")],
        &["a", "é", "😀", "."],
        Ok("aé😀"),
    ),
    (
        "the whole differs",
        || vec![text("abc"), whole("xyz")],
        &["abc", "."],
        Ok("xyz"),
    ),
    (
        "the whole differs and is longer",
        || vec![text("abc"), whole("xyzzy")],
        &["abc", "."],
        Ok("xyzzy"),
    ),
    (
        "the whole is trimmed",
        || vec![text(" abc\n"), whole("abc")],
        &[" abc\n", "."],
        Ok("abc"),
    ),
    (
        "the whole is shorter",
        || vec![text("abc"), whole("ab")],
        &["abc", "."],
        Ok("ab"),
    ),
    (
        "the whole is cut within a character",
        || vec![text("aé"), whole("a€")],
        &["aé", "."],
        Ok("a€"),
    ),
    // A backend that forgets the whole has not taken the answer back.
    (
        "the whole is empty",
        || vec![text("abc"), whole("")],
        &["abc", "."],
        Ok("abc"),
    ),
];

#[tokio::test]
async fn the_contract() {
    for (name, source, expected, _) in CASES {
        assert_eq!(events(reply(source())).await, *expected, "{name}");
    }
}

#[tokio::test]
async fn collected() {
    for (name, source, _, expected) in CASES {
        match (reply(source()).collect().await, expected) {
            (Ok(reply), Ok(text)) => {
                assert_eq!(reply.text, *text, "{name}");
                assert_eq!(reply.reason, FinishReason::Stop, "{name}");
                assert_eq!(
                    (reply.provider.as_str(), reply.model.as_str()),
                    ("box", "one"),
                    "{name}"
                );
            }
            (Err(incomplete), Err((kind, text))) => {
                assert_eq!(incomplete.error.kind(), *kind, "{name}");
                assert_eq!(incomplete.error.provider(), Some("box"), "{name}");
                assert_eq!(incomplete.text, *text, "{name}");
            }
            (result, expected) => panic!("{name}: {result:?}, expected {expected:?}"),
        }
    }
}

/// Waiting for the beginning takes nothing from the reply.
#[tokio::test]
async fn begun_loses_nothing() {
    for (name, source, expected, _) in CASES {
        let first = expected.first().copied().unwrap_or_default();
        match reply(source()).wait_for_first_event().await {
            Ok(begun) => {
                assert!(!begun.is_terminated(), "{name}");
                let again = begun.wait_for_first_event().await.unwrap();
                assert_eq!(events(again).await, *expected, "{name}");
            }
            Err(error) => assert_eq!(format!("!{}", error.kind().as_str()), first, "{name}"),
        }
    }
}

#[tokio::test]
async fn waiting_for_the_first_text_loses_nothing() {
    for (name, source, expected, _) in CASES {
        // An error counts as "before text" if only notes came before it.
        let early = expected
            .iter()
            .find(|event| !event.starts_with('['))
            .copied()
            .unwrap_or_default();
        let begun = match reply(source()).wait_for_first_event().await {
            Ok(begun) => begun.wait_for_first_text().await,
            Err(error) => Err(error),
        };
        match begun {
            Ok(begun) => {
                assert!(!early.starts_with('!'), "{name}");
                let again = begun.wait_for_first_text().await.unwrap();
                assert_eq!(events(again).await, *expected, "{name}");
            }
            Err(error) => assert_eq!(format!("!{}", error.kind().as_str()), early, "{name}"),
        }
    }
}

#[tokio::test]
async fn begun_waits_for_no_more_than_it_says() {
    let never = || stream::pending::<Item>();
    let source = stream::iter([note("n")]).chain(never());
    let mut begun = ReplyStream::from_events(source)
        .wait_for_first_event()
        .await
        .unwrap();
    assert_eq!(begun.next().await.unwrap().unwrap(), note("n").unwrap());

    let source = stream::iter([note("n"), text("a")]).chain(never());
    let mut begun = ReplyStream::from_events(source)
        .wait_for_first_text()
        .await
        .unwrap();
    assert_eq!(begun.next().await.unwrap().unwrap(), note("n").unwrap());
    assert_eq!(begun.next().await.unwrap().unwrap(), text("a").unwrap());
}

#[tokio::test]
async fn a_reply_is_a_fused_stream() {
    let mut reply = reply(vec![text("a"), finish()]);
    assert!(!reply.is_terminated());
    let all: Vec<Item> = StreamExt::collect(&mut reply).await;
    assert_eq!(all.len(), 2);
    assert!(reply.is_terminated());
    assert!(StreamExt::next(&mut reply).await.is_none());
}

#[tokio::test]
async fn collecting_a_spent_reply_is_an_error() {
    let mut reply = reply(vec![text("a"), finish()]);
    while reply.next().await.is_some() {}
    let error = reply.collect().await.unwrap_err().error;
    assert_eq!(error.kind(), ErrorKind::Truncated);
}

#[tokio::test]
async fn what_comes_with_the_end() {
    let usage = Usage::new()
        .with_prompt_tokens(Some(1))
        .with_completion_tokens(Some(2))
        .with_total_tokens(Some(3));
    let end = Finish::new(FinishReason::Stop)
        .with_usage(Some(usage))
        .with_images(vec!["i".into()])
        .with_extra(Extra::new("actions", "[1]"));
    let reply = reply(vec![text("a"), Ok(ReplyEvent::Finish(end))]);
    let reply = reply.collect().await.unwrap();
    assert_eq!(reply.usage, Some(usage));
    assert_eq!(reply.images, ["i"]);
    assert_eq!(reply.extras, [Extra::new("actions", "[1]")]);
}

/// An answer without a text is one only where the backend says that something
/// else is.
#[tokio::test]
async fn an_answer_of_extras_alone() {
    let extra = || Extra::new("actions", "[1]");
    let cases = [
        (
            Finish::new(FinishReason::ToolCalls).with_extra(extra()),
            true,
        ),
        (
            Finish::new(FinishReason::from("form")).with_extra(extra()),
            true,
        ),
        (Finish::new(FinishReason::Stop).with_extra(extra()), false),
        (Finish::new(FinishReason::Length).with_extra(extra()), false),
        (Finish::new(FinishReason::ToolCalls), false),
    ];
    for (end, is_answer) in cases {
        let case = format!("{end:?}");
        let reply = reply(vec![Ok(ReplyEvent::Finish(end))]).collect().await;
        assert_eq!(reply.is_ok(), is_answer, "{case}: {reply:?}");
    }
}

#[test]
fn reasons_in_words() {
    let cases = [
        ("stop", FinishReason::Stop, "stop"),
        ("eof", FinishReason::Eof, "eof"),
        ("length", FinishReason::Length, "length"),
        (
            "content-filter",
            FinishReason::ContentFilter,
            "content_filter",
        ),
        (
            "content_filter",
            FinishReason::ContentFilter,
            "content_filter",
        ),
        ("tool-calls", FinishReason::ToolCalls, "tool_calls"),
        ("tool_calls", FinishReason::ToolCalls, "tool_calls"),
        ("unknown", FinishReason::Other("unknown".into()), "unknown"),
    ];
    for (word, reason, shown) in cases {
        assert_eq!(FinishReason::from(word), reason);
        assert_eq!(
            (reason.as_str(), reason.to_string().as_str()),
            (shown, shown)
        );
    }
}

struct Drops(Arc<AtomicBool>);

impl Drop for Drops {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// The source, which holds the connection, is let go of at the end, at an
/// error and when the reply is dropped; not when the caller drops it later.
#[tokio::test]
async fn the_source_is_released() {
    for last in [finish, || fail(ErrorKind::Refused)] {
        let dropped = Arc::new(AtomicBool::new(false));
        let held = Drops(dropped.clone());
        let source = stream::iter([text("a"), last(), text("b")]).map(move |item| {
            let _held = &held;
            item
        });
        let mut reply = ReplyStream::from_events(source);
        assert!(reply.next().await.unwrap().is_ok());
        assert!(!dropped.load(Ordering::SeqCst));
        assert!(reply.next().await.is_some());
        assert!(dropped.load(Ordering::SeqCst));
    }
}

#[tokio::test]
async fn the_name_of_an_inner_provider_stays() {
    let inner = Error::new(ErrorKind::Refused, "no").with_provider("inner");
    let error = reply(vec![Err(inner)]).collect().await.unwrap_err().error;
    assert_eq!(error.provider(), Some("inner"));
}

#[test]
fn sendable_and_silent() {
    fn check<T: Send + Unpin + 'static>(_: &T) {}
    let reply = reply(vec![text("private words"), finish()]);
    check(&reply);
    let shown = format!("{reply:?}");
    assert!(
        shown.contains("box") && !shown.contains("private"),
        "{shown}"
    );
}
