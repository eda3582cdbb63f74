//! Who stops listening hangs up: wherever a reply is dropped, its connection is
//! closed at once, no task stays behind, and the others notice nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chatwire::{ChatRequest, Provider, ProviderExt as _, ProviderOptions, ReplyEvent, provider};
use chatwire_mock::{
    AiReply, Answer, AnyMock, Ending, Framing, Gate, HeadFault, MockServer, RecordedRequest,
};
use futures::FutureExt as _;

/// How soon the server must see it: long enough for a machine under load, and
/// much shorter than the limits that would end the connection otherwise.
const SOON: Duration = Duration::from_secs(10);

/// How long a test waits for what must happen.
const LONG: Duration = Duration::from_secs(60);

/// The providers that need no credentials.
const KEYLESS: [&str; 2] = ["aura", "ai-sdk"];

/// Where a reply is dropped.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Point {
    /// While it fetches credentials: before their head, and within them.
    CredentialsHead,
    CredentialsBody,
    BeforeHead,
    WithinHead,
    BeforeFirstByte,
    /// While the body of an error is read.
    ErrorBody,
    /// Between two pieces of text.
    Silence,
    /// While text comes faster than it is read.
    Flood,
    /// While it begins again with new credentials.
    Renewal,
    /// Once the answer is whole, but not its body.
    Draining,
}

const POINTS: [Point; 10] = [
    Point::CredentialsHead,
    Point::CredentialsBody,
    Point::BeforeHead,
    Point::WithinHead,
    Point::BeforeFirstByte,
    Point::ErrorBody,
    Point::Silence,
    Point::Flood,
    Point::Renewal,
    Point::Draining,
];

impl Point {
    /// Whether a protocol gets there.
    fn exists_for(self, name: &str) -> bool {
        match self {
            Point::CredentialsHead | Point::CredentialsBody | Point::Renewal => {
                !KEYLESS.contains(&name)
            }
            // Only an end mark comes before the end.
            Point::Draining => ["chatgpt4online", "ai-sdk"].contains(&name),
            _ => true,
        }
    }

    /// What a request is answered at this point.
    fn answer(self, request: &RecordedRequest, name: &str) -> Option<Answer> {
        let ui = || Answer::status(200).header("x-vercel-ai-ui-message-stream", "v1");
        let delta = |text: &str| {
            format!("data: {{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"{text}\"}}\n\n")
        };
        let some = || match name {
            "chatgpt4online" => AiReply::new().delta("some text ").answer(),
            "ai-sdk" => ui().piece(delta("some text ")),
            _ => Answer::stream(["some text "]),
        };
        let stall = |fault| Some(Answer::fault(fault));
        match (self, AnyMock::is_chat(request)) {
            (Point::CredentialsHead, false) => stall(HeadFault::StallBeforeHead),
            (Point::CredentialsBody, false) => Some(Answer::stream(["{"]).ending(Ending::Stall)),
            (Point::BeforeHead, true) => stall(HeadFault::StallBeforeHead),
            (Point::WithinHead, true) => Some(
                Answer::fault(HeadFault::RawHead("HTTP/1.1 200 OK\r\nx".into()))
                    .framing(Framing::Close)
                    .ending(Ending::Stall),
            ),
            (Point::BeforeFirstByte, true) => Some(Answer::status(200).ending(Ending::Stall)),
            (Point::ErrorBody, true) => Some(Answer::html(502, "<h1>Bad").ending(Ending::Stall)),
            (Point::Silence, true) => Some(some().ending(Ending::Stall)),
            (Point::Flood, true) => {
                let piece = match name {
                    "chatgpt4online" => {
                        "data: {\"type\":\"live\",\"data\":\"more\"}\n\n".repeat(500)
                    }
                    "ai-sdk" => delta("more ").repeat(500),
                    _ => "more ".repeat(4000),
                };
                Some(some().repeat(piece, None))
            }
            (Point::Renewal, true) => {
                let refusal = r#"{"code":"rest_cookie_invalid_nonce","message":"no"}"#;
                Some(Answer::json(refusal).with_status(403))
            }
            (Point::Draining, true) if name == "ai-sdk" => Some(
                some()
                    .piece("data: {\"type\":\"finish\"}\n\ndata: [DONE]\n\n")
                    .ending(Ending::Stall),
            ),
            (Point::Draining, true) => Some(
                AiReply::new()
                    .delta("some text ")
                    .end("some text")
                    .ending(Ending::Stall)
                    .answer(),
            ),
            _ => None,
        }
    }

    /// Asks, and resolves with the stream, if there is one yet, at this point.
    async fn reach(self, client: &dyn Provider, server: &MockServer, requests: usize) -> Instant {
        let request = ChatRequest::new("hi");
        let mut asking = client.stream(&request);
        match self {
            Point::Silence | Point::Flood | Point::Draining => {
                let mut stream = asking.await.unwrap();
                let first = stream.next().await.unwrap().unwrap();
                assert_eq!(first, ReplyEvent::Text("some text ".into()));
                if self == Point::Flood {
                    for _ in 0..100 {
                        stream.next().await.unwrap().unwrap();
                    }
                } else {
                    // In the middle of waiting for more.
                    let next = stream.next();
                    assert!(
                        tokio::time::timeout(Duration::from_millis(20), next)
                            .await
                            .is_err()
                    );
                }
                let dropped = Instant::now();
                drop(stream);
                dropped
            }
            _ => {
                let arrival = async {
                    server.wait_for_requests(requests).await;
                    // The head, where there is one, is on its way.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                };
                tokio::select! {
                    result = &mut asking => panic!("{self:?} gave {result:?}"),
                    () = arrival => {}
                }
                let dropped = Instant::now();
                drop(asking);
                dropped
            }
        }
    }
}

fn alive() -> usize {
    tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
}

/// Waits until no more tasks are alive than that.
async fn tasks_end(most: usize, case: &str) {
    let started = Instant::now();
    while alive() > most {
        let tasks = alive();
        assert!(
            started.elapsed() < LONG,
            "{case}: {tasks} tasks, not {most}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Drops a reply at this point; gives how long the server waited to see it.
async fn drop_at(name: &str, point: Point) -> Duration {
    let case = format!("{point:?} of {name}");
    let mock = AnyMock::by_name(name).await.unwrap();
    let server: &MockServer = &mock;
    let before_client = alive();
    let options = ProviderOptions::new().with_base_url(server.url());
    let client = provider(name, options).unwrap();
    let request = ChatRequest::new("hi");
    let in_credentials = matches!(point, Point::CredentialsHead | Point::CredentialsBody);
    if !in_credentials {
        // Credentials and a connection are there already.
        client.reply(&request).await.unwrap();
    }
    let fetches = mock.credential_fetches();
    let faulty = Arc::new(AtomicUsize::new(0));
    let seen = faulty.clone();
    let owned = name.to_owned();
    // While a reply is renewed, the credentials stall.
    server.answer_with(move |request| {
        let number = seen.fetch_add(1, Ordering::SeqCst);
        match (point, number) {
            (Point::Renewal, 1) => Some(Answer::fault(HeadFault::StallBeforeHead)),
            (_, 0) => point.answer(request, &owned),
            _ => None,
        }
    });
    let here = server.requests().len() + if point == Point::Renewal { 2 } else { 1 };
    let dropped = point.reach(client.as_ref(), server, here).await;
    let closed = tokio::time::timeout(LONG, server.wait_all_closed())
        .await
        .unwrap_or_else(|_| panic!("{case}: never closed"));
    let took = closed.saturating_duration_since(dropped);

    // The next caller is served as if nothing had been.
    let reply = client.reply(&request).await;
    assert!(reply.is_ok(), "{case}: {reply:?}");
    let fresh = in_credentials || point == Point::Renewal;
    let more = usize::from(fresh && !KEYLESS.contains(&name));
    assert_eq!(
        mock.credential_fetches(),
        fetches + more,
        "{case}: credentials"
    );
    drop(client);
    tasks_end(before_client, &case).await;
    took
}

#[tokio::test]
async fn a_dropped_reply_closes_its_connection_at_once() {
    let mut slowest = Duration::ZERO;
    for name in ["magickpen", "chatgpt4online", "aura", "ai-sdk"] {
        for point in POINTS {
            if !point.exists_for(name) {
                continue;
            }
            let took = drop_at(name, point).await;
            assert!(took < SOON, "{point:?} of {name}: {took:?}");
            slowest = slowest.max(took);
        }
    }
    println!("seen by the server after at most {slowest:?}");
}

#[tokio::test]
async fn a_fetch_of_credentials_that_is_dropped_goes_on_to_the_next_caller() {
    for name in ["magickpen", "chatgpt4online"] {
        let mock = AnyMock::by_name(name).await.unwrap();
        let server: &MockServer = &mock;
        let gate = Gate::new();
        let (held, first) = (gate.clone(), AtomicUsize::new(0));
        server.answer_with(move |request| {
            if AnyMock::is_chat(request) || first.fetch_add(1, Ordering::SeqCst) > 0 {
                return None;
            }
            Some(Answer::status(200).wait(&held).ending(Ending::Stall))
        });
        let client = provider(name, ProviderOptions::new().with_base_url(server.url())).unwrap();
        let fetching = tokio::spawn({
            let client = client.clone();
            async move { client.reply(&ChatRequest::new("hi")).await.map(drop) }
        });
        server.wait_for_requests(1).await;
        let waiting: Vec<_> = (0..10)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.reply(&ChatRequest::new("hi")).await })
            })
            .collect();
        // Some who wait give up too.
        tokio::time::sleep(Duration::from_millis(50)).await;
        for waiter in waiting.iter().step_by(3) {
            waiter.abort();
        }
        assert_eq!(
            server.requests().len(),
            1,
            "{name}: one fetches, the others wait"
        );
        fetching.abort();
        let mut served = 0;
        for waiter in waiting {
            match waiter.await {
                Ok(reply) => {
                    reply.unwrap_or_else(|error| panic!("{name}: {error}"));
                    served += 1;
                }
                Err(aborted) => assert!(aborted.is_cancelled(), "{name}: {aborted}"),
            }
        }
        assert_eq!(served, 6, "{name}");
        assert_eq!(mock.credential_fetches(), 1, "{name}");
    }
}

/// Dropping a reply does not touch the others on the same client.
#[tokio::test]
async fn the_other_replies_go_on() {
    for name in ["magickpen", "chatgpt4online", "aura", "ai-sdk"] {
        let mock = AnyMock::by_name(name).await.unwrap();
        let server: &MockServer = &mock;
        let gate = Gate::new();
        let answer = match name {
            "chatgpt4online" => AiReply::new()
                .delta("first")
                .wait(&gate)
                .delta(" last")
                .end("first last")
                .answer(),
            _ => Answer::stream(["first"]).wait(&gate).piece(" last"),
        };
        server.answer_always(answer);
        let client = provider(name, ProviderOptions::new().with_base_url(server.url())).unwrap();
        let request = ChatRequest::new("hi");
        let mut streams = Vec::new();
        for _ in 0..20 {
            streams.push(client.stream(&request).await.unwrap());
        }
        let kept: Vec<_> = streams
            .into_iter()
            .enumerate()
            .filter_map(|(n, stream)| (n % 2 == 0).then_some(stream))
            .collect();
        // Those that were dropped take their connections with them.
        let started = Instant::now();
        while server.open_connections() > kept.len() {
            assert!(started.elapsed() < LONG, "{name}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(
            kept.iter()
                .all(|stream| format!("{stream:?}").contains(name))
        );
        gate.open();
        for stream in kept {
            let reply = stream.collect().await.unwrap();
            assert_eq!(reply.text, "first last", "{name}");
        }
    }
}

/// A future that was never polled has sent nothing.
#[tokio::test]
async fn nothing_is_sent_before_the_first_poll() {
    for name in ["magickpen", "chatgpt4online", "aura", "ai-sdk"] {
        let mock = AnyMock::by_name(name).await.unwrap();
        let client = provider(name, ProviderOptions::new().with_base_url(mock.url())).unwrap();
        let request = ChatRequest::new("hi");
        drop(client.stream(&request));
        // Polled once, and dropped.
        assert!(client.stream(&request).now_or_never().is_none());
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(mock.requests().len(), 0, "{name}");
        client.reply(&request).await.unwrap();
    }
}

/// The handshake is dropped like the rest.
#[tokio::test]
async fn a_connection_that_is_being_made_is_dropped_too() {
    use tokio::io::AsyncReadExt as _;

    for name in ["magickpen", "chatgpt4online", "aura", "ai-sdk"] {
        let before = alive();
        {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("https://{}", listener.local_addr().unwrap());
            let client = provider(name, ProviderOptions::new().with_base_url(url)).unwrap();
            let request = ChatRequest::new("hi");
            let mut asking = client.stream(&request);
            let hello = async {
                let (mut socket, _) = listener.accept().await.unwrap();
                assert!(socket.read(&mut [0; 4096]).await.unwrap() > 0, "{name}");
                socket
            };
            let mut socket = tokio::select! {
                result = &mut asking => panic!("{name} gave {result:?}"),
                socket = hello => socket,
            };
            let dropped = Instant::now();
            drop(asking);
            let mut rest = [0; 4096];
            let end = tokio::time::timeout(LONG, socket.read(&mut rest)).await;
            assert!(matches!(end, Ok(Ok(0) | Err(_))), "{name}: {end:?}");
            let took = dropped.elapsed();
            assert!(took < SOON, "{name}: {took:?}");
        }
        tasks_end(before, name).await;
    }
}
