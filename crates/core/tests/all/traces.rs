//! What is said through `tracing`, and what is not.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chatwire_core::provider_kit::{BaseUrl, CredentialCache, HttpClient, HttpRequest};
use chatwire_core::{Error, ErrorKind, HttpConfig};
use chatwire_mock::{Answer, Ending};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::set_default;
use tracing::{Event, Metadata, Subscriber};

use crate::server::{answer, serve, serve_with};

/// Writes down every span and event of this crate, whatever its level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// The first line that begins with it, taken out with all before it.
    fn take(&self, start: &str) -> String {
        let mut lines = self.0.lock().unwrap();
        let at = lines.iter().position(|line| line.starts_with(start));
        let at = at.unwrap_or_else(|| panic!("no {start:?} in {lines:#?}"));
        lines.drain(..=at).next_back().unwrap()
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.0.insert_str(0, &format!("{value:?}")),
            name => write!(self.0, " {name}={value:?}").unwrap(),
        }
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("chatwire")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(format!("span {}", span.metadata().name()));
        span.record(&mut line);
        self.0.lock().unwrap().push(line.0);
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn assert_says(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "{line:?} without {part:?}");
    }
}

#[tokio::test]
async fn a_reply_from_beginning_to_end() {
    let log = Log::default();
    let _listening = set_default(log.clone());
    let server = serve_with(|line, _| match line.starts_with("POST /old") {
        true => answer(
            "307 Go",
            &[("location", "/new?key=s3cret"), ("set-cookie", "s3cret")],
            "s3cret",
        ),
        false => Answer::stream(["s3cret ", "words"]),
    })
    .await;
    let config = HttpConfig::new()
        .without_proxy()
        .with_header("x-key", "s3cret");
    let http = HttpClient::new("box", config).unwrap();
    let base = format!("http://bob:s3cret@{}", server.addr());
    let url = BaseUrl::parse(&base)
        .unwrap()
        .join("/old?key=s3cret")
        .unwrap();
    let request = HttpRequest::post(url).body("s3cret question");
    let response = http.send(request).await.unwrap();
    let reply = response.into_text_reply("one").await.unwrap();
    assert_eq!(reply.collect().await.unwrap().text, "s3cret words");

    let shown = log.lines().join("\n");
    assert!(
        !shown.contains("s3cret") && !shown.contains("words"),
        "{shown}"
    );
    let old = format!("url=http://{}/old", server.addr());
    assert_says(
        &log.take("span request"),
        &["provider=box", "method=POST", &old],
    );
    assert_says(&log.take("redirect"), &["status=307", "/new"]);
    assert_says(&log.take("response head"), &["status=200", "elapsed="]);
    assert_says(&log.take("first byte"), &["provider=box", "elapsed="]);
    assert_says(
        &log.take("finish"),
        &[
            "provider=box",
            "model=one",
            "end=\"eof\"",
            "bytes=12",
            "elapsed=",
        ],
    );
}

#[tokio::test]
async fn a_reply_that_fails() {
    let log = Log::default();
    let _listening = set_default(log.clone());
    let server = serve(Answer::stream(["s3cret"]).ending(Ending::Stall)).await;
    let config = HttpConfig::new()
        .without_proxy()
        .with_idle_timeout(Duration::from_secs(2));
    let http = HttpClient::new("box", config).unwrap();
    let url = BaseUrl::parse(&server.url()).unwrap().join("/").unwrap();
    let response = http.send(HttpRequest::get(url)).await.unwrap();
    let reply = response.into_text_reply("one").await.unwrap();
    assert!(reply.collect().await.is_err());
    let line = log.take("finish");
    assert_says(
        &line,
        &["end=\"timeout\"", "status=200", "pieces=1", "bytes=6"],
    );
    assert!(!line.contains("s3cret"), "{line}");
}

#[tokio::test]
async fn credentials() {
    let log = Log::default();
    let _listening = set_default(log.clone());
    let cache = CredentialCache::new();
    let refused = Error::new(ErrorKind::Credentials, "s3cret").with_status(403);
    assert!(cache.get(|| async { Err(refused) }).await.is_err());
    assert_says(
        &log.take("credentials not fetched"),
        &["credentials", "status=403"],
    );
    let lease = cache
        .get(|| async { Ok("s3cret".to_owned()) })
        .await
        .unwrap();
    log.take("credentials fetched");
    cache
        .get(|| async { Ok("s3cret".to_owned()) })
        .await
        .unwrap();
    assert!(log.lines().is_empty(), "a fetch that was none");
    cache.discard(&lease);
    log.take("credentials refused");
    cache.discard(&lease);
    assert!(log.lines().is_empty(), "refused twice");
    cache.adopt("s3cret".to_owned());
    log.take("credentials renewed");
    assert!(log.lines().is_empty());
    let known = CredentialCache::new().with_known("s3cret".to_owned());
    assert!(known.current().is_some());
    assert!(log.lines().is_empty(), "nothing has happened");
}

#[cfg(feature = "combinators")]
#[tokio::test(start_paused = true)]
async fn attempts() {
    use chatwire_core::{ChatRequest, Fallback, ProviderExt as _, Retry};

    use crate::scripted::{Act, Scripted};

    let log = Log::default();
    let _listening = set_default(log.clone());
    let busy = || Act::Fail(Error::new(ErrorKind::RateLimited, "s3cret").with_status(429));
    let flaky = Scripted::new("a", [busy(), busy()]);
    let skipped = Scripted::new("b", [busy()]);
    let fine = Scripted::new("c", [Act::Say("s3cret")]);
    let fine = fine.with(|info| info.capabilities.max_tokens = true);
    let flaky = flaky.with(|info| info.capabilities.max_tokens = true);
    let flaky = Retry::new(flaky).with_attempts(2);
    let all = Fallback::new(vec![Arc::new(flaky), Arc::new(skipped), Arc::new(fine)]);
    let request = ChatRequest::new("s3cret").with_max_tokens(5);
    assert_eq!(all.reply(&request).await.unwrap().provider, "c");

    let shown = log.lines().join("\n");
    assert!(!shown.contains("s3cret"), "{shown}");
    assert_says(
        &log.take("retry"),
        &[
            "provider=a",
            "attempt=1",
            "rate_limited",
            "status=429",
            "wait=",
        ],
    );
    assert_says(
        &log.take("passed over"),
        &["provider=a", "rate_limited", "status=429"],
    );
    assert_says(&log.take("skipped"), &["provider=b", "invalid_request"]);
    assert_says(
        &log.take("chosen"),
        &["provider=\"c\"", "model=\"c-model\"", "failed=2"],
    );
}

/// An address that a server redirects to can have in it what it was sent.
#[tokio::test]
async fn redirects_without_secrets() {
    let log = Log::default();
    let _listening = set_default(log.clone());
    let server = serve_with(|line, _| match line {
        "GET /" => answer("307 x", &[("location", "/a/hush%2Fhush77/b")], ""),
        _ => answer("200 OK", &[], "yes"),
    })
    .await;
    let config = HttpConfig::new()
        .without_proxy()
        .with_header("x-key", "hush/hush77");
    let http = HttpClient::new("box", config).unwrap();
    let url = BaseUrl::parse(&server.url()).unwrap().join("/").unwrap();
    http.send(HttpRequest::get(url)).await.unwrap();
    assert_says(&log.take("redirect"), &["/a/[redacted]/b"]);
    let lines = log.lines();
    assert!(!lines.iter().any(|line| line.contains("77")), "{lines:?}");
}
