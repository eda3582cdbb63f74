//! The program with a WebDriver server that only pretends to have a browser.

use crate::support::{PATIENCE, finish, program, signal};
use chatwire_mock::{Answer, AuraMock, Gate, MockServer};
use serde_json::{Value, json};
use tokio::time::timeout;

/// Opens a browser called `b1` whose page at the site is ready, or never is.
async fn driver(site: &str, is_ready: bool, opening: Answer) -> MockServer {
    let server = MockServer::start().await.unwrap();
    let state = json!({
        "address": site, "document": site, "loaded": is_ready, "status": 200, "found": true,
        "user_agent": "Agent/1", "languages": ["de"], "client_hints": null,
    });
    server.answer_with(move |request| {
        Some(match (request.method.as_str(), request.path()) {
            ("POST", "/session") => opening.clone(),
            ("POST", "/session/b1/execute/sync") => value(&state),
            ("GET", "/session/b1/cookie") => value(&json!([{"name": "pass", "value": "hushhush"}])),
            _ => value(&Value::Null),
        })
    });
    server
}

fn value(value: &Value) -> Answer {
    Answer::json(json!({ "value": value }).to_string())
}

fn opened() -> Answer {
    value(&json!({"sessionId": "b1", "capabilities": {}}))
}

fn closed(driver: &MockServer) -> usize {
    let requests = driver.requests();
    let is_close = |method: &str, path: &str| method == "DELETE" && path == "/session/b1";
    let closes = requests.iter().filter(|r| is_close(&r.method, r.path()));
    closes.count()
}

#[tokio::test]
async fn signals_close_the_browser() {
    let site = AuraMock::start().await.unwrap();
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        // Below nohup it stays ignored, which the next test tries.
        if name == "HUP" && hangups_are_ignored() {
            continue;
        }
        // While it waits for the page.
        let waiting = driver(&site.url(), false, opened()).await;
        let args = [
            "ask",
            "-u",
            &site.url(),
            "--webdriver",
            &waiting.url(),
            "hi",
        ];
        let child = program(args).spawn().unwrap();
        timeout(PATIENCE, waiting.wait_for_requests(3))
            .await
            .unwrap();
        signal(&child, name).await;
        let run = finish(child).await;
        assert_eq!(run.code, Some(code), "{name}: {run:?}");
        assert_eq!(closed(&waiting), 1, "{name}");

        // While the browser is being opened.
        let gate = Gate::new();
        let text = json!({"value": {"sessionId": "b1"}}).to_string();
        let (start, end) = text.split_at(5);
        let slow = Answer::stream([start, end]).wait(&gate);
        let opening = driver(&site.url(), false, slow).await;
        let args = [
            "ask",
            "-u",
            &site.url(),
            "--webdriver",
            &opening.url(),
            "hi",
        ];
        let child = program(args).spawn().unwrap();
        timeout(PATIENCE, opening.wait_for_requests(1))
            .await
            .unwrap();
        signal(&child, name).await;
        gate.open();
        let run = finish(child).await;
        assert_eq!(run.code, Some(code), "{name}: {run:?}");
        assert_eq!(closed(&opening), 1, "{name}");
    }
    assert_eq!(site.requests().len(), 0);
}

/// Whether the tests themselves run below nohup. Signal 1 is the lowest bit.
fn hangups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 1 == 1)
}

#[tokio::test]
async fn a_signal_that_nohup_ignores_stays_ignored() {
    let site = AuraMock::start().await.unwrap();
    let driver = driver(&site.url(), false, opened()).await;
    let exe = env!("CARGO_BIN_EXE_chatwire");
    let script = format!(
        "trap '' HUP; exec {exe} ask -u {} --webdriver {} hi",
        site.url(),
        driver.url()
    );
    let mut command = tokio::process::Command::new("/bin/sh");
    command.arg("-c").arg(script).kill_on_drop(true);
    command.stdin(std::process::Stdio::null());
    let child = command.spawn().unwrap();
    timeout(PATIENCE, driver.wait_for_requests(3))
        .await
        .unwrap();
    signal(&child, "HUP").await;
    let so_far = driver.requests().len();
    let more = driver.wait_for_requests(so_far + 3);
    timeout(PATIENCE, more).await.unwrap();
    assert_eq!(closed(&driver), 0);
    signal(&child, "TERM").await;
    assert_eq!(finish(child).await.code, Some(143));
    assert_eq!(closed(&driver), 1);
}

#[tokio::test]
async fn a_session_that_cannot_be_saved_is_told_and_used() {
    let site = AuraMock::start().await.unwrap();
    let driver = driver(&site.url(), true, opened()).await;
    let file = "/nonexistent/session.json";
    let url = site.url();
    let args = [
        "-u",
        &url,
        "--webdriver",
        &driver.url(),
        "--session-file",
        file,
    ];
    for command in [&["ask", "hi"][..], &["models"], &["check"]] {
        let run = finish(program([command, &args].concat()).spawn().unwrap()).await;
        assert_eq!(run.code, Some(0), "{run:?}");
        let told = run.err.lines().filter(|line| line.contains(file));
        assert_eq!(told.count(), 1, "{run:?}");
        assert!(run.err.contains("it is used all the same"), "{run:?}");
        assert!(!run.err.contains("hushhush"), "{run:?}");
    }
    let chat = site.requests().pop().unwrap();
    assert_eq!(chat.header("cookie"), Some("pass=hushhush"));
}
