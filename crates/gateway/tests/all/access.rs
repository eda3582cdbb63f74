//! Who may use the gateway.

use std::sync::{Arc, Mutex};

use crate::support::*;
use chatwire_aura::Aura;
use chatwire_core::Secret;
use chatwire_gateway::Gateway;
use chatwire_mock::AuraMock;
use serde_json::json;
use tokio::net::TcpListener;

/// A question with exactly these header lines beside the length.
fn raw(headers: &str) -> String {
    let body = question().to_string();
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

const JSON: &str = "content-type: application/json\r\n";

#[tokio::test]
async fn only_known_hosts() {
    let server = start(home(tells(&["a"])).allow_host("chat.example")).await;
    let port = server.addr.port();
    for (host, allowed) in [
        (format!("127.0.0.1:{port}"), true),
        (format!("localhost:{port}"), true),
        (format!("[::1]:{port}"), true),
        ("chat.example".to_owned(), true),
        ("evil.example".to_owned(), false),
        (format!("rebound.example:{port}"), false),
        ("192.168.1.7".to_owned(), true),
        (format!("app.localhost:{port}"), true),
    ] {
        let answer = server.send(&raw(&format!("{JSON}host: {host}\r\n"))).await;
        if allowed {
            assert_eq!(answer.status, 200, "{host}");
        } else {
            answer.assert_error(403, "host_not_allowed");
        }
    }
    // What lists models or numbers is no different.
    for path in ["/v1/models", "/metrics", "/healthz", "/nothing"] {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n");
        server
            .send(&request)
            .await
            .assert_error(403, "host_not_allowed");
    }
    let absolute = "GET http://evil.example/v1/models HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    server
        .send(absolute)
        .await
        .assert_error(403, "host_not_allowed");
}

#[tokio::test]
async fn no_page_of_another_site() {
    let provider = tells(&["a"]);
    let server = start(home(provider.clone())).await;
    for lines in [
        "origin: https://evil.example\r\n",
        "origin: null\r\n",
        "origin: http://localhost:3000\r\n",
        "sec-fetch-site: cross-site\r\n",
        "sec-fetch-site: same-site\r\n",
        "origin: https://evil.example\r\nsec-fetch-site: cross-site\r\n",
    ] {
        for kind in [JSON, "content-type: text/plain\r\n"] {
            let answer = server
                .send(&raw(&format!("host: localhost\r\n{kind}{lines}")))
                .await;
            answer.assert_error(403, "origin_not_allowed");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    // A browser that says nothing of where it comes from is held by the type.
    for kind in [
        "content-type: text/plain\r\n",
        "content-type: application/x-www-form-urlencoded\r\n",
        "content-type: text/plain; application/json\r\n",
        "content-type: application/x-www-form-urlencoded\r\nuser-agent: Mozilla/5.0 (X11)\r\n",
        "content-type: text/plain\r\nuser-agent: curl/8.5.0\r\n",
    ] {
        let answer = server
            .send(&raw(&format!("host: localhost\r\n{kind}")))
            .await;
        answer.assert_error(415, "unsupported_media_type");
    }
    // Without a type it is no form, but a page can send it: that has an origin.
    let answer = server.send(&raw("host: localhost\r\n")).await;
    assert_eq!(answer.status, 200);
    // `curl -d` calls everything a form, and says that it is no browser.
    let curl = "content-type: application/x-www-form-urlencoded\r\nuser-agent: curl/8.5.0\r\n";
    let answer = server
        .send(&raw(&format!("host: localhost\r\n{curl}")))
        .await;
    assert_eq!(answer.status, 200);
    let from_a_page = format!("host: localhost\r\n{curl}origin: https://evil.example\r\n");
    let answer = server.send(&raw(&from_a_page)).await;
    answer.assert_error(403, "origin_not_allowed");
    let asked = provider.asked.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(asked, 2);
    let preflight = "OPTIONS /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                     origin: https://evil.example\r\naccess-control-request-method: POST\r\n\r\n";
    let answer = server.send(preflight).await;
    answer.assert_error(403, "origin_not_allowed");
    assert!(!answer.head.contains("access-control"));
    let asked = provider.asked.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(asked, 2);
}

#[tokio::test]
async fn cors_only_for_origins_that_are_configured() {
    let builder = || {
        home(tells(&["a"]))
            .allow_origin("https://app.example")
            .api_key(Secret::new("the-key"))
    };
    // As a router of another server, too.
    let router = builder().build().unwrap().router();
    let preflight = http::Request::options("/v1/chat/completions")
        .header("host", "localhost")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = tower::ServiceExt::oneshot(router, preflight).await.unwrap();
    let allowed = &answer.headers()["access-control-allow-origin"];
    assert_eq!(answer.status(), 200);
    assert_eq!(allowed, "https://app.example");
    let server = start(builder()).await;
    let origin = "host: localhost\r\norigin: https://app.example\r\nsec-fetch-site: cross-site\r\n";
    // The browser asks without the key.
    let answer = server
        .send(&format!(
            "OPTIONS /v1/chat/completions HTTP/1.1\r\nconnection: close\r\n{origin}\
             access-control-request-method: POST\r\n\
             access-control-request-headers: authorization, content-type, x-stainless-os\r\n\r\n"
        ))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("access-control-allow-headers").as_deref(),
        Some("authorization, content-type, x-stainless-os")
    );
    let allowed = answer.header("access-control-allow-origin");
    assert_eq!(allowed.as_deref(), Some("https://app.example"));
    for (key, status) in [("", 401), ("authorization: Bearer the-key\r\n", 200)] {
        let answer = server.send(&raw(&format!("{JSON}{origin}{key}"))).await;
        assert_eq!(answer.status, status);
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed.as_deref(), Some("https://app.example"));
        assert_eq!(answer.header("vary").as_deref(), Some("origin"));
    }
    let answer = server
        .send(&raw(&format!(
            "{JSON}host: localhost\r\norigin: https://b.example\r\n"
        )))
        .await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn keys() {
    let server = start(home(tells(&["a"])).api_key(Secret::new("the-key"))).await;
    for (line, status) in [
        ("", 401),
        ("authorization: Bearer other\r\n", 401),
        ("authorization: Bearer the-ke\r\n", 401),
        ("authorization: Basic the-key\r\n", 401),
        ("authorization: Bearer the-key\r\n", 200),
        ("x-api-key: the-key\r\n", 200),
        ("api-key: the-key\r\n", 200),
        ("x-api-key: other\r\n", 401),
    ] {
        let answer = server
            .send(&raw(&format!("host: localhost\r\n{JSON}{line}")))
            .await;
        assert_eq!(answer.status, status, "{line}");
        if status == 401 {
            let error = answer.assert_error(401, "invalid_api_key");
            assert!(!error.to_string().contains("the-key"));
            assert_eq!(answer.header("www-authenticate").as_deref(), Some("Bearer"));
        }
    }
    for (path, status) in [
        ("/", 200),
        ("/health", 200),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 401),
        ("/v1/models", 401),
        ("/v1/models/home/m", 401),
        ("/nothing", 401),
    ] {
        assert_eq!(server.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn others_need_a_key() {
    let listen = async || TcpListener::bind("0.0.0.0:0").await.unwrap();
    let gateway = home(tells(&["a"])).build().unwrap();
    let error = gateway.serve(listen().await, async {}).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("API key"), "{error}");
    for (key, right) in [("fifteen-letters", false), ("sixteen-letters!", true)] {
        let builder = home(tells(&["a"])).api_key(Secret::new(key));
        let gateway = builder.build().unwrap();
        let served = gateway.serve(listen().await, async {}).await;
        assert_eq!(served.is_ok(), right, "{key}");
    }
}

/// A wrong key takes its time; none at all does not.
#[tokio::test(start_paused = true)]
async fn a_wrong_key_costs_a_second() {
    let gateway = home(tells(&["a"])).api_key(Secret::new("the-key"));
    let router = gateway.build().unwrap().router();
    for (key, status, seconds) in [
        (None, 401, 0),
        (Some("Bearer other"), 401, 1),
        (Some("Bearer the-key"), 200, 0),
    ] {
        let mut request = http::Request::get("/v1/models").header("host", "localhost");
        if let Some(key) = key {
            request = request.header("authorization", key);
        }
        let request = request.body(axum::body::Body::empty()).unwrap();
        let began = tokio::time::Instant::now();
        let answer = tower::ServiceExt::oneshot(router.clone(), request).await;
        assert_eq!(answer.unwrap().status(), status, "{key:?}");
        assert_eq!(began.elapsed().as_secs(), seconds, "{key:?}");
    }
}

/// Names and origins as patterns, over a socket.
#[tokio::test]
async fn origins_of_programs_and_patterns() {
    let builder = [
        "http://localhost:*",
        "app://obsidian.md",
        "chrome-extension://*",
    ]
    .into_iter()
    .fold(home(tells(&["a"])), |builder, origin| {
        builder.allow_origin(origin)
    });
    let server = start(builder).await;
    for (origin, allowed) in [
        ("http://localhost:5173", true),
        ("http://localhost", true),
        ("app://obsidian.md", true),
        ("chrome-extension://abcdefgh", true),
        ("https://localhost:5173", false),
        ("http://localhost.evil.example:80", false),
        ("app://other.md", false),
        ("null", false),
    ] {
        let lines = format!("host: localhost\r\n{JSON}origin: {origin}\r\n");
        let answer = server.send(&raw(&lines)).await;
        assert_eq!(answer.status, if allowed { 200 } else { 403 }, "{origin}");
        let header = answer.header("access-control-allow-origin");
        assert_eq!(header.as_deref(), allowed.then_some(origin));
    }
}

/// What a client sends beside the question stays here.
#[tokio::test]
async fn nothing_of_a_request_reaches_the_provider() {
    let mock = AuraMock::start().await.unwrap();
    let aura = Aura::builder().base_url(mock.url()).build().unwrap();
    let gateway = Gateway::builder()
        .endpoint("home", Arc::new(aura))
        .api_key(Secret::new("client-key-1"));
    let server = start(gateway).await;
    let body = with(
        question(),
        json!({"model": "home", "base_url": "http://evil.example", "proxy": "http://evil.example",
               "extra_headers": {"x-evil": "1"}, "user": "client-user"}),
    );
    let headers = "authorization: Bearer client-key-1\r\nx-evil: 1\r\ncookie: session=client-cookie\r\n\
                   x-forwarded-host: evil.example\r\nproxy-authorization: Basic client-proxy\r\n\
                   openai-organization: client-org\r\n";
    let answer = server.send(&post(&body.to_string(), headers)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let seen = Arc::new(Mutex::new(String::new()));
    for request in mock.requests() {
        seen.lock()
            .unwrap()
            .push_str(&format!("{request:?}").to_ascii_lowercase());
    }
    let seen = seen.lock().unwrap();
    assert!(seen.contains("/api/chat"), "{seen}");
    for secret in ["client-", "evil"] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
}
