//! The signal that service managers send.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::*;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

/// Set for the process that is to be the server, to its grace time in ms.
const CHILD: &str = "CHATWIRE_TEST_SERVER";

/// Not a test: the server that the test below starts, as a process of its own.
#[tokio::test]
#[ignore = "a part of the other test"]
async fn serve_until_a_signal() {
    let Ok(grace) = std::env::var(CHILD) else {
        return;
    };
    let provider = scripted(|request| {
        let pause = if request.messages()[0].text() == "long" {
            60_000
        } else {
            500
        };
        async move {
            Ok(paced(vec![
                (0, text("a")),
                (pause, text("b")),
                (0, finish()),
            ]))
        }
    });
    let gateway = home(provider)
        .grace(Duration::from_millis(grace.parse().unwrap()))
        .build()
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let signal = chatwire_gateway::shutdown_signal().unwrap();
    println!("address={}", listener.local_addr().unwrap());
    gateway.serve(listener, signal).await.unwrap();
}

fn start_process(grace: &str) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "sigterm::serve_until_a_signal",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD, grace)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines
        .find_map(|line| {
            line.unwrap()
                .split_once("address=")
                .map(|(_, a)| a.to_owned())
        })
        .unwrap();
    // Goes on reading, so that the child can go on writing.
    std::thread::spawn(move || lines.for_each(drop));
    (child, address)
}

#[tokio::test]
async fn sigterm_ends_the_server_when_answers_are_done() {
    // An answer that ends by itself, long before the grace time does, and one
    // that the grace time cuts.
    for (question_text, grace, end) in [
        ("short", "600000", "[DONE]"),
        ("long", "1000", "shutting_down"),
    ] {
        let (mut child, address) = start_process(grace);
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let body = with(
            streamed(),
            serde_json::json!({"messages": [{"role": "user", "content": question_text}]}),
        );
        stream
            .write_all(post(&body.to_string(), "").as_bytes())
            .await
            .unwrap();
        read_until(&mut stream, "\"a\"").await;
        let began = Instant::now();
        let killed = Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        while TcpStream::connect(&address).await.is_ok() {
            assert!(began.elapsed() < Duration::from_secs(30), "still listening");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let rest = read_until(&mut stream, end).await;
        assert_eq!(rest.contains("\"stop\""), end == "[DONE]");
        drop(stream);
        let status = tokio::task::spawn_blocking(move || child.wait().unwrap())
            .await
            .unwrap();
        assert!(status.success(), "{status}");
        let took = began.elapsed();
        assert!(took < Duration::from_secs(30), "{took:?}");
    }
}
