//! Clients that go away, and a server that does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::*;
use chatwire_aura::Aura;
use chatwire_core::ReplyStream;
use chatwire_gateway::Gateway;
use chatwire_mock::{Answer as MockAnswer, AuraMock, Gate};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{Notify, mpsc};

/// How a provider is when its client goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// It has not answered.
    Asked,
    /// It has, and says nothing more.
    Silent,
    /// It goes on saying something.
    Talking,
}

/// Less than what the gateway would need without noticing that the client has
/// gone: its next write is a keep-alive, after nine seconds.
const SOON: Duration = Duration::from_secs(7);

/// Checks that the provider's work ends soon after its client has gone.
async fn check_cancelled(state: State, stream_it: bool) {
    let (gone, mut went) = mpsc::unbounded_channel();
    let provider = scripted(move |_| {
        let guard = OnDrop(gone.clone());
        async move {
            if state == State::Asked {
                std::future::pending::<()>().await;
            }
            let events = futures::stream::unfold((guard, 0), move |(guard, n)| async move {
                if n > 0 {
                    match state {
                        State::Talking => tokio::time::sleep(Duration::from_millis(5)).await,
                        _ => std::future::pending().await,
                    }
                }
                Some((text("a"), (guard, n + 1)))
            });
            Ok(ReplyStream::from_events(events))
        }
    });
    let server = start(home(provider.clone())).await;
    let mut stream = server.connect().await;
    let body = with(question(), json!({"stream": stream_it}));
    stream
        .write_all(post(&body.to_string(), "").as_bytes())
        .await
        .unwrap();
    while provider.asked.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    if stream_it && state != State::Asked {
        read_until(&mut stream, "\"a\"").await;
    } else {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(stream);
    tokio::time::timeout(SOON, went.recv())
        .await
        .unwrap_or_else(|_| panic!("the provider is still asked: {state:?} {stream_it}"))
        .unwrap();
    let metrics = server.get("/metrics").await.body;
    for line in [
        "chatwire_cancelled_total{endpoint=\"home\"} 1",
        "chatwire_in_flight{endpoint=\"home\"} 0",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_provider() {
    for state in [State::Asked, State::Silent, State::Talking] {
        for stream_it in [true, false] {
            check_cancelled(state, stream_it).await;
        }
    }
}

#[tokio::test]
async fn the_connection_to_a_real_backend_is_closed() {
    let mock = AuraMock::start().await.unwrap();
    let aura = Aura::builder().base_url(mock.url()).build().unwrap();
    let server = start(Gateway::builder().endpoint("home", Arc::new(aura))).await;
    let gate = Gate::new();
    mock.answer(MockAnswer::stream(["Hello"]).wait(&gate).piece("never"));
    let mut stream = server.connect().await;
    // Named, so that the server is not asked for its models first.
    let body = with(streamed(), json!({"model": "home/openchat_3.6"}));
    stream
        .write_all(post(&body.to_string(), "").as_bytes())
        .await
        .unwrap();
    read_until(&mut stream, "Hello").await;
    assert_eq!(mock.open_connections(), 1);
    let left = Instant::now();
    drop(stream);
    while mock.open_connections() > 0 {
        assert!(left.elapsed() < SOON, "still open");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_stop_sequence_ends_the_provider_too() {
    for stream_it in [true, false] {
        let (gone, mut went) = mpsc::unbounded_channel();
        let provider = scripted(move |_| {
            let guard = OnDrop(gone.clone());
            async move {
                let events = futures::stream::unfold((guard, 0), |(guard, n)| async move {
                    if n > 1 {
                        std::future::pending::<()>().await;
                    }
                    let piece = if n == 0 { "one E" } else { "ND two" };
                    Some((text(piece), (guard, n + 1)))
                });
                Ok(ReplyStream::from_events(events))
            }
        });
        let server = start(home(provider)).await;
        let body = with(question(), json!({"stream": stream_it, "stop": "END"}));
        let answer = tokio::time::timeout(SOON, server.ask(&body)).await.unwrap();
        assert_eq!(answer.status, 200);
        went.try_recv().expect("the provider is still asked");
    }
}

#[tokio::test]
async fn a_slow_client_slows_the_provider() {
    let made = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&made);
    let provider = scripted(move |_| {
        let counter = Arc::clone(&counter);
        async move {
            let piece = "x".repeat(8 * 1024);
            Ok(ReplyStream::from_events(futures::stream::poll_fn(
                move |_| {
                    counter.fetch_add(1, Ordering::SeqCst);
                    std::task::Poll::Ready(Some(text(&piece)))
                },
            )))
        }
    });
    let server = start(home(provider)).await;
    let mut stream = server.connect().await;
    stream
        .write_all(post(&streamed().to_string(), "").as_bytes())
        .await
        .unwrap();
    read_until(&mut stream, "xxx").await;
    // Only what the system's own buffers take is made: no queue grows.
    let mut held = 0;
    while held != made.load(Ordering::SeqCst) {
        held = made.load(Ordering::SeqCst);
        assert!(held * 8 < 16 * 1024, "{held} pieces of 8 KiB");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn a_shutdown_lets_running_answers_finish() {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let provider = scripted(move |_| {
        let gate = Arc::clone(&gate);
        async move { Ok(gated(vec![text("a")], gate, vec![text("b"), finish()])) }
    });
    let mut server = start(home(provider)).await;
    let mut running = server.connect().await;
    running
        .write_all(post(&streamed().to_string(), "").as_bytes())
        .await
        .unwrap();
    read_until(&mut running, "\"a\"").await;
    // Idle, and not yet a request: closed, and refused.
    let mut idle = server.connect().await;
    let mut half = server.connect().await;
    half.write_all(&post(&question().to_string(), "").as_bytes()[..20])
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.stop();
    let stopped = Instant::now();
    while tokio::net::TcpStream::connect(server.addr).await.is_ok() {
        assert!(stopped.elapsed() < SOON, "still listening");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let said = tokio::io::AsyncReadExt::read(&mut idle, &mut [0; 10]).await;
    assert_eq!(said.unwrap(), 0);
    let rest = post(&question().to_string(), "").as_bytes()[20..].to_vec();
    if half.write_all(&rest).await.is_ok() {
        let mut said = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut half, &mut said).await;
        if let Some(answer) = parse(&said) {
            answer.assert_error(503, "shutting_down");
        }
    }
    drop(half);
    opened.notify_one();
    let rest = read_until(&mut running, "[DONE]").await;
    assert!(rest.contains("\"stop\""));
    tokio::time::timeout(SOON, &mut server.done)
        .await
        .expect("the server is still there")
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_shutdown_cuts_what_takes_too_long() {
    let endless = scripted(|_| async {
        Ok(paced(vec![
            (0, text("a")),
            (60_000, text("b")),
            (0, finish()),
        ]))
    });
    let never = scripted(|_| std::future::pending());
    for (provider, first) in [(endless, true), (never, false)] {
        let mut server = start(home(provider.clone()).grace(Duration::from_millis(200))).await;
        let mut answer_stream = server.connect().await;
        answer_stream
            .write_all(post(&streamed().to_string(), "").as_bytes())
            .await
            .unwrap();
        let mut whole = server.connect().await;
        whole
            .write_all(post(&question().to_string(), "").as_bytes())
            .await
            .unwrap();
        if first {
            read_until(&mut answer_stream, "\"a\"").await;
        }
        while provider.asked.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let began = Instant::now();
        server.stop();
        if first {
            let rest = read_until(&mut answer_stream, "\n0\r\n").await;
            assert!(rest.contains("\"code\":\"shutting_down\""), "{rest}");
            assert!(!rest.contains("[DONE]") && !rest.contains("\"stop\""));
        } else {
            read_answer(&mut answer_stream)
                .await
                .assert_error(503, "shutting_down");
        }
        read_answer(&mut whole)
            .await
            .assert_error(503, "shutting_down");
        tokio::time::timeout(Duration::from_secs(30), &mut server.done)
            .await
            .expect("the server is still there")
            .unwrap()
            .unwrap();
        assert!(began.elapsed() >= Duration::from_millis(190));
    }
}
