//! Aura's sessions from a real browser, and the gateway's page in one (`page`): Chromium, through chromedriver, at a
//! server that hands out its cookie only by script in the page. After each of
//! these no process of a browser is left.
//!
//! They need Chromium, which `tests/webdriver/run` installs, so `cargo test`
//! ignores them.

#![cfg(target_os = "linux")]
// A panic is how a test fails, also in its helpers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "webdriver/page/mod.rs"]
mod page;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chatwire::HttpConfig;
use chatwire::aura::{Aura, Browser, BrowserSession, SessionOptions};
use chatwire::{ChatRequest, Error, ErrorKind, Provider, ProviderExt, ProviderOptions, provider};
use chatwire_mock::{Answer, AuraMock, Gate, MockServer, ProxyMock, RecordedRequest};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A chromedriver of its own for each test, and what its browsers are known by.
struct Driver {
    child: Child,
    url: String,
    folder: PathBuf,
    mark: String,
}

impl Driver {
    async fn start() -> Driver {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let mark = format!("chatwire-webdriver-{}-{number}-", std::process::id());
        let folder = std::env::temp_dir().join(&mark);
        std::fs::create_dir_all(&folder).unwrap();
        // It looks for a port that is free, and gives up if another process takes
        // that before it listens.
        let mut attempts = 0;
        let (child, mut lines, port) = loop {
            let mut child = Command::new("chromedriver")
                .arg("--port=0")
                // Every process below it inherits the mark.
                .env("CHATWIRE_TEST_MARK", &mark)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .expect("chromedriver is needed: run tests/webdriver/install");
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let mut port = None;
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, said)) = line.split_once("successfully on port ") {
                    port = Some(said.trim_end_matches('.').parse::<u16>().unwrap());
                    break;
                }
            }
            if let Some(port) = port {
                break (child, lines, port);
            }
            attempts += 1;
            assert!(attempts < 5, "chromedriver says no port");
        };
        // Read on, so that it never writes into a closed pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Driver {
            child,
            url: format!("http://127.0.0.1:{port}"),
            folder,
            mark,
        }
    }

    fn capabilities(&self) -> String {
        self.capabilities_with(&[])
    }

    fn capabilities_with(&self, more: &[&str]) -> String {
        // A fresh profile for each browser.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let profile = self.folder.join(format!("profile-{number}"));
        let profile = format!("--user-data-dir={}", profile.display());
        let mut args = vec![
            profile.as_str(),
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
        ];
        args.extend(more);
        serde_json::json!({"goog:chromeOptions": {"args": args}}).to_string()
    }

    fn browser(&self) -> Browser {
        Browser::new(&self.url)
            .headless(true)
            .capabilities(self.capabilities())
            .timeout(Duration::from_secs(60))
    }

    /// The processes of its browsers.
    fn processes(&self) -> Vec<(String, String)> {
        let own = self.child.id().map(|id| id.to_string());
        let mut left = processes_of(&self.mark);
        left.retain(|(id, _)| Some(id) != own.as_ref());
        left
    }

    /// Waits for the browser to have started.
    async fn wait_for_browser(&self) {
        while self.processes().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// No browser is left, soon: helpers of a browser end a moment after it.
    async fn assert_none_left(&self) {
        let started = Instant::now();
        loop {
            let left = self.processes();
            if left.is_empty() {
                return;
            }
            let waited = started.elapsed();
            assert!(waited < Duration::from_secs(15), "left: {left:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Driver {
    /// Ends the browsers too. A test that fails does not get to the end of its
    /// sessions, and a browser outlives the chromedriver that started it.
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        // A browser that is about to end may still start a helper.
        for _ in 0..100 {
            let left = processes_of(&self.mark);
            if left.is_empty() {
                break;
            }
            let ids = left.iter().map(|(id, _)| id);
            let _ = std::process::Command::new("sh")
                .args(["-c", r#"kill -9 "$@""#, "sh"])
                .args(ids)
                .stderr(Stdio::null())
                .status();
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The ids and commands of the processes that have a mark.
fn processes_of(mark: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(id) = entry.file_name().into_string() else {
            continue;
        };
        if !id.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let read = |file: &str| std::fs::read(entry.path().join(file)).unwrap_or_default();
        let (command, environment) = (read("cmdline"), read("environ"));
        let has_mark = |text: &[u8]| String::from_utf8_lossy(text).contains(mark);
        // A process that has ended and was not waited for has no command.
        if !command.is_empty() && (has_mark(&command) || has_mark(&environment)) {
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            found.push((id, command));
        }
    }
    found
}

/// A server that answers no question without the cookie of its page.
struct Site {
    mock: AuraMock,
    pass: Arc<Mutex<String>>,
}

impl Site {
    async fn start() -> Site {
        let mock = AuraMock::start().await.unwrap();
        let pass = Arc::new(Mutex::new("first-pass".to_owned()));
        let current = pass.clone();
        mock.answer_with(move |request| {
            let pass = current.lock().unwrap().clone();
            match request.path() {
                // The cookie is there a moment after the page.
                "/" | "/chat" => Some(Answer::html(
                    200,
                    format!(
                        r#"<!DOCTYPE html><title>Chat</title><body><script>
                            setTimeout(() => {{
                                document.cookie = "pass={pass}; path=/; max-age=600";
                                document.cookie = "elsewhere=no; path=/elsewhere";
                                document.body.id = "there";
                            }}, 300);
                        </script>"#
                    ),
                )),
                "/api/chat" | "/api/models" => {
                    let cookies = request.header("cookie").unwrap_or_default();
                    let passed = cookies == format!("pass={pass}");
                    (!passed).then(|| Answer::html(401, "<h1>Who are you?</h1>"))
                }
                _ => None,
            }
        });
        Site { mock, pass }
    }

    /// Ends all sessions.
    fn expire(&self, next: &str) {
        *self.pass.lock().unwrap() = next.to_owned();
    }

    fn last(&self, path: &str) -> RecordedRequest {
        let requests = self.mock.requests();
        let last = requests.into_iter().rfind(|request| request.path() == path);
        last.unwrap_or_else(|| panic!("no request to {path}"))
    }

    fn client(&self, browser: Browser) -> Aura {
        Aura::builder()
            .base_url(self.mock.url())
            .sessions(from(browser))
            .build()
            .unwrap()
    }
}

/// All that is logged, at any level.
static LOG: Mutex<String> = Mutex::new(String::new());

struct Logger;

impl tracing::Subscriber for Logger {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        span.record(&mut Line);
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut Line);
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Line);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

struct Line;

impl tracing::field::Visit for Line {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        let mut log = LOG.lock().unwrap();
        log.push_str(&format!("{field}={value:?}\n"));
    }
}

fn from(browser: Browser) -> SessionOptions {
    SessionOptions::new().with_source(browser)
}

async fn ask(client: &Aura) -> Result<String, Error> {
    match client.reply(&ChatRequest::new("hello there")).await {
        Ok(reply) => Ok(reply.text),
        Err(incomplete) => Err(incomplete.error),
    }
}

/// A server with one page.
async fn serve(answer: Answer) -> MockServer {
    let server = MockServer::start().await.unwrap();
    server.answer_with(move |request| (request.path() == "/").then(|| answer.clone()));
    server
}

#[tokio::test]
#[ignore = "needs a browser: tests/webdriver/run"]
async fn a_test_that_fails_leaves_no_browser() {
    let driver = Driver::start().await;
    let (mark, folder) = (driver.mark.clone(), driver.folder.clone());
    let failed = tokio::spawn(async move {
        let _tab = page::Tab::open(&driver).await;
        assert!(!driver.processes().is_empty(), "no browser has started");
        std::panic::resume_unwind(Box::new("as a failed assertion"));
    });
    let failure = failed.await.unwrap_err().into_panic();
    assert!(failure.is::<&str>(), "no browser has started");
    assert_eq!(processes_of(&mark), []);
    assert!(!folder.exists());
}

#[tokio::test]
#[ignore = "needs a browser: tests/webdriver/run"]
async fn the_session_of_the_browser_is_the_clients() {
    tracing::subscriber::set_global_default(Logger).unwrap();
    let (driver, site) = (Driver::start().await, Site::start().await);
    site.expire("pass-that-is-never-shown");
    let client = site.client(driver.browser().ready_cookie("pass"));
    assert!(client.sessions().current().is_none());
    // Many at once: one browser for all.
    let request = ChatRequest::new("hello there");
    let replies = (0..10).map(|_| client.reply(&request));
    for reply in futures::future::join_all(replies).await {
        assert!(reply.unwrap().text.contains("hello there"));
    }
    driver.assert_none_left().await;
    client.models().await.unwrap();
    assert_eq!(site.mock.requests_to("/"), 1);
    // What the browser itself sends for the page is what the client sends.
    let (page, chat) = (site.last("/"), site.last("/api/chat"));
    for name in [
        "user-agent",
        "accept-language",
        "sec-ch-ua",
        "sec-ch-ua-mobile",
        "sec-ch-ua-platform",
    ] {
        assert!(page.header(name).is_some(), "{name}");
        assert_eq!(chat.header(name), page.header(name), "{name}");
    }
    let url = site.mock.url();
    assert_eq!(chat.header("cookie"), Some("pass=pass-that-is-never-shown"));
    assert_eq!(chat.header("referer"), Some(format!("{url}/").as_str()));
    assert_eq!(chat.header("origin"), Some(url.as_str()));
    let shown = format!(
        "{client:?} {:?} {}",
        client.sessions().current(),
        LOG.lock().unwrap()
    );
    assert!(shown.contains("/api/chat"), "nothing is logged");
    assert!(!shown.contains("never-shown"));
}

#[tokio::test]
#[ignore = "needs a browser: tests/webdriver/run"]
async fn a_session_that_ended_is_renewed_once() {
    let (driver, site) = (Driver::start().await, Site::start().await);
    let client = site.client(driver.browser().ready_selector("#there"));
    ask(&client).await.unwrap();
    site.expire("second-pass");
    ask(&client).await.unwrap();
    assert_eq!(site.mock.requests_to("/"), 2);
    assert_eq!(site.mock.requests_to("/api/chat"), 3);
    // Refused even when fresh: told, and not tried again.
    let refusing = MockServer::start().await.unwrap();
    refusing.answer_with(|request| {
        Some(match request.path() {
            "/" => Answer::html(200, "<script>document.cookie = 'pass=geheimnis'</script>"),
            _ => Answer::json(r#"{"error": "geheimnis is not welcome"}"#).with_status(403),
        })
    });
    let client = Aura::builder()
        .base_url(refusing.url())
        .sessions(from(driver.browser().ready_cookie("pass")))
        .build()
        .unwrap();
    let error = ask(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error}");
    assert_eq!(error.status(), Some(403));
    assert!(error.to_string().contains("fresh session"), "{error}");
    assert!(!error.to_string().contains("geheimnis"), "{error}");
    assert_eq!(refusing.requests_to("/"), 2);
    // The list of models is asked for first.
    assert_eq!(refusing.requests_to("/api/models"), 2);
    assert_eq!(refusing.requests_to("/api/chat"), 0);
    driver.assert_none_left().await;
}

#[tokio::test]
#[ignore = "needs a browser: tests/webdriver/run"]
async fn a_kept_session_needs_no_browser() {
    let (driver, site) = (Driver::start().await, Site::start().await);
    let file = driver.folder.join("session.json");
    let kept = || SessionOptions::new().with_file(&file);
    let with = |sessions| {
        let builder = Aura::builder().base_url(site.mock.url());
        builder.sessions(sessions).build()
    };
    // Neither file nor browser.
    let error = with(kept()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    let browser = driver.browser().ready_cookie("pass");
    let with_browser = with(kept().with_source(browser)).unwrap();
    let session = with_browser.sessions().open_session().await.unwrap();
    driver.assert_none_left().await;
    assert_eq!(with_browser.sessions().current(), Some(session.clone()));
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // From the file, and handed over.
    ask(&with(kept()).unwrap()).await.unwrap();
    let exported = BrowserSession::from_json(&session.to_json()).unwrap();
    let client = with(SessionOptions::new().with_session(exported)).unwrap();
    ask(&client).await.unwrap();
    assert_eq!(site.mock.requests_to("/"), 1);
    // Without a browser a refused session stays refused; with one it is renewed
    // and kept.
    site.expire("second-pass");
    let error = ask(&client).await.unwrap_err();
    assert!(error.to_string().contains("a browser has to"), "{error}");
    let browser = driver.browser().ready_cookie("pass");
    let again = with(kept().with_source(browser)).unwrap();
    ask(&again).await.unwrap();
    assert_eq!(site.mock.requests_to("/"), 2);
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .contains("second-pass")
    );
    driver.assert_none_left().await;
    // A session of another server is not used.
    let other = Aura::builder()
        .base_url("http://127.0.0.1:1")
        .sessions(SessionOptions::new().with_session(session));
    let error = other.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
}

#[tokio::test]
#[ignore = "needs a browser: tests/webdriver/run"]
async fn redirects_are_followed_to_where_they_end() {
    let (driver, site) = (Driver::start().await, Site::start().await);
    // Over another server and back, by status and by script.
    let back = format!("{}/chat?from=login", site.mock.url());
    let login = serve(Answer::html(
        200,
        format!("<script>setTimeout(() => location = {back:?}, 200)</script>"),
    ))
    .await;
    let away = format!("{}/", login.url());
    site.mock.answer_with(move |request| {
        (request.path() == "/start").then(|| Answer::status(302).header("Location", away.clone()))
    });
    let client = site.client(driver.browser().page("/start").ready_cookie("pass"));
    ask(&client).await.unwrap();
    let referer = format!("{}/chat?from=login", site.mock.url());
    let chat = site.last("/api/chat");
    assert_eq!(chat.header("referer"), Some(referer.as_str()));
    assert_eq!(chat.header("cookie"), Some("pass=first-pass"));
    driver.assert_none_left().await;
    // Another server at the end: nothing is sent there, and nothing from there
    // to the first.
    let other = serve(Answer::html(
        200,
        "<script>document.cookie='pass=x'</script>",
    ))
    .await;
    let away = format!("{}/", other.url());
    let first = serve(Answer::status(302).header("Location", away)).await;
    let client = Aura::builder()
        .base_url(first.url())
        .sessions(from(
            driver
                .browser()
                .ready_cookie("pass")
                .timeout(Duration::from_secs(5)),
        ))
        .build()
        .unwrap();
    let error = ask(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error}");
    assert!(error.to_string().contains(&other.url()), "{error}");
    assert!(error.to_string().contains("base URL"), "{error}");
    for server in [&first, &other] {
        assert_eq!(server.requests_to("/api/chat"), 0);
    }
    driver.assert_none_left().await;
}

#[tokio::test]
#[ignore = "needs a browser: tests/webdriver/run"]
async fn a_page_that_never_gets_ready_is_given_up() {
    let forever = Gate::new();
    let hanging = Answer::stream(["<!DOCTYPE html><p>one moment", " please"]).wait(&forever);
    let cases = [
        (
            "no element",
            Answer::html(200, "<p>nothing here"),
            Some("#there"),
            "nothing matches \"#there\"",
        ),
        (
            "an error",
            Answer::html(503, "<p>later"),
            None,
            "it has status 503",
        ),
        (
            "never ends",
            hanging.header("Content-Type", "text/html"),
            None,
            "still loading",
        ),
        (
            "script never ends",
            Answer::html(200, "<p>busy<script>for (;;) {}</script>"),
            None,
            "",
        ),
        (
            "alert",
            Answer::html(200, "<p>busy<script>for (;;) alert(1)</script>"),
            None,
            "",
        ),
    ];
    let driver = Driver::start().await;
    for (case, answer, selector, words) in cases {
        let server = serve(answer).await;
        let mut browser = driver.browser().timeout(Duration::from_secs(6));
        if let Some(selector) = selector {
            browser = browser.ready_selector(selector);
        }
        let client = Aura::builder()
            .base_url(server.url())
            .sessions(from(browser))
            .build()
            .unwrap();
        let started = Instant::now();
        let error = ask(&client).await.unwrap_err();
        let took = started.elapsed();
        assert_eq!(error.kind(), ErrorKind::Credentials, "{case}: {error}");
        let message = error.to_string();
        assert!(message.contains(words), "{case}: {message}");
        assert!(message.contains("limit of 6 s"), "{case}: {message}");
        assert!(took < Duration::from_secs(20), "{case}: {took:?}");
        assert_eq!(server.requests_to("/api/chat"), 0, "{case}");
        driver.assert_none_left().await;
    }
}

#[tokio::test]
#[ignore = "needs a browser: tests/webdriver/run"]
async fn what_waiting_cannot_change_is_said_at_once() {
    let driver = Driver::start().await;
    let nobody = MockServer::start().await.unwrap();
    let gone = nobody.url();
    nobody.stop().await;
    let ordinary = serve(Answer::html(200, "<p>a page")).await;
    let cases = [
        (
            "no WebDriver",
            Browser::new(&gone),
            ordinary.url(),
            ErrorKind::Connect,
            gone.as_str(),
        ),
        (
            "another server",
            Browser::new(ordinary.url()),
            ordinary.url(),
            ErrorKind::Protocol,
            "WebDriver",
        ),
        (
            "no selector",
            driver.browser().ready_selector("p["),
            ordinary.url(),
            ErrorKind::InvalidRequest,
            "p[",
        ),
        (
            "no site",
            driver.browser(),
            gone.clone(),
            ErrorKind::Connect,
            gone.as_str(),
        ),
        (
            "no such browser",
            driver
                .browser()
                .capabilities(r#"{"browserName": "netscape"}"#),
            ordinary.url(),
            ErrorKind::Credentials,
            "opened no browser",
        ),
    ];
    for (case, browser, base, kind, words) in cases {
        let client = Aura::builder()
            .base_url(base)
            .sessions(from(browser))
            .build()
            .unwrap();
        let started = Instant::now();
        let error = ask(&client).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{case}: {error}");
        assert_eq!(error.provider(), Some("aura"), "{case}");
        assert!(error.to_string().contains(words), "{case}: {error}");
        let took = started.elapsed();
        assert!(took < Duration::from_secs(30), "{case}: {took:?}");
        driver.assert_none_left().await;
    }
    // And before anything is opened.
    for browser in [
        Browser::new("127.0.0.1:9515"),
        driver.browser().capabilities("[]"),
    ] {
        let client = Aura::builder().base_url("http://h").sessions(from(browser));
        let error = client.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    }
    let proxied = Aura::builder()
        .base_url("http://h")
        .sessions(from(driver.browser()))
        .http(HttpConfig::new().with_proxy("http://user:word@h:1"));
    let error = proxied.build().unwrap_err();
    assert!(error.to_string().contains("password"), "{error}");
    assert!(!error.to_string().contains("word@"), "{error}");
}

#[tokio::test]
#[ignore = "needs a browser: tests/webdriver/run"]
async fn a_caller_that_goes_away_leaves_no_browser() {
    let driver = Driver::start().await;
    let server = serve(Answer::html(200, "<p>nothing here")).await;
    let browser = driver.browser().ready_selector("#there");
    let client = Aura::builder()
        .base_url(server.url())
        .sessions(from(browser))
        .build()
        .unwrap();
    // While the browser is being opened.
    {
        let asking = ask(&client);
        tokio::select! {
            _ = asking => panic!("not ready"),
            () = driver.wait_for_browser() => {}
        }
    }
    driver.assert_none_left().await;
    assert_eq!(server.requests_to("/"), 0, "opened too fast for this test");
    // While it waits for the page.
    {
        let asking = ask(&client);
        tokio::select! {
            _ = asking => panic!("not ready"),
            () = server.wait_for_requests(1) => {}
        }
    }
    driver.assert_none_left().await;
    // The next visit waits for its turn, and is not disturbed.
    let site = Site::start().await;
    let client = site.client(driver.browser().ready_cookie("pass"));
    tokio::select! {
        biased;
        _ = ask(&client) => panic!("too fast"),
        () = driver.wait_for_browser() => {}
    }
    ask(&client).await.unwrap();
    driver.assert_none_left().await;
}

#[test]
#[ignore = "needs a browser: tests/webdriver/run"]
fn the_end_of_a_runtime_waits_for_the_browser_to_be_closed() {
    let outer = tokio::runtime::Runtime::new().unwrap();
    let driver = outer.block_on(Driver::start());
    let server = outer.block_on(serve(Answer::html(200, "<p>nothing here")));
    for opened in [false, true] {
        let before = server.requests().len();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let client = Aura::builder()
            .base_url(server.url())
            .sessions(from(driver.browser().ready_selector("#there")))
            .build()
            .unwrap();
        runtime.block_on(async {
            let until = async {
                match opened {
                    false => driver.wait_for_browser().await,
                    true => server.wait_for_requests(before + 1).await,
                }
            };
            tokio::select! {
                _ = ask(&client) => panic!("not ready"),
                () = until => {}
            }
        });
        runtime.shutdown_background();
        // The process could end now. What a browser leaves for a moment are its
        // helpers.
        let left = driver.processes();
        let is_helper = |(_, command): &(String, String)| {
            command.contains("--type=") || command.contains("crash")
        };
        assert!(left.iter().all(is_helper), "{left:#?}");
        outer.block_on(driver.assert_none_left());
    }
}

#[tokio::test]
#[ignore = "needs a browser: tests/webdriver/run"]
async fn the_browser_goes_through_the_clients_proxy() {
    let (driver, site) = (Driver::start().await, Site::start().await);
    let proxy = ProxyMock::start().await.unwrap();
    let capabilities = driver.capabilities_with(&["--proxy-bypass-list=<-loopback>"]);
    let client = Aura::builder()
        .base_url(site.mock.url())
        .http(HttpConfig::new().with_proxy(proxy.url()))
        .sessions(from(
            driver
                .browser()
                .capabilities(capabilities)
                .ready_cookie("pass"),
        ))
        .build()
        .unwrap();
    ask(&client).await.unwrap();
    // Chromium asks for some things of its own too.
    let authority = site.mock.addr().to_string();
    let through = proxy.requests();
    let through = through
        .iter()
        .filter(|request| request.header("host") == Some(&authority));
    assert_eq!(through.count(), site.mock.requests().len());
    driver.assert_none_left().await;
}

#[tokio::test]
#[ignore = "needs a browser: tests/webdriver/run"]
async fn the_settings_by_name_do_the_same() {
    let (driver, site) = (Driver::start().await, Site::start().await);
    let file = driver.folder.join("session.json");
    let options = |ready: &str| {
        ProviderOptions::new()
            .with_base_url(site.mock.url())
            .with_setting("webdriver", &driver.url)
            .with_setting("webdriver_page", "/chat")
            .with_setting("webdriver_ready", ready)
            .with_setting("webdriver_timeout", "50")
            .with_setting("webdriver_headless", "true")
            .with_setting("webdriver_capabilities", driver.capabilities())
            .with_setting("session_file", file.to_str().unwrap())
    };
    for ready in ["cookie:pass", "#there"] {
        let client = provider("aura", options(ready)).unwrap();
        client.reply(&ChatRequest::new("hi")).await.unwrap();
        driver.assert_none_left().await;
        std::fs::remove_file(&file).unwrap();
    }
    assert_eq!(site.mock.requests_to("/chat"), 2);
    let options = ProviderOptions::new()
        .with_base_url("http://h")
        .with_setting("webdriver_headless", "true");
    let error = provider("aura", options).unwrap_err();
    assert!(
        error.to_string().contains("needs the setting webdriver"),
        "{error}"
    );
}
