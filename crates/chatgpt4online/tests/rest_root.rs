//! Where the client asks when a site announces its REST API.

// A panic is how a test fails, also in its helpers.
#![allow(clippy::unwrap_used)]

use chatwire_chatgpt4online::{ChatRequest, Chatgpt4Online, ErrorKind, HttpConfig, ProviderExt};
use chatwire_mock::{Answer, MockServer};

const SITE: &str = "http://site.example";
const SESSION: &str = r#"{"success":true,"restNonce":"cbf23cc13b"}"#;
const REPLY: &str = r#"{"success":true,"reply":"fine"}"#;

/// A site whose usual addresses answer with a page, and that announces its REST
/// API in a header, in the page, or in both. It stands behind a proxy, which
/// sees whom a request is for.
async fn site(link: Option<String>, page: String) -> MockServer {
    let proxy = MockServer::start().await.unwrap();
    proxy.answer_with(move |request| {
        let known = ["/wp-json/", "rest_route=/"];
        if known.iter().any(|known| request.target.contains(known)) {
            let answer = Answer::html(404, &page);
            return Some(match &link {
                Some(link) => answer.header("link", link),
                None => answer,
            });
        }
        Some(match request.target.contains("start_session") {
            true => Answer::json(SESSION),
            false => Answer::json(REPLY),
        })
    });
    proxy
}

#[tokio::test]
async fn the_announced_root_is_asked_on_the_same_site_alone() {
    // (the address in the link, where the session is asked for)
    let cases = [
        ("http://site.example", Some("/mwai/v1/start_session")),
        (
            "http://site.example/api/",
            Some("/api/mwai/v1/start_session"),
        ),
        ("/api/", Some("/api/mwai/v1/start_session")),
        ("/a,b/", Some("/a,b/mwai/v1/start_session")),
        (
            "http://site.example/i.php?x=1&r=/",
            Some("/i.php?x=1&r=/mwai/v1/start_session"),
        ),
        ("/?r=", Some("/?r=mwai/v1/start_session")),
        ("/api/#top", Some("/api/mwai/v1/start_session")),
        // No root: it would make an address of something else.
        ("http://site.example/api", None),
        ("/?r=a", None),
        // Another server.
        ("http://site.example:81/", None),
        ("https://site.example/", None),
        ("http://site.example.evil.example/", None),
        ("http://site.example@evil.example/", None),
        ("//evil.example/", None),
        ("javascript:alert(1)/", None),
        ("", None),
    ];
    for (address, asked) in cases {
        let header = format!(r#"</x>; rel=next, <{address}>; rel="https://api.w.org/""#);
        let page = format!(
            r#"<!doctype html><head><link rel='https://api.w.org/' href="{}" />"#,
            address.replace('&', "&amp;")
        );
        let empty = "<!doctype html><title>Nothing here</title>".to_owned();
        for (link, page) in [(Some(header), empty), (None, page)] {
            let proxy = site(link, page).await;
            let client = Chatgpt4Online::builder()
                .base_url(SITE)
                .http(HttpConfig::new().with_proxy(proxy.url()))
                .build()
                .unwrap();
            let reply = client.reply(&ChatRequest::new("hi")).await;
            let requests = proxy.requests();
            let targets: Vec<&str> = requests.iter().map(|it| it.target.as_str()).collect();
            for target in &targets {
                assert!(target.starts_with("http://site.example/"), "{targets:?}");
            }
            match asked {
                Some(asked) => {
                    assert_eq!(reply.unwrap().text, "fine", "{address}");
                    assert!(targets.contains(&&*format!("{SITE}{asked}")), "{targets:?}");
                }
                None => {
                    assert_eq!(reply.unwrap_err().error.kind(), ErrorKind::Blocked);
                    assert_eq!(targets.len(), 3, "{targets:?}");
                }
            }
        }
    }
}
