//! A WebDriver server that answers as real ones do, and as none should.

use std::time::Duration;

use chatwire_browser::{Browser, SessionClient, SessionOptions};
use chatwire_core::provider_kit::BaseUrl;
use chatwire_core::{ErrorKind, HttpConfig};
use chatwire_mock::{Answer, MockServer};
use serde_json::{Value, json};

const SITE: &str = "http://chat.example.org/app";

/// A server that opens a browser called `b1`; the last three answers are for
/// opening a page, for the script and for cookies.
async fn driver(session: Answer, url: Answer, script: Answer, cookies: Answer) -> MockServer {
    let server = MockServer::start().await.unwrap();
    server.answer_with(move |request| {
        Some(match (request.method.as_str(), request.path()) {
            ("POST", "/session") => session.clone(),
            ("POST", "/session/b1/url") => url.clone(),
            ("POST", "/session/b1/execute/sync") => script.clone(),
            ("GET", "/session/b1/cookie") => cookies.clone(),
            ("DELETE", "/session/b1") => value(Value::Null),
            _ => Answer::status(404),
        })
    });
    server
}

fn value(value: Value) -> Answer {
    Answer::json(json!({ "value": value }).to_string())
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    let refusal = json!({"error": code, "message": message, "stacktrace": "#0 0x55d"});
    value(refusal).with_status(status)
}

fn opened(id: &str) -> Answer {
    value(json!({"sessionId": id, "capabilities": {"browserName": "chrome"}}))
}

fn state(address: &str) -> Answer {
    value(json!({
        "address": address, "document": address, "loaded": true, "status": 200, "found": true,
        "user_agent": "Agent/1", "languages": ["de"],
        "client_hints": {"brands": [], "mobile": true, "platform": "L"},
    }))
}

fn client(server: &MockServer) -> SessionClient {
    let browser = Browser::new(server.url()).timeout(Duration::from_secs(1));
    let sessions = SessionOptions::new().with_source(browser);
    let base = BaseUrl::parse(SITE).unwrap();
    SessionClient::new("test", HttpConfig::new(), base, sessions).unwrap()
}

fn closed(server: &MockServer) -> usize {
    let requests = server.requests();
    requests.iter().filter(|r| r.method == "DELETE").count()
}

#[tokio::test]
async fn a_session_is_read_and_the_browser_closed() {
    let cookies = value(json!([
        {"name": "a", "value": "1", "path": "/", "domain": "chat.example.org", "secure": false,
         "httpOnly": true, "expiry": 1999999999, "sameSite": "Lax"},
        {"name": "b", "value": "2"},
    ]));
    let server = driver(opened("b1"), value(Value::Null), state(SITE), cookies).await;
    let session = client(&server).open_session().await.unwrap();
    assert_eq!(session.address(), SITE);
    assert_eq!(session.cookie_names().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(session.user_agent(), Some("Agent/1"));
    assert_eq!(closed(&server), 1);
    let asked: Value = serde_json::from_slice(&server.requests()[0].body).unwrap();
    let strategy = asked.pointer("/capabilities/alwaysMatch/pageLoadStrategy");
    assert_eq!(strategy, Some(&json!("none")));
}

#[tokio::test]
async fn what_a_webdriver_server_does_wrong_is_told() {
    use ErrorKind::{Connect, Credentials, Protocol};
    let null = || value(Value::Null);
    let none = || value(json!([]));
    let not_found = || Answer::status(404);
    // (case, opening, page, script, cookies, kind, words, browsers closed)
    let cases = [
        (
            "no binary",
            (
                refusal(500, "unknown error", "cannot find Chrome binary\nat 1"),
                null(),
                null(),
                none(),
            ),
            (
                Credentials,
                "opened no browser: cannot find Chrome binary",
                0,
            ),
        ),
        (
            "no message",
            (
                refusal(500, "session not created", ""),
                null(),
                null(),
                none(),
            ),
            (Credentials, "opened no browser: session not created", 0),
        ),
        (
            "another JSON server",
            (refusal(404, "unknown command", "x"), null(), null(), none()),
            (Protocol, "not answer as a WebDriver server", 0),
        ),
        (
            "a page",
            (Answer::html(200, "<p>hello"), null(), null(), none()),
            (Protocol, "not answer as a WebDriver server", 0),
        ),
        (
            "an id that is a path",
            (opened("../b1"), null(), null(), none()),
            (Protocol, "not answer as a WebDriver server", 0),
        ),
        (
            "no id",
            (opened(""), null(), null(), none()),
            (Protocol, "not answer as a WebDriver server", 0),
        ),
        (
            "a page that cannot be loaded",
            (
                opened("b1"),
                refusal(500, "unknown error", "net::ERR_NAME_NOT_RESOLVED"),
                null(),
                none(),
            ),
            (Connect, "net::ERR_NAME_NOT_RESOLVED", 1),
        ),
        (
            "a window that was closed",
            (
                opened("b1"),
                null(),
                refusal(404, "no such window", "gone"),
                none(),
            ),
            (Credentials, "the browser failed: gone", 1),
        ),
        (
            "a browser that crashed",
            (
                opened("b1"),
                null(),
                state(SITE),
                refusal(404, "invalid session id", ""),
            ),
            (Credentials, "the browser failed: invalid session id", 1),
        ),
        (
            "a page that answers no script",
            (opened("b1"), null(), value(json!({"address": 1})), none()),
            (Credentials, "the page answers no script", 1),
        ),
        (
            "a script that fails",
            (
                opened("b1"),
                null(),
                refusal(500, "javascript error", "a\u{1b}[31m\nb"),
                none(),
            ),
            (Credentials, "limit of 1 s: a", 1),
        ),
        (
            "no cookies",
            (opened("b1"), null(), state(SITE), not_found()),
            (Credentials, "not one of a WebDriver server", 1),
        ),
        (
            "another server",
            (opened("b1"), null(), state("http://evil/"), none()),
            (Credentials, "the browser is at http://evil/", 1),
        ),
        (
            "an error page",
            (
                opened("b1"),
                null(),
                state("chrome-error://chromewebdata/"),
                none(),
            ),
            (
                Connect,
                "the browser cannot open http://chat.example.org/app",
                1,
            ),
        ),
    ];
    for (case, (session, url, script, cookies), (kind, words, closes)) in cases {
        let server = driver(session, url, script, cookies).await;
        let error = client(&server).open_session().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{case}: {error}");
        assert_eq!(error.provider(), Some("test"), "{case}");
        assert!(error.to_string().contains(words), "{case}: {error}");
        assert_eq!(closed(&server), closes, "{case}");
    }
}

#[tokio::test]
async fn clones_of_a_browser_take_turns() {
    let answers = (
        opened("b1"),
        value(Value::Null),
        state(SITE),
        value(json!([])),
    );
    let server = driver(answers.0, answers.1, answers.2, answers.3).await;
    let browser = Browser::new(server.url());
    let client = |browser: &Browser| {
        let sessions = SessionOptions::new().with_source(browser.clone());
        let base = BaseUrl::parse(SITE).unwrap();
        SessionClient::new("test", HttpConfig::new(), base, sessions).unwrap()
    };
    let (first, second) = (client(&browser), client(&browser));
    let (one, two) = tokio::join!(first.open_session(), second.open_session());
    assert_eq!(one.unwrap(), two.unwrap());
    let requests = server.requests();
    let visits: Vec<&str> = requests
        .iter()
        .filter(|r| r.path() == "/session" || r.method == "DELETE")
        .map(|request| request.method.as_str())
        .collect();
    assert_eq!(visits, ["POST", "DELETE", "POST", "DELETE"]);
}
