//! The page for browsers: who gets it, and with which headers.

use crate::support::*;
use chatwire_core::Secret;

const BROWSER: &str = "accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";

async fn load(server: &Server, method: &str, path: &str, headers: &str) -> Answer {
    let host = if headers.contains("host:") {
        ""
    } else {
        "host: localhost\r\n"
    };
    server
        .send(&format!(
            "{method} {path} HTTP/1.1\r\n{host}connection: close\r\n{headers}\r\n"
        ))
        .await
}

#[tokio::test]
async fn who_gets_what() {
    let on = start(home(tells(&["a"]))).await;
    let off = start(home(tells(&["a"])).page(false)).await;
    let keyed = home(tells(&["a"])).api_key(Secret::new("the-key-of-the-test"));
    let keyed = start(keyed).await;
    let own = format!("{BROWSER}sec-fetch-site: same-origin\r\n");
    let foreign_host = format!("{BROWSER}host: evil.example\r\n");
    let foreign_page = format!("{BROWSER}sec-fetch-site: cross-site\r\n");
    let opened = |how: &str| {
        format!(
            "{BROWSER}sec-fetch-site: cross-site\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: {how}\r\n"
        )
    };
    let (link, frame) = (opened("document"), opened("iframe"));
    let (html, css) = ("text/html; charset=utf-8", "text/css; charset=utf-8");
    let (script, line) = (
        "text/javascript; charset=utf-8",
        "text/plain; charset=utf-8",
    );
    let json = "application/json";
    for (server, method, path, headers, status, content_type) in [
        (&on, "GET", "/", BROWSER, 200, html),
        (&on, "GET", "//", BROWSER, 200, html),
        (&on, "GET", "/?model=m", BROWSER, 200, html),
        (&on, "GET", "/", own.as_str(), 200, html),
        (&on, "GET", "/", "", 200, line),
        (&on, "GET", "/", "accept: */*\r\n", 200, line),
        (&on, "HEAD", "/", BROWSER, 200, line),
        (&on, "POST", "/", BROWSER, 405, json),
        (&on, "GET", "/page.css", "accept: text/css\r\n", 200, css),
        (&on, "GET", "/page.js", "accept: */*\r\n", 200, script),
        (&on, "HEAD", "/page.js", "", 200, script),
        (&on, "POST", "/page.js", "", 405, json),
        (&on, "GET", "/page.html", BROWSER, 404, json),
        // A page of another site can neither rename this one nor use it.
        (&on, "GET", "/", foreign_host.as_str(), 403, json),
        (&on, "GET", "/", foreign_page.as_str(), 403, json),
        (&on, "GET", "/page.js", foreign_page.as_str(), 403, json),
        // But a link there may open it in a tab, and nothing else.
        (&on, "GET", "/", link.as_str(), 200, html),
        (&on, "GET", "/", frame.as_str(), 403, json),
        (&on, "GET", "/v1/models", link.as_str(), 403, json),
        (&off, "GET", "/", link.as_str(), 403, json),
        (&off, "GET", "/", BROWSER, 200, line),
        (&off, "GET", "/page.css", "", 404, json),
        (&off, "GET", "/page.js", "", 404, json),
        // The page has to be there before it can ask for the key.
        (&keyed, "GET", "/", BROWSER, 200, html),
        (&keyed, "GET", "/page.css", "", 200, css),
        (&keyed, "GET", "/page.js", "", 200, script),
        (&keyed, "GET", "/v1/models", BROWSER, 401, json),
        (&keyed, "GET", "/page.html", "", 401, json),
        // With a key, any name is right.
        (&keyed, "GET", "/", foreign_host.as_str(), 200, html),
    ] {
        let case = format!("{method} {path} {headers:?}");
        let answer = load(server, method, path, headers).await;
        assert_eq!(answer.status, status, "{case} {answer:?}");
        let found = answer.header("content-type");
        assert_eq!(found.as_deref(), Some(content_type), "{case}");
        assert!(answer.header("x-request-id").is_some(), "{case}");
        if content_type == line && method == "GET" {
            assert_eq!(answer.body, "chatwire is running\n", "{case}");
        }
        if path == "/" && status == 200 && !std::ptr::eq(server, &off) {
            assert_eq!(answer.header("vary").as_deref(), Some("accept"), "{case}");
        }
        if method == "HEAD" {
            assert_eq!(answer.body, "", "{case}");
        }
    }
}

#[tokio::test]
async fn the_headers_of_the_page() {
    let server = start(home(tells(&["a"]))).await;
    for path in ["/", "/page.css", "/page.js"] {
        let answer = load(&server, "GET", path, BROWSER).await;
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                 img-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'none'; \
                 form-action 'none'",
            ),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-cache"),
        ] {
            assert_eq!(answer.header(name).as_deref(), Some(value), "{path}");
        }
        // What a browser has is not sent again.
        let tag = answer.header("etag").unwrap();
        for (known, status) in [
            (tag.clone(), 304),
            (format!("W/{tag}"), 304),
            (format!("\"other\", {tag}"), 304),
            ("\"other\"".to_owned(), 200),
        ] {
            let headers = format!("{BROWSER}if-none-match: {known}\r\n");
            let again = load(&server, "GET", path, &headers).await;
            assert_eq!(again.status, status, "{path} {known}");
            assert_eq!(again.body.is_empty(), status == 304, "{path} {known}");
            assert_eq!(again.header("etag"), Some(tag.clone()), "{path}");
        }
    }
}

/// What the page itself sends: its own origin, also under another name.
#[tokio::test]
async fn the_page_may_use_its_own_gateway() {
    let builder = home(tells(&["a"])).allow_host("chat.example");
    let server = start(builder).await;
    for (host, origin, status) in [
        ("localhost:1337", "http://localhost:1337", 200),
        ("127.0.0.1:1337", "http://127.0.0.1:1337", 200),
        ("chat.example", "https://chat.example", 200),
        ("localhost:1337", "http://localhost:1338", 403),
        ("chat.example", "https://evil.example", 403),
        ("evil.example", "http://evil.example", 403),
    ] {
        let headers = format!("origin: {origin}\r\nsec-fetch-site: same-origin\r\n");
        let request = post(&question().to_string(), &headers)
            .replace("localhost\r\n", &format!("{host}\r\n"));
        let answer = server.send(&request).await;
        assert_eq!(answer.status, status, "{host} {origin} {answer:?}");
    }
}

/// Your own server has its own page.
#[tokio::test]
async fn the_routes_for_another_server_have_no_page() {
    use tower::ServiceExt as _;
    let router = home(tells(&["a"])).build().unwrap().router();
    for path in ["/", "/page.js"] {
        let request = http::Request::get(path)
            .header("host", "localhost")
            .header("accept", "text/html")
            .body(axum::body::Body::empty())
            .unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
    }
}
