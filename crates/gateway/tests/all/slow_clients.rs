//! Clients that are slow, large or many.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::*;
use chatwire_gateway::Limits;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// Limits that no test gets near, but for those that it sets: then it does not
/// matter how busy the machine is.
fn limits(set: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    limits.header_read = Duration::from_secs(300);
    limits.body_read = Duration::from_secs(300);
    limits.idle = Duration::from_secs(300);
    set(&mut limits);
    limits
}

const SHORT: Duration = Duration::from_millis(300);

/// How long until the gateway closes the connection, and what it said.
async fn closed(stream: &mut TcpStream) -> (Duration, Vec<u8>) {
    let began = Instant::now();
    let mut said = Vec::new();
    tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut said))
        .await
        .expect("the gateway waits for ever")
        .ok();
    (began.elapsed(), said)
}

/// A busy machine is late, never early, and far from the other limits.
fn assert_about(time: Duration, limit: Duration) {
    assert!(
        time >= limit - Duration::from_millis(30) && time <= Duration::from_secs(60),
        "{time:?}, not about {limit:?}"
    );
}

#[tokio::test]
async fn a_silent_client() {
    let limits = limits(|limits| limits.header_read = SHORT);
    let server = start(home(tells(&["a"])).limits(limits)).await;
    let mut stream = server.connect().await;
    let (time, said) = closed(&mut stream).await;
    assert_about(time, SHORT);
    assert_eq!(said, b"");
}

#[tokio::test]
async fn half_a_head() {
    let limits = limits(|limits| limits.header_read = SHORT);
    let server = start(home(tells(&["a"])).limits(limits)).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"POST /v1/chat/completions HTTP/1.1\r\nhost: loc")
        .await
        .unwrap();
    let (time, said) = closed(&mut stream).await;
    assert_about(time, SHORT);
    parse(&said).unwrap().assert_error(408, "request_timeout");
}

/// Writes one byte every 20 ms until it cannot, and says how long that went.
async fn drip(server: &Server, head: &str) -> (Duration, Vec<u8>) {
    let began = Instant::now();
    let (mut read, mut write) = server.connect().await.into_split();
    write.write_all(head.as_bytes()).await.unwrap();
    let dripping = tokio::spawn(async move {
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut said = Vec::new();
    tokio::time::timeout(Duration::from_secs(60), read.read_to_end(&mut said))
        .await
        .expect("the gateway waits for ever")
        .ok();
    dripping.abort();
    (began.elapsed(), said)
}

#[tokio::test]
async fn a_dripped_head() {
    let limits = limits(|limits| limits.header_read = SHORT);
    let server = start(home(tells(&["a"])).limits(limits)).await;
    let (time, said) = drip(&server, "POST /v1/chat/completions HTTP/1.1\r\nx-long: ").await;
    assert_about(time, SHORT);
    parse(&said).unwrap().assert_error(408, "request_timeout");
}

#[tokio::test]
async fn no_body() {
    let limits = limits(|limits| limits.body_read = SHORT);
    let server = start(home(tells(&["a"])).limits(limits)).await;
    let mut stream = server.connect().await;
    let head = post("", "").replace("content-length: 0", "content-length: 100");
    stream.write_all(head.as_bytes()).await.unwrap();
    let (time, said) = closed(&mut stream).await;
    assert_about(time, SHORT);
    parse(&said).unwrap().assert_error(408, "request_timeout");
}

#[tokio::test]
async fn a_dripped_body() {
    let limits = limits(|limits| limits.body_read = SHORT);
    let server = start(home(tells(&["a"])).limits(limits)).await;
    let head = post("", "").replace("content-length: 0", "content-length: 100000");
    let (time, said) = drip(&server, &head).await;
    assert_about(time, SHORT);
    parse(&said).unwrap().assert_error(408, "request_timeout");
}

/// A question on a connection that stays open.
fn keeping() -> String {
    post(&question().to_string(), "").replace("connection: close\r\n", "")
}

#[tokio::test]
async fn an_idle_connection() {
    let limits = limits(|limits| limits.idle = SHORT);
    let server = start(home(tells(&["a"])).limits(limits)).await;
    let mut stream = server.connect().await;
    stream.write_all(keeping().as_bytes()).await.unwrap();
    read_until(&mut stream, "finish_reason").await;
    let (time, said) = closed(&mut stream).await;
    assert_about(time, SHORT);
    assert_eq!(said, b"");
}

/// A head has its own time, from its first byte; the time between two requests
/// is another.
#[tokio::test]
async fn a_slow_second_head() {
    let limits = limits(|limits| limits.header_read = SHORT);
    let server = start(home(tells(&["a"])).limits(limits)).await;
    let mut stream = server.connect().await;
    for _ in 0..2 {
        stream.write_all(keeping().as_bytes()).await.unwrap();
        read_until(&mut stream, "finish_reason").await;
        tokio::time::sleep(2 * SHORT).await;
    }
    stream.write_all(b"POST").await.unwrap();
    let (time, said) = closed(&mut stream).await;
    assert_about(time, SHORT);
    let said = String::from_utf8_lossy(&said).into_owned();
    let last = said.rfind("HTTP/1.1").unwrap();
    parse(&said.as_bytes()[last..])
        .unwrap()
        .assert_error(408, "request_timeout");
}

#[tokio::test]
async fn a_long_answer_is_not_idle() {
    let provider = scripted(|_| async {
        Ok(paced(vec![
            (0, text("a")),
            (1500, text("b")),
            (0, finish()),
        ]))
    });
    let limits = limits(|limits| limits.idle = SHORT);
    let server = start(home(provider).limits(limits)).await;
    assert_eq!(server.ask(&streamed()).await.streamed_text(), "ab");
    assert_eq!(server.ask(&question()).await.status, 200);
}

#[tokio::test]
async fn a_client_that_takes_nothing() {
    let (gone, mut went) = tokio::sync::mpsc::unbounded_channel();
    let provider = scripted(move |_| {
        let guard = OnDrop(gone.clone());
        async move {
            let piece = "x".repeat(64 * 1024);
            let events = futures::stream::poll_fn(move |_| {
                let _ = &guard;
                std::task::Poll::Ready(Some(text(&piece)))
            });
            Ok(chatwire_core::ReplyStream::from_events(events))
        }
    });
    let limits = limits(|limits| limits.idle = SHORT);
    let server = start(home(provider).limits(limits)).await;
    let mut stream = server.connect().await;
    let began = Instant::now();
    stream
        .write_all(post(&streamed().to_string(), "").as_bytes())
        .await
        .unwrap();
    tokio::time::timeout(Duration::from_secs(60), went.recv())
        .await
        .expect("the gateway waits for ever");
    assert_about(began.elapsed(), SHORT);
}

#[tokio::test]
async fn an_oversize_head() {
    let server = start(home(tells(&["a"]))).await;
    for (size, refused) in [(20 * 1024, false), (33 * 1024, true), (500 * 1024, true)] {
        let header = format!("x-long: {}\r\n", "x".repeat(size));
        let answer = server.send(&post(&question().to_string(), &header)).await;
        if refused {
            answer.assert_error(431, "headers_too_large");
        } else {
            assert_eq!(answer.status, 200);
        }
    }
    let many: String = (0..200).map(|i| format!("x-{i}: 1\r\n")).collect();
    let answer = server.send(&post(&question().to_string(), &many)).await;
    answer.assert_error(431, "headers_too_large");
}

#[tokio::test]
async fn an_oversize_body() {
    let server = start(home(tells(&["a"]))).await;
    let of_size = |size: usize| {
        let body =
            json!({"model": "home/m", "messages": [{"role": "user", "content": "Hi"}], "user": ""});
        let padding = "x".repeat(size - body.to_string().len());
        with(body, json!({"user": padding})).to_string()
    };
    let limit = 4 * 1024 * 1024;
    assert_eq!(server.send(&post(&of_size(limit), "")).await.status, 200);
    for size in [limit + 1, 3 * limit] {
        server
            .send(&post(&of_size(size), ""))
            .await
            .assert_error(413, "body_too_large");
    }
    // Without a length, and with the client waiting for leave to send.
    let chunk = of_size(limit + 1);
    let chunked = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{chunk}\r\n0\r\n\r\n",
        chunk.len()
    );
    server
        .send(&chunked)
        .await
        .assert_error(413, "body_too_large");
    let head = post("", "expect: 100-continue\r\n")
        .replace("content-length: 0", "content-length: 9999999");
    let answer = server.send(&head).await;
    answer.assert_error(413, "body_too_large");
}

/// A gateway whose replies begin and wait, and the question for one.
fn waiting_reply() -> (Arc<Notify>, Arc<Scripted>) {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let provider = scripted(move |_| {
        let gate = Arc::clone(&gate);
        async move { Ok(gated(vec![text("a")], gate, vec![text("b"), finish()])) }
    });
    (opened, provider)
}

/// Asks with these header lines, and waits for the first text.
async fn ask_and_wait(server: &Server, headers: &str) -> TcpStream {
    let mut stream = server.connect().await;
    stream
        .write_all(post(&streamed().to_string(), headers).as_bytes())
        .await
        .unwrap();
    read_until(&mut stream, "\"a\"").await;
    stream
}

#[tokio::test]
async fn too_many_connections() {
    let limits = limits(|limits| limits.connections = 3);
    let (gate, provider) = waiting_reply();
    let server = start(home(provider).limits(limits)).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(ask_and_wait(&server, "").await);
    }
    let answer = server.ask(&question()).await;
    answer.assert_error(503, "too_many_connections");
    assert_eq!(answer.header("retry-after").as_deref(), Some("1"));
    for stream in &mut held {
        gate.notify_one();
        read_until(stream, "[DONE]").await;
    }
    held.clear();
    // The gateway hears of it a moment later.
    let began = Instant::now();
    while server.get("/healthz").await.status != 200 {
        assert!(began.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The connection that was quiet for longest makes room for a new one.
#[tokio::test]
async fn idle_connections_make_room() {
    let limits = limits(|limits| limits.connections = 3);
    let (gate, provider) = waiting_reply();
    let server = start(home(provider).limits(limits)).await;
    let mut busy = ask_and_wait(&server, "").await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    for stream in [&mut first, &mut second] {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .await
            .unwrap();
        read_until(stream, "ok").await;
    }
    let _third = server.connect().await;
    assert_eq!(closed(&mut first).await.1, b"");
    second
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    read_until(&mut second, "ok").await;
    gate.notify_one();
    read_until(&mut busy, "[DONE]").await;
}

/// With API keys, clients that have not sent one have little time and room.
#[tokio::test]
async fn clients_without_a_key() {
    const KEY: &str = "x-api-key: the-key\r\n";
    let short = |limits: &mut Limits| {
        limits.unauthenticated = SHORT;
        limits.wrong_key_delay = Duration::ZERO;
    };
    let with_key = |limits: Limits| {
        let key = chatwire_core::Secret::new("the-key");
        home(tells(&["a"])).api_key(key).limits(limits)
    };
    let server = start(with_key(limits(short))).await;
    // Silent from the beginning, with half a head, and after an answer.
    for (sent, answered) in [
        ("", false),
        ("GET /heal", false),
        ("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n", true),
        (
            "GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx-api-key: no\r\n\r\n",
            true,
        ),
    ] {
        let mut stream = server.connect().await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        let (time, said) = closed(&mut stream).await;
        assert_about(time, SHORT);
        let said = String::from_utf8(said).unwrap();
        assert_eq!(
            said.contains("HTTP/1.1 408"),
            sent == "GET /heal",
            "{sent}: {said}"
        );
        assert_eq!(
            said.starts_with("HTTP/1.1 200") || said.contains(" 401 "),
            answered,
            "{said}"
        );
    }
    // With a key, the connection has the time of the others.
    let mut stream = server.connect().await;
    for _ in 0..2 {
        let keeping = keeping().replace("content-type", &format!("{KEY}content-type"));
        stream.write_all(keeping.as_bytes()).await.unwrap();
        read_until(&mut stream, "finish_reason").await;
        tokio::time::sleep(2 * SHORT).await;
    }
    // So many connections may come from one address, and the oldest makes room.
    let few = limits(|limits| limits.unauthenticated_connections = 4);
    let server = start(with_key(few)).await;
    let mut idle = Vec::new();
    for _ in 0..4 {
        idle.push(server.connect().await);
    }
    tokio::time::sleep(SHORT).await;
    let answer = server.send(&post(&question().to_string(), KEY)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(closed(&mut idle[0]).await.1, b"");
    for stream in &mut idle[1..] {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .await
            .unwrap();
        read_until(stream, "ok").await;
    }
}

#[tokio::test]
async fn too_many_requests() {
    let limits = limits(|limits| limits.requests = 2);
    let (opened, provider) = waiting_reply();
    let server = start(home(provider).limits(limits)).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(ask_and_wait(&server, "").await);
    }
    let answer = server.ask(&question()).await;
    answer.assert_error(503, "too_many_requests_in_flight");
    assert_eq!(answer.header("retry-after").as_deref(), Some("1"));
    // Who only looks is not held up.
    assert_eq!(server.get("/healthz").await.status, 200);
    for stream in &mut held {
        opened.notify_one();
        read_until(stream, "[DONE]").await;
    }
    opened.notify_one();
    assert_eq!(server.ask(&question()).await.status, 200);
}
