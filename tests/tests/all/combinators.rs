//! `Retry` and `Fallback` over servers that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chatwire::HttpConfig;
use chatwire::{
    ChatRequest, ErrorKind, Fallback, Provider, ProviderExt as _, ProviderOptions, Retry, provider,
};
use chatwire_mock::{AiReply, Answer, AnyMock, Ending, HeadFault, MockServer};

const NAMES: [&str; 4] = AnyMock::PROVIDERS;

async fn mock(name: &str) -> AnyMock {
    AnyMock::by_name(name).await.unwrap()
}

fn client(name: &str, server: &MockServer) -> Arc<dyn Provider> {
    let http = HttpConfig::new().with_first_byte_timeout(Duration::from_secs(60));
    let options = ProviderOptions::new()
        .with_base_url(server.url())
        .with_http(http);
    provider(name, options).unwrap()
}

/// Answers the first questions so.
fn fail(server: &MockServer, times: usize, answer: Answer) {
    let asked = AtomicUsize::new(0);
    server.answer_with(move |request| {
        let fails = AnyMock::is_chat(request) && asked.fetch_add(1, Ordering::SeqCst) < times;
        fails.then(|| answer.clone())
    });
}

fn questions(server: &MockServer) -> usize {
    server
        .requests()
        .iter()
        .filter(|request| AnyMock::is_chat(request))
        .count()
}

/// Text, and then the end of the connection.
fn cut_after_text(name: &str) -> Answer {
    match name {
        "chatgpt4online" => AiReply::new()
            .delta("some ")
            .ending(Ending::Truncate)
            .answer(),
        _ => Answer::stream(["some "]).ending(Ending::Truncate),
    }
}

#[tokio::test]
async fn retry_over_servers_that_fail() {
    // (fault, how often, questions in all, the error if there is one, the least wait)
    let later = |status: u16| Answer::html(status, "later");
    let none = Duration::ZERO;
    for name in NAMES {
        let cases = [
            ("503 twice", later(503), 2, 3, None, none),
            (
                "503 for ever",
                later(503),
                9,
                3,
                Some(ErrorKind::Status),
                none,
            ),
            (
                "closed once",
                Answer::fault(HeadFault::CloseBeforeHead),
                1,
                2,
                None,
                none,
            ),
            (
                "reset once",
                Answer::fault(HeadFault::ResetBeforeHead),
                1,
                2,
                None,
                none,
            ),
            (
                "429 with a wait",
                later(429).header("retry-after", "1"),
                1,
                2,
                None,
                Duration::from_secs(1),
            ),
            (
                "429 with a long wait",
                later(429).header("retry-after", "9999"),
                1,
                1,
                Some(ErrorKind::RateLimited),
                none,
            ),
            // What the caller must correct, or text that has come, is never repeated.
            ("400", later(400), 1, 1, Some(ErrorKind::Status), none),
            (
                "a page",
                Answer::html(403, "<!doctype html>"),
                9,
                if name == "magickpen" { 2 } else { 1 },
                Some(ErrorKind::Blocked),
                none,
            ),
            (
                "cut after text",
                cut_after_text(name),
                1,
                1,
                Some(ErrorKind::Interrupted),
                none,
            ),
        ];
        for (fault, answer, times, asked, error, least) in cases {
            let server = mock(name).await;
            fail(&server, times, answer);
            let retry = Retry::new(client(name, &server)).with_min_delay(Duration::from_millis(1));
            let started = Instant::now();
            let reply = retry.reply(&ChatRequest::new("hi")).await;
            let case = format!("{fault}, {name}: {reply:?}");
            assert_eq!(questions(&server), asked, "{case}");
            assert_eq!(
                reply.as_ref().err().map(|it| it.error.kind()),
                error,
                "{case}"
            );
            assert!(started.elapsed() >= least, "{case}");
            match reply {
                Ok(reply) => assert!(reply.text.contains("You asked: hi"), "{case}"),
                Err(failed) if asked == 3 => assert_eq!(failed.error.attempts().len(), 3, "{case}"),
                Err(failed) if fault.contains("text") => assert_eq!(failed.text, "some ", "{case}"),
                Err(_) => {}
            }
        }
    }
}

#[tokio::test]
async fn fallback_over_servers_that_fail() {
    for name in NAMES {
        let gone = mock("aura").await;
        gone.stop().await;
        let busy = mock("magickpen").await;
        fail(&busy, 9, Answer::html(503, "later"));
        let page = mock("chatgpt4online").await;
        fail(
            &page,
            9,
            Answer::html(200, "<!doctype html><title>Wait</title>"),
        );
        let good = mock(name).await;
        let failing = [
            client("aura", &gone),
            client("magickpen", &busy),
            client("chatgpt4online", &page),
        ];
        let mut all = failing.to_vec();
        all.push(client(name, &good));
        let reply = Fallback::new(all)
            .reply(&ChatRequest::new("hi"))
            .await
            .unwrap();
        assert_eq!(reply.provider, name);
        for server in [&busy, &page, &good] {
            assert_eq!(questions(server), 1, "{name}");
        }

        let error = Fallback::new(failing.to_vec())
            .reply(&ChatRequest::new("hi"))
            .await
            .unwrap_err()
            .error;
        assert_eq!(error.kind(), ErrorKind::AllFailed);
        let kinds: Vec<ErrorKind> = error.attempts().iter().map(|one| one.kind()).collect();
        let wanted = [ErrorKind::Connect, ErrorKind::Status, ErrorKind::Blocked];
        assert_eq!(kinds, wanted);

        // Once there is text, nobody else is asked.
        let cut = mock(name).await;
        fail(&cut, 1, cut_after_text(name));
        let other = mock("aura").await;
        let pair = vec![client(name, &cut), client("aura", &other)];
        let failed = Fallback::new(pair)
            .reply(&ChatRequest::new("hi"))
            .await
            .unwrap_err();
        assert_eq!(failed.text, "some ", "{name}");
        assert_eq!(failed.error.kind(), ErrorKind::Interrupted, "{name}");
        assert_eq!(other.requests().len(), 0, "{name}");
    }
}
