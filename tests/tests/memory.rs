//! Memory stays flat however much a server sends: a reply of 256 MiB through each
//! provider, and as much junk without a line end wherever one can be put.
//!
//! The servers run in a process of their own, this binary again, so that their
//! memory does not count.

// A panic is how a test fails, also in its helpers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use chatwire::HttpConfig;
use chatwire::{
    ChatRequest, Error, ErrorKind, Limit, Provider, ProviderExt as _, ProviderOptions, ReplyEvent,
    provider,
};
use chatwire_mock::{
    AiEngineMock, AiSdkMock, Answer, AnyMock, AuraMock, MagickPenMock, RecordedRequest,
};

/// How much a server sends, eight times what may be kept of it.
const SENT: u64 = 8 * ROOM;

/// How much more memory than at the start there may be.
const ROOM: u64 = 32 << 20;

/// Set for the process that serves.
const SERVE: &str = "CHATWIRE_TEST_SERVE";

/// How large the pieces are that the server sends.
const PIECE: usize = 64 * 1024;

/// The servers for the test below, in the process that it starts. Without it,
/// there is nothing to do here.
#[tokio::test]
async fn the_servers() {
    if std::env::var_os(SERVE).is_none() {
        return;
    }
    let (pen, site, aura, sdk) = (
        MagickPenMock::start().await.unwrap(),
        AiEngineMock::start().await.unwrap(),
        AuraMock::start().await.unwrap(),
        AiSdkMock::start().await.unwrap(),
    );
    pen.answer_with(|request| answer(request, Answer::status, &plain()));
    aura.answer_with(|request| answer(request, Answer::status, &plain()));
    site.answer_with(|request| answer(request, Answer::status, &events()));
    sdk.answer_with(|request| answer(request, ui_head, &parts()));
    println!(
        "serving {} {} {} {}",
        pen.url(),
        site.url(),
        aura.url(),
        sdk.url()
    );
    // Until the other process goes away.
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()))
        .await
        .unwrap()
        .unwrap();
}

fn plain() -> Answer {
    let piece = "abcdefg ".repeat(PIECE / 8);
    Answer::status(200).repeat(piece, SENT / PIECE as u64)
}

/// As much text in events: sixteen in a piece.
fn events() -> Answer {
    let event = format!(
        "data: {{\"type\":\"live\",\"data\":\"{}\"}}\n\n",
        "abcdefg ".repeat(PIECE / 16 / 8)
    );
    let end = "data: {\"type\":\"end\",\"data\":\"{\\\"success\\\":true,\\\"reply\\\":null}\"}\n\n";
    Answer::status(200)
        .repeat(event.repeat(16), SENT / PIECE as u64)
        .piece(end)
}

/// As much text in the events of a UI message stream: sixteen in a piece.
fn parts() -> Answer {
    let event = format!(
        "data: {{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"{}\"}}\n\n",
        "abcdefg ".repeat(PIECE / 16 / 8)
    );
    ui_head(200)
        .repeat(event.repeat(16), SENT / PIECE as u64)
        .piece("data: {\"type\":\"finish\"}\n\ndata: [DONE]\n\n")
}

fn ui_head(status: u16) -> Answer {
    Answer::status(status).header("x-vercel-ai-ui-message-stream", "v1")
}

/// The question, or an extra header, says what is wanted.
fn answer(request: &RecordedRequest, head: fn(u16) -> Answer, reply: &Answer) -> Option<Answer> {
    let junk = |status| head(status).repeat("x".repeat(PIECE), SENT / PIECE as u64);
    let text = request.text();
    if !AnyMock::is_chat(request) {
        let wants = request.header("x-test") == Some("junk");
        return wants.then(|| junk(200));
    }
    if text.contains("long") {
        Some(reply.clone())
    } else if text.contains("junk") {
        Some(junk(200))
    } else if text.contains("failing") {
        Some(junk(500))
    } else if text.contains("comment") {
        let live = "data: {\"type\":\"live\",\"data\":\"x\"}\n\n";
        let delta = "data: {\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"x\"}\n\n: ";
        let start = head(200).piece(live).piece(delta);
        Some(start.repeat("x".repeat(PIECE), SENT / PIECE as u64))
    } else {
        None
    }
}

/// The other process, which ends with this value.
struct Servers {
    process: Child,
    urls: Vec<String>,
}

impl Servers {
    fn start() -> Servers {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_servers", "--nocapture"])
            .env(SERVE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let urls = lines
            .find_map(|line| {
                let line = line.unwrap();
                let (_, urls) = line.split_once("serving ")?;
                Some(urls.split(' ').map(str::to_owned).collect())
            })
            .expect("the servers to say where they are");
        // Its test runner has more to say when it runs for a minute, and ends when
        // nobody listens.
        std::thread::spawn(move || lines.for_each(drop));
        Servers { process, urls }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // It ends when its input does; this only makes sure.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A line of `/proc/self/status`, in bytes; none where there is no such file.
fn status(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// Reads a reply and forgets it: how many bytes of text, and how it ended.
async fn drain(client: &dyn Provider, question: &str) -> (u64, Option<Error>) {
    let mut length = 0;
    let request = ChatRequest::new(question);
    let mut stream = match client.stream(&request).await {
        Ok(stream) => stream,
        Err(error) => return (0, Some(error)),
    };
    loop {
        match stream.next().await.expect("an end") {
            Ok(ReplyEvent::Text(text)) => length += text.len() as u64,
            Ok(ReplyEvent::Finish(_)) => return (length, None),
            Ok(_) => {}
            Err(error) => return (length, Some(error)),
        }
    }
}

#[tokio::test]
async fn a_long_reply_needs_no_memory() {
    let servers = Servers::start();
    let clients: Vec<_> = ["magickpen", "chatgpt4online", "aura", "ai-sdk"]
        .into_iter()
        .zip(&servers.urls)
        .map(|(name, url)| {
            let with = |http: HttpConfig| {
                let options = ProviderOptions::new().with_base_url(url).with_http(http);
                provider(name, options).unwrap()
            };
            let endless = with(HttpConfig::new().with_max_reply(None));
            let limited = with(HttpConfig::new());
            let junk = with(HttpConfig::new().with_header("x-test", "junk"));
            (name, endless, limited, junk)
        })
        .collect();
    // What one reply needs anyway is not counted.
    for (_, endless, limited, _) in &clients {
        endless.reply(&ChatRequest::new("hi")).await.unwrap();
        limited.reply(&ChatRequest::new("hi")).await.unwrap();
    }
    let Some(start) = status("VmRSS") else {
        return;
    };
    let mut report = String::new();
    for (name, endless, limited, junk) in &clients {
        let is_plain = !["chatgpt4online", "ai-sdk"].contains(name);
        let (length, error) = drain(endless, "long").await;
        assert_eq!((length, error.map(|e| e.kind())), (SENT, None), "{name}");

        // Junk is text to the plain protocols, and one line too long to the other.
        let (length, error) = drain(endless, "junk").await;
        let wanted = match is_plain {
            true => (SENT, None),
            false => (0, Some(ErrorKind::LimitExceeded(Limit::Event))),
        };
        assert_eq!((length, error.map(|e| e.kind())), wanted, "{name}");
        if !is_plain {
            let (length, error) = drain(endless, "comment").await;
            let too_long = Some(ErrorKind::LimitExceeded(Limit::Event));
            assert_eq!((length, error.map(|e| e.kind())), (1, too_long), "{name}");
        }
        let (length, error) = drain(limited, "long").await;
        assert!(length <= 64 << 20, "{name}: {length}");
        let kind = error.map(|error| error.kind());
        assert_eq!(kind, Some(ErrorKind::LimitExceeded(Limit::Reply)), "{name}");

        let (_, error) = drain(limited, "failing").await;
        assert_eq!(error.map(|e| e.kind()), Some(ErrorKind::Status), "{name}");

        // The AI SDK's reads no page besides.
        if *name != "ai-sdk" {
            let error = match *name {
                "aura" => junk.models().await.err(),
                _ => drain(junk, "hi").await.1,
            };
            let kind = error.map(|error| error.kind());
            assert_eq!(kind, Some(ErrorKind::LimitExceeded(Limit::Page)), "{name}");
        }

        let most = status("VmHWM").unwrap();
        report.push_str(&format!("{name}: {} KiB more\n", (most - start) / 1024));
    }
    println!("{report}from {} KiB", start / 1024);
    let most = status("VmHWM").unwrap();
    assert!(most - start < ROOM, "{report}");
}
