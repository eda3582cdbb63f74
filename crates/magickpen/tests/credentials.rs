//! Where the client looks for the site's secrets, and what it says when they
//! are not there.

// A panic is how a test fails, also in its helpers.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use chatwire_magickpen::{
    ChatRequest, ErrorKind, HttpConfig, MagickPen, ProviderExt, TimeoutPhase,
};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const KNOWN: &str = "/_nuxt/bf709a9ce19f14e18116.js";
const BOTH: &str = r#"a={"X-API-Secret":"api1",secret:"sec1"}"#;
const API: &str = r#"a={"X-API-Secret":"api1"}"#;
const SECRET: &str = r#"a={secret:"sec1"}"#;

/// What never comes.
const SILENT: &str = "silent";

/// Paths of a site, and what is there: a body, or a status in words such as
/// `403 Forbidden`, or [`SILENT`].
type Pages<'a> = &'a [(&'a str, &'a str)];

/// A site with these paths and bodies, whose API accepts only its own secrets.
async fn site(pages: Pages<'_>) -> MockServer {
    let server = MockServer::start().await;
    for (page, body) in pages {
        let status = body.get(..3).and_then(|status| status.parse().ok());
        let mut response = ResponseTemplate::new(status.unwrap_or(200)).set_body_string(*body);
        if *body == SILENT {
            response = response.set_delay(Duration::from_secs(60));
        }
        Mock::given(method("GET"))
            .and(path(*page))
            .respond_with(response)
            .mount(&server)
            .await;
    }
    Mock::given(method("POST"))
        .and(path("/ask"))
        .and(header("x-api-secret", "api1"))
        .and(header("secret", "sec1"))
        .respond_with(ResponseTemplate::new(200).set_body_string("fine"))
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn secrets_are_found_where_they_are() {
    // (what it is, the site's pages, how many requests until the answer)
    let cases: &[(&str, Pages<'_>, usize)] = &[
        ("at the known path", &[(KNOWN, BOTH)], 2),
        (
            "in a script of the front page",
            &[
                ("/", r#"<script src="/_nuxt/new.js"></script>"#),
                ("/_nuxt/new.js", BOTH),
            ],
            4,
        ),
        (
            "in a preloaded script, named relative to the page",
            &[
                (
                    "/",
                    r#"<link rel="preload" as="script" href="_nuxt/new.js">"#,
                ),
                ("/_nuxt/new.js", BOTH),
            ],
            4,
        ),
        (
            "one in each of two scripts, past one that is gone",
            &[
                (
                    "/",
                    r#"<script src="/gone.js"></script><script src="/a.js"></script><script src="/b.js"></script>"#,
                ),
                ("/a.js", API),
                ("/b.js", SECRET),
            ],
            6,
        ),
        (
            "past a known path that is forbidden",
            &[
                (KNOWN, "403 Forbidden"),
                ("/", r#"<script src="/a.js"></script>"#),
                ("/a.js", BOTH),
            ],
            4,
        ),
        (
            "past scripts that fail",
            &[
                (KNOWN, "500 Internal Server Error"),
                (
                    "/",
                    r#"<script src="/a.js"></script><script src="/b.js"></script><script src="/c.js"></script>"#,
                ),
                ("/a.js", "403 <!doctype html><title>Stop</title>"),
                ("/b.js", "503 Service Unavailable"),
                ("/c.js", BOTH),
            ],
            6,
        ),
        (
            "one at the known path, one elsewhere",
            &[
                (KNOWN, API),
                ("/", r#"<script src="/b.js"></script>"#),
                ("/b.js", SECRET),
            ],
            4,
        ),
    ];
    for (case, pages, requests) in cases {
        let server = site(pages).await;
        let client = MagickPen::builder().base_url(server.uri()).build().unwrap();
        let reply = client.reply(&ChatRequest::new("hi")).await;
        assert_eq!(reply.unwrap().text, "fine", "{case}");
        let received = server.received_requests().await.unwrap();
        assert_eq!(received.len(), *requests, "{case}");
    }
}

#[tokio::test]
async fn what_is_missing_is_named_with_where_it_was_looked_for() {
    let other_site = r#"<script src="https://scripts.invalid/x.js"></script>"#;
    // (the site's pages, words of the error)
    let cases: &[(Pages<'_>, &[&str])] = &[
        (
            &[(KNOWN, API), ("/", "no scripts")],
            &["secret not found", KNOWN, "front page"],
        ),
        (&[(KNOWN, SECRET), ("/", "")], &["X-API-Secret not found"]),
        (&[("/", other_site)], &["X-API-Secret and secret not found"]),
        (
            &[
                ("/", r#"<script src="/a.js"></script>"#),
                ("/a.js", "nothing"),
            ],
            &["X-API-Secret and secret not found", "/a.js"],
        ),
        // The front page cannot be read either.
        (
            &[(KNOWN, API)],
            &[": secret not found", KNOWN, "front page", "HTTP 404"],
        ),
        (
            &[(KNOWN, SECRET), ("/", "500 Internal Server Error")],
            &["X-API-Secret not found", "front page", "HTTP 500"],
        ),
        (
            &[(KNOWN, "403 Forbidden"), ("/", "401 Unauthorized")],
            &["X-API-Secret and secret not found", "HTTP 403", "HTTP 401"],
        ),
        (
            &[
                (KNOWN, API),
                (
                    "/",
                    r#"<script src="/a.js"></script><script src="/b.js"></script>"#,
                ),
                ("/a.js", "503 Service Unavailable"),
                ("/b.js", "nothing"),
            ],
            &[": secret not found", KNOWN, "/a.js", "/b.js", "HTTP 503"],
        ),
    ];
    for (pages, words) in cases {
        let server = site(pages).await;
        let client = MagickPen::builder().base_url(server.uri()).build().unwrap();
        let error = client
            .reply(&ChatRequest::new("hi"))
            .await
            .unwrap_err()
            .error;
        assert_eq!(error.kind(), ErrorKind::Credentials, "{error}");
        for words in *words {
            assert!(error.to_string().contains(words), "{words}: {error}");
        }
        let received = server.received_requests().await.unwrap();
        assert!(
            received
                .iter()
                .all(|request| request.method.as_str() == "GET")
        );
    }
}

#[tokio::test]
async fn a_document_that_never_comes_does_not_end_the_search() {
    let two = r#"<script src="/a.js"></script><script src="/b.js"></script>"#;
    // (the site's pages, words of the error or none, how many documents are asked for)
    let cases: &[(Pages<'_>, &[&str], usize)] = &[
        (
            &[
                (KNOWN, SILENT),
                ("/", two),
                ("/a.js", API),
                ("/b.js", SECRET),
            ],
            &[],
            4,
        ),
        (
            &[
                (KNOWN, API),
                ("/", two),
                ("/a.js", SILENT),
                ("/b.js", SECRET),
            ],
            &[],
            4,
        ),
        (
            &[(KNOWN, API), ("/", two), ("/a.js", SILENT), ("/b.js", "")],
            &["(secret not found", KNOWN, "/a.js", "/b.js", "front page"],
            4,
        ),
        (
            &[(KNOWN, API), ("/", SILENT)],
            &["(secret not found", KNOWN, "front page"],
            2,
        ),
        // Two are enough: each may take as long as a server may be silent.
        (
            &[
                (KNOWN, API),
                ("/", two),
                ("/a.js", SILENT),
                ("/b.js", SILENT),
            ],
            &["(secret not found", "/a.js", "/b.js"],
            4,
        ),
        (
            &[
                (KNOWN, SILENT),
                ("/", two),
                ("/a.js", SILENT),
                ("/b.js", SECRET),
            ],
            &["(X-API-Secret and secret not found", KNOWN, "/a.js"],
            3,
        ),
        (&[(KNOWN, SILENT), ("/", SILENT)], &["no response head"], 2),
    ];
    for (pages, words, documents) in cases {
        let server = site(pages).await;
        let http = HttpConfig::new().with_first_byte_timeout(Duration::from_millis(300));
        let client = MagickPen::builder().base_url(server.uri()).http(http);
        let reply = client.build().unwrap().reply(&ChatRequest::new("hi")).await;
        match reply {
            Ok(reply) => assert_eq!((reply.text.as_str(), words.len()), ("fine", 0)),
            Err(failed) => {
                let error = failed.error;
                let kind = ErrorKind::Timeout(TimeoutPhase::Head);
                assert_eq!(error.kind(), kind, "{error}");
                assert!(!words.is_empty(), "{error}");
                for words in *words {
                    assert!(error.to_string().contains(words), "{words}: {error}");
                }
            }
        }
        let received = server.received_requests().await.unwrap();
        let asked = received.iter().filter(|it| it.method.as_str() == "GET");
        assert_eq!(asked.count(), *documents, "{pages:?}");
    }
}

#[tokio::test]
async fn a_page_cannot_make_the_client_read_without_end() {
    let scripts: String = (0..500)
        .map(|n| format!(r#"<script src="/s{n}.js"></script>"#))
        .collect();
    let server = site(&[("/", &scripts)]).await;
    let client = MagickPen::builder().base_url(server.uri()).build().unwrap();
    let error = client
        .reply(&ChatRequest::new("hi"))
        .await
        .unwrap_err()
        .error;
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(server.received_requests().await.unwrap().len() < 30);
}

#[tokio::test]
async fn a_page_cannot_make_an_error_without_end() {
    for length in [2000, 8000, 100_000] {
        let scripts: String = (0..50)
            .map(|n| format!(r#"<script src="/{}{n}.js"></script>"#, "s".repeat(length)))
            .collect();
        let server = site(&[("/", &scripts)]).await;
        let client = MagickPen::builder().base_url(server.uri()).build().unwrap();
        let failed = client.reply(&ChatRequest::new("hi")).await.unwrap_err();
        let error = failed.error;
        assert_eq!(error.kind(), ErrorKind::Credentials, "{length}");
        let said = error.to_string();
        assert!(said.len() < 20_000, "{length}: {} bytes", said.len());
    }
}

#[tokio::test]
async fn the_api_can_be_elsewhere() {
    let site_server = site(&[(KNOWN, BOTH)]).await;
    let api_server = site(&[]).await;
    let client = MagickPen::builder()
        .base_url(site_server.uri())
        .api_url(api_server.uri())
        .build()
        .unwrap();
    let reply = client.reply(&ChatRequest::new("hi")).await.unwrap();
    assert_eq!(reply.text, "fine");
    let asked = api_server.received_requests().await.unwrap();
    assert_eq!(asked.len(), 1);
    // The API sees the site as where the question comes from.
    assert_eq!(asked[0].headers["origin"], site_server.uri().as_str());
}

/// A login stands before the whole site: it is told once, not for each document.
#[tokio::test]
async fn a_login_is_told_once() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", "/login?next=x"))
        .mount(&server)
        .await;
    let magickpen = MagickPen::new(server.uri()).unwrap();
    let error = magickpen.reply(&ChatRequest::new("?")).await.unwrap_err();
    assert_eq!(error.error.kind(), ErrorKind::Credentials);
    let said = error.error.to_string();
    assert_eq!(said.matches("redirects to a login").count(), 1, "{said}");
    assert_eq!(said.matches("HTTP 302").count(), 1, "{said}");
}
