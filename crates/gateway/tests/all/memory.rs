//! What clients can make the gateway hold.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chatwire_core::{ModelInfo, ReplyStream};
use chatwire_gateway::{Gateway, Limits};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::support::*;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

fn limits(buffered: usize) -> Limits {
    let mut limits = Limits::default();
    limits.buffered = buffered;
    // No test gets near it.
    limits.idle = Duration::from_secs(300);
    limits
}

/// The bytes that the gateway holds, as its metrics say.
async fn held(server: &Server) -> usize {
    let metrics = server.get("/metrics").await.body;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("chatwire_buffered_bytes "));
    line.unwrap().parse().unwrap()
}

async fn until_held(server: &Server, expected: impl Fn(usize) -> bool) -> usize {
    let began = Instant::now();
    loop {
        let held = held(server).await;
        if expected(held) {
            return held;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{held} bytes");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn sent(server: &Server, request: &str) -> TcpStream {
    let mut stream = server.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn whole_replies_have_one_budget() {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let provider = scripted(move |_| {
        let gate = Arc::clone(&gate);
        let half = "x".repeat(40 * KIB);
        async move { Ok(gated(vec![text(&half)], gate, vec![text("y"), finish()])) }
    });
    let server = start(home(provider).limits(limits(100 * KIB))).await;
    let ask = post(&question().to_string(), "");
    let mut waiting = [sent(&server, &ask).await, sent(&server, &ask).await];
    until_held(&server, |held| held == 80 * KIB).await;
    let answer = server.ask(&question()).await;
    answer.assert_error(503, "too_many_bytes_in_flight");
    assert_eq!(answer.header("retry-after").as_deref(), Some("1"));
    assert_eq!(answer.header("x-should-retry").as_deref(), Some("true"));
    // What is streamed holds nothing.
    let mut streamed = sent(&server, &post(&streamed().to_string(), "")).await;
    read_until(&mut streamed, "xxx").await;
    assert_eq!(held(&server).await, 80 * KIB);
    drop(streamed);
    for stream in &mut waiting {
        opened.notify_one();
        assert_eq!(read_answer(stream).await.status, 200);
    }
    until_held(&server, |held| held == 0).await;
    opened.notify_one();
    assert_eq!(server.ask(&question()).await.status, 200);
}

#[tokio::test]
async fn requests_that_wait_have_it_too() {
    let provider = scripted(|_| std::future::pending::<Result<ReplyStream, _>>());
    let server = start(home(provider.clone()).limits(limits(100 * KIB))).await;
    let long = with(question(), json!({"user": "x".repeat(40 * KIB)}));
    let ask = post(&long.to_string(), "");
    let waiting = [sent(&server, &ask).await, sent(&server, &ask).await];
    until_held(&server, |held| held >= 80 * KIB).await;
    let answer = server.send(&ask).await;
    answer.assert_error(503, "too_many_bytes_in_flight");
    assert_eq!(provider.asked.load(Ordering::SeqCst), 2);
    // Half a body counts as well.
    drop(waiting);
    until_held(&server, |held| held == 0).await;
    let half = ask.get(..ask.len() - 10 * KIB).unwrap();
    let half = sent(&server, half).await;
    until_held(&server, |held| held >= 29 * KIB).await;
    drop(half);
    until_held(&server, |held| held == 0).await;
}

#[tokio::test]
async fn clients_that_do_not_read_hold_no_more() {
    let budget = 32 * MIB;
    let provider = scripted(|_| async {
        let piece = "x".repeat(MIB);
        let mut events: Vec<Event> = (0..8).map(|_| text(&piece)).collect();
        events.push(finish());
        Ok(ReplyStream::from_events(futures::stream::iter(events)))
    });
    let server = start(home(provider.clone()).limits(limits(budget))).await;
    let ask = post(&question().to_string(), "");
    let mut readers = Vec::new();
    let mut most = 0;
    for _ in 0..60 {
        readers.push(sent(&server, &ask).await);
        most = most.max(held(&server).await);
    }
    while provider.asked.load(Ordering::SeqCst) < 60 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    most = most.max(until_held(&server, |_| true).await);
    // Four replies of 8 MiB, and what JSON adds to them.
    assert!(most > 0 && most <= budget + 64 * KIB, "{most}");
    server
        .ask(&question())
        .await
        .assert_error(503, "too_many_bytes_in_flight");
    drop(readers);
    until_held(&server, |held| held == 0).await;
}

/// Four endpoints with as many models as there may be, and some more.
fn with_many_models() -> chatwire_gateway::GatewayBuilder {
    let mut builder = Gateway::builder();
    for name in ["a", "b", "c", "d"] {
        let mut info = info();
        let ids = (0..12_000).map(|number| ModelInfo::new(format!("{number:0>256}")));
        let long = ["x".repeat(257), "x".repeat(70_000)].map(ModelInfo::new);
        info.models = long.into_iter().chain(ids).collect();
        let provider = scripted_as(info, |_| std::future::pending());
        builder = builder.endpoint(name, provider);
    }
    builder
}

#[tokio::test]
async fn lists_of_models_are_inside_the_limits() {
    let mut limits = limits(MIB);
    limits.requests = 3;
    let server = start(with_many_models().limits(limits)).await;
    let list = server.get("/v1/models").await.json();
    let data = list["data"].as_array().unwrap();
    assert_eq!(data.len(), 40_000);
    assert!(
        data.iter()
            .all(|model| model["id"].as_str().unwrap().len() <= 258)
    );
    // More than the system's own buffers take.
    let ask = "GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut readers = Vec::new();
    for _ in 0..3 {
        let mut stream = sent(&server, ask).await;
        read_until(&mut stream, "\"data\"").await;
        readers.push(stream);
    }
    for path in ["/v1/models", "/api/tags"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 503, "{path}");
        assert!(answer.body.contains("busy"), "{answer:?}");
    }
    // One that reads on makes room.
    let mut rest = vec![0; 64 * KIB];
    let began = Instant::now();
    while server.get("/healthz").await.status == 200 {
        let read = tokio::time::timeout(Duration::from_millis(500), readers[0].read(&mut rest));
        if !matches!(read.await, Ok(Ok(1..))) {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60));
    }
    assert_eq!(server.get("/v1/models").await.status, 200);
}
