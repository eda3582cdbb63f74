//! Time and size limits, and connections that break.

use std::time::{Duration, Instant};

use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest};
use chatwire_core::{
    Error, ErrorKind, HttpConfig, IncompleteReply, Limit, ReplyEvent, TimeoutPhase,
};
use chatwire_mock::{Answer, Ending, Framing, HeadFault};
use futures::future::join_all;
use tokio::time::{sleep, timeout};

use crate::server::{answer, raw_chunks, serve};

/// Long enough that no machine is slower, for what must not happen.
const AGES: Duration = Duration::from_secs(60);

/// A limit that a test wants to be passed, with nothing that must come sooner.
const SHORT: Duration = Duration::from_millis(150);

/// A limit within which something must come first, and this is much sooner.
const LONGER: Duration = Duration::from_secs(2);

fn config() -> HttpConfig {
    HttpConfig::new().without_proxy()
}

async fn ask(url: &str, config: HttpConfig) -> Result<String, IncompleteReply> {
    ask_with(&HttpClient::new("box", config)?, url).await
}

async fn ask_with(http: &HttpClient, url: &str) -> Result<String, IncompleteReply> {
    let request = HttpRequest::post(BaseUrl::parse(url)?.join("/ask")?).body("Hi");
    let response = http.send(request).await?;
    if !response.is_success() {
        return Err(response.into_error().await.into());
    }
    let reply = response.into_text_reply("one").await?.collect().await?;
    Ok(reply.text)
}

fn idle() -> HttpConfig {
    config().with_idle_timeout(LONGER)
}

fn first_byte() -> HttpConfig {
    config().with_first_byte_timeout(SHORT)
}

fn total() -> HttpConfig {
    config().with_total_timeout(LONGER)
}

#[tokio::test]
async fn faults() {
    use ErrorKind::{Connect, Interrupted, LimitExceeded, Protocol, Timeout};
    // name, what the server does, the limits, the error, the text that had
    // come, and a word that the error says
    type Case = (
        &'static str,
        Answer,
        HttpConfig,
        ErrorKind,
        &'static str,
        &'static str,
    );
    let begun = || Answer::status(200);
    let stalls = |answer: Answer| answer.ending(Ending::Stall);
    let cut = |answer: Answer| answer.ending(Ending::Truncate);
    let drip = (0..400).fold(begun(), |answer, _| {
        answer.piece("x").delay(Duration::from_millis(10))
    });
    let cases: Vec<Case> = vec![
        (
            "no head",
            Answer::fault(HeadFault::StallBeforeHead),
            first_byte(),
            Timeout(TimeoutPhase::Head),
            "",
            "0.15 s",
        ),
        (
            "half a head",
            stalls(Answer::raw("HTTP/1.1 200 OK\r\ncon")),
            first_byte(),
            Timeout(TimeoutPhase::Head),
            "",
            "head",
        ),
        (
            "no first byte",
            stalls(begun()),
            config().with_first_byte_timeout(LONGER),
            Timeout(TimeoutPhase::FirstByte),
            "",
            "2 s",
        ),
        (
            "no head, whole limit",
            Answer::fault(HeadFault::StallBeforeHead),
            total(),
            Timeout(TimeoutPhase::Total),
            "",
            "2 s",
        ),
        (
            "no first byte, whole limit",
            stalls(begun()),
            total(),
            Timeout(TimeoutPhase::Total),
            "",
            "2 s",
        ),
        (
            "silence",
            stalls(begun().piece("a")),
            idle(),
            Timeout(TimeoutPhase::Idle),
            "a",
            "2 s",
        ),
        (
            "silence within a character",
            stalls(begun().piece(b"a\xc3").piece(b"\xa9")),
            idle(),
            Timeout(TimeoutPhase::Idle),
            "aé",
            "2 s",
        ),
        (
            "silence, whole limit",
            stalls(begun().piece("a")),
            total(),
            Timeout(TimeoutPhase::Total),
            "a",
            "2 s",
        ),
        (
            "closed without a word",
            Answer::fault(HeadFault::CloseBeforeHead),
            config(),
            Connect,
            "",
            "no answer",
        ),
        (
            "closed within the head",
            cut(Answer::raw("HTTP/1.1 200 OK\r\ncon")),
            config(),
            Connect,
            "",
            "no answer",
        ),
        (
            "not HTTP",
            stalls(Answer::raw("SSH-2.0-OpenSSH_9.6\r\n")),
            config(),
            Protocol,
            "",
            "HTTP",
        ),
        (
            "body shorter than its length",
            cut(begun().framing(Framing::ContentLengthOf(10)).piece("abc")),
            config(),
            Interrupted,
            "abc",
            "broke",
        ),
        (
            "closed after the head",
            cut(begun()),
            config(),
            Interrupted,
            "",
            "broke",
        ),
        (
            "no final chunk",
            cut(begun().piece("abc")),
            config(),
            Interrupted,
            "abc",
            "broke",
        ),
        (
            "within a chunk",
            cut(raw_chunks().piece("10\r\nabc")),
            config(),
            Interrupted,
            "abc",
            "broke",
        ),
        (
            "a chunk without a size",
            stalls(raw_chunks().piece("3\r\nabc\r\n").piece("zz\r\n")),
            config(),
            Interrupted,
            "abc",
            "broke",
        ),
        (
            "an empty answer",
            answer("200 OK", &[], ""),
            config(),
            Protocol,
            "",
            "empty",
        ),
        (
            "an empty answer in chunks",
            begun(),
            config(),
            Protocol,
            "",
            "empty",
        ),
        (
            "a reply above its limit",
            stalls(begun().piece("12345").delay(SHORT).piece("678901")),
            config().with_max_reply(10),
            LimitExceeded(Limit::Reply),
            "12345",
            "10 bytes",
        ),
        // Silence between reads is short all the time, the whole is too long.
        (
            "drops for too long",
            drip,
            total(),
            Timeout(TimeoutPhase::Total),
            "x",
            "2 s",
        ),
    ];
    // To make a client is much work: done before, it does not count for any limit.
    let cases: Vec<_> = cases
        .into_iter()
        .map(|(name, answer, config, kind, text, word)| {
            let http = HttpClient::new("box", config).unwrap();
            (name, answer, http, kind, text, word)
        })
        .collect();
    let checks = cases
        .into_iter()
        .map(async |(name, answer, http, kind, text, word)| {
            let server = serve(answer).await;
            let failed = timeout(AGES, ask_with(&http, &server.url())).await;
            let failed = failed
                .unwrap_or_else(|_| panic!("{name}: hangs"))
                .unwrap_err();
            assert_eq!(failed.error.kind(), kind, "{name}: {:?}", failed.error);
            assert_eq!(failed.error.provider(), Some("box"), "{name}");
            let said = failed.error.to_string();
            assert!(said.contains(word), "{name}: {said}");
            if name == "drops for too long" {
                assert!(failed.text.starts_with(text), "{name}: {:?}", failed.text);
            } else {
                assert_eq!(failed.text, text, "{name}");
            }
            // What had begun keeps the status of its head.
            if matches!(kind, Interrupted | Timeout(TimeoutPhase::Idle)) {
                assert_eq!(failed.error.status(), Some(200), "{name}");
            }
        });
    join_all(checks).await;
}

#[tokio::test]
async fn within_the_limits() {
    let pause = LONGER + SHORT;
    let whole = || Answer::status(200);
    // The head comes with the first piece.
    let late = |answer: Answer| answer.head_with_first_piece();
    let unlimited = config()
        .with_first_byte_timeout(None)
        .with_idle_timeout(None)
        .with_total_timeout(None)
        .with_connect_timeout(None);
    let cases = [
        (
            "no limits",
            late(whole().delay(pause).piece("a").delay(pause)),
            unlimited,
        ),
        // The limit on silence is not one on the beginning, and the other way round.
        (
            "a slow beginning",
            late(whole().delay(pause).piece("a")),
            config()
                .with_idle_timeout(LONGER)
                .with_first_byte_timeout(AGES),
        ),
        (
            "a slow end",
            whole().piece("a").delay(pause),
            config()
                .with_first_byte_timeout(LONGER)
                .with_idle_timeout(AGES),
        ),
        (
            "the limit of a reply",
            whole().piece("a"),
            config().with_max_reply(1),
        ),
    ];
    let cases = cases.map(|(name, answer, config)| {
        let http = HttpClient::new("box", config).unwrap();
        (name, answer, http)
    });
    let checks = cases.into_iter().map(async |(name, answer, http)| {
        let server = serve(answer).await;
        let text = ask_with(&http, &server.url()).await;
        assert_eq!(
            text.unwrap_or_else(|failed| panic!("{name}: {failed}")),
            "a"
        );
    });
    join_all(checks).await;
}

/// Silence counts only while the caller reads.
#[tokio::test]
async fn a_caller_may_take_its_time() {
    let server = serve(Answer::stream(["a"]).delay(LONGER).piece("b")).await;
    let http = HttpClient::new("box", config().with_idle_timeout(LONGER)).unwrap();
    let url = BaseUrl::parse(&server.url()).unwrap().join("/").unwrap();
    let response = http.send(HttpRequest::get(url)).await.unwrap();
    let mut reply = response.into_text_reply("one").await.unwrap();
    assert_eq!(
        reply.next().await.unwrap().unwrap(),
        ReplyEvent::Text("a".into())
    );
    // As a program does that is busy with something else on the same thread.
    std::thread::sleep(LONGER + SHORT);
    assert_eq!(
        reply.next().await.unwrap().unwrap(),
        ReplyEvent::Text("b".into())
    );
}

/// A timer that stays set over many reads must still ring, whoever reads, and
/// not too early.
#[tokio::test]
async fn silence_after_many_reads() {
    let answer = raw_chunks()
        .piece("1\r\na\r\n".repeat(1000))
        .delay(LONGER / 2)
        .piece("1\r\nb\r\n")
        .delay(LONGER / 2)
        .piece("1\r\nc\r\n")
        .ending(Ending::Stall);
    let server = serve(answer).await;
    let http = HttpClient::new("box", config().with_idle_timeout(LONGER)).unwrap();
    let url = BaseUrl::parse(&server.url()).unwrap().join("/").unwrap();
    let response = http.send(HttpRequest::get(url)).await.unwrap();
    let mut reply = response.into_text_reply("one").await.unwrap();
    let mut text = String::new();
    while !text.ends_with('b') {
        match reply.next().await.unwrap().unwrap() {
            ReplyEvent::Text(piece) => text.push_str(&piece),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(text.len(), 1001);
    // Waited for here first, and then in another task.
    assert!(timeout(SHORT, reply.next()).await.is_err());
    let rest = tokio::spawn(async move {
        let c = reply.next().await.unwrap().unwrap();
        let started = Instant::now();
        (c, reply.next().await.unwrap(), started.elapsed())
    });
    let (c, error, silent) = timeout(AGES, rest).await.unwrap().unwrap();
    assert_eq!(c, ReplyEvent::Text("c".into()));
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Idle));
    assert!(silent >= LONGER, "{silent:?}");
}

#[tokio::test]
async fn no_connection() {
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let failed = ask(&format!("http://{address}"), config())
        .await
        .unwrap_err();
    assert_eq!(failed.error.kind(), ErrorKind::Connect);
    assert!(failed.error.is_retryable());
    let said = failed.error.to_string();
    assert!(
        said.contains(&format!("cannot connect to http://{address}/ask")),
        "{said}"
    );
}

/// SOCKS is refused with a reason where it cannot work.
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
#[test]
fn socks_needs_tls() {
    let config = HttpConfig::new().with_proxy("socks5://127.0.0.1:9");
    let error = HttpClient::new("box", config).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.to_string().contains("features rustls"), "{error}");
}

/// A proxy that accepts and says nothing keeps the connection from being made.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn a_connection_that_takes_too_long() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("socks5://{}", silent.local_addr().unwrap());
    let config = HttpConfig::new()
        .with_proxy(proxy)
        .with_connect_timeout(SHORT);
    let asked = timeout(AGES, ask("http://127.0.0.1:9", config))
        .await
        .unwrap();
    let error = asked.unwrap_err().error;
    assert_eq!(
        error.kind(),
        ErrorKind::Timeout(TimeoutPhase::Connect),
        "{error:?}"
    );
    assert!(error.to_string().contains("0.15 s"), "{error}");
}

async fn page(url: &str, config: HttpConfig) -> Result<String, Error> {
    let http = HttpClient::new("box", config)?;
    let response = http
        .send(HttpRequest::get(BaseUrl::parse(url)?.join("/page")?))
        .await?;
    response.into_page().await
}

#[tokio::test]
async fn pages() {
    use ErrorKind::{Interrupted, LimitExceeded};
    type Case = (
        &'static str,
        Answer,
        HttpConfig,
        Result<&'static str, ErrorKind>,
    );
    let stalls = |piece: &str| Answer::stream([piece]).ending(Ending::Stall);
    let cut = |piece: &str| Answer::stream([piece]).ending(Ending::Truncate);
    let drip = |pieces: u32| {
        let pause = Duration::from_millis(20);
        let drop = |answer: Answer, _| answer.piece("x").delay(pause);
        (0..pieces).fold(Answer::status(200), drop)
    };
    let cases: Vec<Case> = vec![
        (
            "whole",
            answer("200 OK", &[], "0123456789"),
            config().with_max_page(10),
            Ok("0123456789"),
        ),
        (
            "above the limit",
            answer("200 OK", &[], "0123456789x"),
            config().with_max_page(10),
            Err(LimitExceeded(Limit::Page)),
        ),
        (
            "above it without an end",
            stalls("0123456789x"),
            config().with_max_page(10),
            Err(LimitExceeded(Limit::Page)),
        ),
        (
            "no limit",
            answer("200 OK", &[], "0123456789x"),
            config().with_max_page(None),
            Ok("0123456789x"),
        ),
        ("empty", answer("200 OK", &[], ""), config(), Ok("")),
        ("cut", cut("abc"), config(), Err(Interrupted)),
        (
            "silence",
            stalls("abc"),
            idle(),
            Err(ErrorKind::Timeout(TimeoutPhase::Idle)),
        ),
        (
            "a byte now and then",
            drip(2000),
            idle().with_first_byte_timeout(Duration::from_millis(400)),
            Err(ErrorKind::Timeout(TimeoutPhase::FirstText)),
        ),
        (
            "slow, but in time",
            drip(3),
            idle().with_first_byte_timeout(Duration::from_secs(20)),
            Ok("xxx"),
        ),
        (
            "wrong UTF-8",
            answer("200 OK", &[], b"a\xffb"),
            config(),
            Ok("a\u{fffd}b"),
        ),
    ];
    for (name, answer, config, expected) in cases {
        let server = serve(answer).await;
        let result = timeout(AGES, page(&server.url(), config)).await.unwrap();
        match (&result, expected) {
            (Ok(page), Ok(expected)) => assert_eq!(page, expected, "{name}"),
            (Err(error), Err(kind)) => {
                assert_eq!(error.kind(), kind, "{name}: {error}");
                assert_eq!(
                    (error.provider(), error.status()),
                    (Some("box"), Some(200)),
                    "{name}"
                );
            }
            _ => panic!("{name}: {result:?}"),
        }
    }
}

/// An answer that is whole before its body is lets the connection serve again;
/// one whose body does not end does not hold its own end back.
#[tokio::test]
async fn the_connection_after_an_answer() {
    // name, what the server does, whether its connections can serve again
    let ends = Answer::stream(["a.", ": bye\n"]).delay(Duration::from_millis(5));
    let hangs = Answer::stream(["a."]).ending(Ending::Stall);
    let floods = Answer::stream(["a.", &"x".repeat(200_000)]).ending(Ending::Stall);
    for (name, answer, serves_again) in [
        ("ends", ends, true),
        ("hangs", hangs, false),
        ("floods", floods, false),
    ] {
        let server = serve(answer).await;
        let http = HttpClient::new("box", config()).unwrap();
        let url = BaseUrl::parse(&server.url()).unwrap().join("/").unwrap();
        for _ in 0..5 {
            let response = http.send(HttpRequest::get(url.clone())).await.unwrap();
            let reply = response
                .into_reply(until_dot::UntilDot::default(), "one")
                .await
                .unwrap();
            let reply = timeout(AGES, reply.collect()).await.unwrap().unwrap();
            assert_eq!(reply.text, "a.", "{name}");
            // The client hears of the free connection in a task of its own.
            sleep(Duration::from_millis(20)).await;
        }
        // A slow machine may miss the end of a body now and then.
        if serves_again {
            assert!(server.connections() < 5, "{name}");
        } else {
            assert_eq!(server.connections(), 5, "{name}");
        }
    }
}

/// The server sees at once that the client has gone.
#[tokio::test]
async fn dropped_is_closed() {
    let server = serve(Answer::stream(["a"]).ending(Ending::Stall)).await;
    let http = HttpClient::new("box", config()).unwrap();
    let url = BaseUrl::parse(&server.url()).unwrap().join("/").unwrap();
    let response = http.send(HttpRequest::get(url.clone())).await.unwrap();
    let mut reply = response.into_text_reply("one").await.unwrap();
    assert!(reply.next().await.unwrap().is_ok());
    drop(reply);
    timeout(AGES, server.wait_all_closed()).await.unwrap();

    // Also before there is an answer.
    let server = serve(Answer::fault(HeadFault::StallBeforeHead)).await;
    let url = BaseUrl::parse(&server.url()).unwrap().join("/").unwrap();
    assert!(
        timeout(SHORT, http.send(HttpRequest::get(url)))
            .await
            .is_err()
    );
    timeout(AGES, server.wait_all_closed()).await.unwrap();
}

mod until_dot {
    use bytes::Bytes;
    use chatwire_core::provider_kit::ReplyDecoder;
    use chatwire_core::{Error, Finish, FinishReason, ReplyEvent};

    /// A protocol whose answers end with a dot.
    #[derive(Default)]
    pub(super) struct UntilDot {
        text: Option<String>,
        at_end: bool,
    }

    impl ReplyDecoder for UntilDot {
        fn feed(&mut self, chunk: Bytes) {
            self.text = Some(String::from_utf8(chunk.to_vec()).unwrap());
        }

        fn end(&mut self) {}

        fn next_event(&mut self) -> Result<Option<ReplyEvent>, Error> {
            if self.at_end {
                return Ok(Some(ReplyEvent::Finish(Finish::new(FinishReason::Stop))));
            }
            let text = self.text.take().map(|text| match text.split_once('.') {
                Some((before, _)) => {
                    self.at_end = true;
                    format!("{before}.")
                }
                None => text,
            });
            Ok(text.map(ReplyEvent::Text))
        }
    }
}

/// A protocol in which additions may follow a complete answer.
mod with_additions {
    use bytes::Bytes;
    use chatwire_core::provider_kit::ReplyDecoder;
    use chatwire_core::{Error, Finish, FinishReason, ReplyEvent};

    /// An answer is complete with its first piece.
    #[derive(Default)]
    pub(super) struct WithAdditions {
        text: Option<String>,
        is_complete: bool,
        ended: bool,
    }

    impl ReplyDecoder for WithAdditions {
        fn feed(&mut self, chunk: Bytes) {
            self.text = Some(String::from_utf8(chunk.to_vec()).unwrap());
            self.is_complete = true;
        }

        fn end(&mut self) {
            self.ended = true;
        }

        fn is_complete(&self) -> bool {
            self.is_complete
        }

        fn next_event(&mut self) -> Result<Option<ReplyEvent>, Error> {
            let finish = || ReplyEvent::Finish(Finish::new(FinishReason::Stop));
            let text = self.text.take().map(ReplyEvent::Text);
            Ok(text.or_else(|| (self.ended && self.is_complete).then(finish)))
        }
    }
}

#[tokio::test]
async fn a_complete_answer_ends_with_a_failure_or_in_silence() {
    let endings = [
        Ending::Clean,
        Ending::Truncate,
        Ending::Reset,
        Ending::Stall,
    ];
    for ending in endings {
        for additions in ["", " and more"] {
            let whole = Answer::status(200).piece("whole");
            let answer = match additions {
                "" => whole,
                more => whole.delay(SHORT).piece(more),
            };
            let server = serve(answer.ending(ending)).await;
            let http = HttpClient::new("box", config()).unwrap();
            let url = BaseUrl::parse(&server.url()).unwrap().join("/").unwrap();
            let response = http.send(HttpRequest::get(url)).await.unwrap();
            let decoder = with_additions::WithAdditions::default();
            let reply = response.into_reply(decoder, "one").await.unwrap();
            let reply = timeout(AGES, reply.collect()).await.unwrap().unwrap();
            // A reset discards what the system had not handed over yet.
            if ending != Ending::Reset {
                assert_eq!(reply.text, format!("whole{additions}"), "{ending:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_redirect_can_be_the_response() {
    let server = serve(Answer::redirect(307, "/elsewhere")).await;
    let http = HttpClient::new("box", config()).unwrap();
    let url = BaseUrl::parse(&server.url()).unwrap().join("/").unwrap();
    let request = HttpRequest::post(url).without_redirects();
    let response = http.send(request).await.unwrap();
    assert_eq!(response.status(), 307);
    assert_eq!(response.header("location"), Some("/elsewhere"));
    assert_eq!(server.requests().len(), 1);
}
