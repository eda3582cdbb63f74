//! What is sent: addresses, headers, redirects, proxies.

use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest, HttpResponse};
use chatwire_core::{Error, ErrorKind, HttpConfig};
use chatwire_mock::{Answer, MockServer, RecordedRequest};
use http::header::{HeaderName, HeaderValue, USER_AGENT};

use crate::server::{answer, line, serve, serve_with};

fn config() -> HttpConfig {
    HttpConfig::new().without_proxy()
}

fn post(base: &str, path: &str) -> HttpRequest {
    let url = BaseUrl::parse(base).unwrap().join(path).unwrap();
    let name = HeaderName::from_static("x-own");
    HttpRequest::post(url)
        .header(name, HeaderValue::from_static("1"))
        .body("Hi")
}

async fn ok() -> MockServer {
    serve(answer("200 OK", &[], "yes")).await
}

/// All values of a header, in order.
fn values<'a>(request: &'a RecordedRequest, name: &str) -> Vec<&'a str> {
    let values = request.header_values(name);
    let text = |value: &'a [u8]| std::str::from_utf8(value).unwrap();
    values.into_iter().map(text).collect()
}

#[tokio::test]
async fn headers() {
    const VERSION: &str = concat!("chatwire/", env!("CARGO_PKG_VERSION"));
    let many = config()
        .with_header("cookie", "a=1")
        .with_header("Cookie", "b=2")
        .with_header(" x-team ", " search ");
    // configuration, whether the provider has an agent, header, its values
    let cases: Vec<(HttpConfig, bool, &str, &[&str])> = vec![
        (config(), false, "user-agent", &[VERSION]),
        (config(), true, "user-agent", &["provider/1"]),
        (
            config().with_user_agent("mine/2"),
            false,
            "user-agent",
            &["mine/2"],
        ),
        (
            config().with_user_agent("mine/2"),
            true,
            "user-agent",
            &["mine/2"],
        ),
        (
            config().with_header("User-Agent", "mine/3"),
            false,
            "user-agent",
            &["mine/3"],
        ),
        (
            config().with_header("User-Agent", "mine/3"),
            true,
            "user-agent",
            &["mine/3"],
        ),
        (config(), false, "x-own", &["1"]),
        (config().with_header("X-Own", "2"), false, "x-own", &["2"]),
        (many.clone(), false, "cookie", &["a=1", "b=2"]),
        (many, false, "x-team", &["search"]),
        (config(), false, "accept-encoding", &[]),
        (config(), false, "authorization", &[]),
        (config(), false, "content-length", &["2"]),
    ];
    for (config, with_agent, name, expected) in cases {
        let server = ok().await;
        let mut request = post(&server.url(), "/");
        if with_agent {
            request = request.header(USER_AGENT, HeaderValue::from_static("provider/1"));
        }
        let http = HttpClient::new("box", config).unwrap();
        assert!(http.send(request).await.unwrap().is_success());
        let seen = server.requests();
        assert_eq!(values(&seen[0], name), expected, "{name}");
        assert_eq!(seen[0].text(), "Hi");
    }
}

#[tokio::test]
async fn addresses() {
    // base (after the server), suffix, request line
    let cases = [
        ("", "/ask", "POST /ask"),
        ("/", "/ask", "POST /ask"),
        ("/blog", "/ask", "POST /blog/ask"),
        ("/blog/", "/ask/", "POST /blog/ask/"),
        ("/blog", "/?rest_route=/a/b", "POST /blog/?rest_route=/a/b"),
        ("/a%20b", "/é", "POST /a%20b/%C3%A9"),
        ("", "/?q=a#b", "POST /?q=a%23b"),
    ];
    let http = HttpClient::new("box", config()).unwrap();
    for (base, suffix, expected) in cases {
        let server = ok().await;
        let url = format!("{}{base}", server.url());
        http.send(post(&url, suffix)).await.unwrap();
        assert_eq!(line(&server.requests()[0]), expected, "{base} {suffix}");
    }
}

/// A user name and password in the address are sent as every client does.
#[tokio::test]
async fn user_and_password() {
    let cases = [
        ("bob:pa%40ss@", vec!["Basic Ym9iOnBhQHNz"]),
        ("bob@", vec!["Basic Ym9iOg=="]),
        ("", vec![]),
    ];
    for (user, expected) in cases {
        let server = serve_with(|line, request| match line {
            // A whole address: it does not repeat the password.
            "POST /old" => {
                let target = format!("http://{}/new", request.header("host").unwrap());
                answer("307 Go", &[("location", &target)], "")
            }
            _ => answer("403 No", &[], "pa@ss pa%40ss Ym9iOnBhQHNz"),
        })
        .await;
        let http = HttpClient::new("box", config()).unwrap();
        let url = format!("http://{user}{}", server.addr());
        let response = http.send(post(&url, "/old")).await.unwrap();
        assert_eq!(server.requests().len(), 2);
        for seen in server.requests() {
            assert_eq!(values(&seen, "authorization"), expected, "{user}");
        }
        // And never seen again.
        let error = response.into_error().await;
        let shown = format!("{error} {error:?}");
        if user.contains(':') {
            assert!(
                !shown.contains("pa@ss") && !shown.contains("pa%40ss"),
                "{shown}"
            );
            assert!(!shown.contains("Ym9iOnBhQHNz"), "{shown}");
        }
    }
}

fn redirect(status: &str, target: &str) -> Answer {
    answer(status, &[("location", target)], "moved")
}

#[tokio::test]
async fn redirects() {
    let other = ok().await;
    let elsewhere = format!("{}/new?key=s3cret", other.url());
    let (long, too_long) = ("/n".repeat(2000), "/n".repeat(4096));
    type Outcome = Result<(u16, usize), (ErrorKind, &'static str)>;
    // status, location, the last status and how many requests it took, or the error
    let cases: Vec<(&str, &str, Outcome)> = vec![
        ("301 Moved", "/new", Ok((200, 2))),
        ("302 Found", "new", Ok((200, 2))),
        ("307 Temporary", "{server}/new", Ok((200, 2))),
        ("308 Permanent", "//{address}/new", Ok((200, 2))),
        (
            "303 See Other",
            "/new",
            Err((ErrorKind::Status, "which is not followed")),
        ),
        (
            "301 Moved",
            &elsewhere,
            Err((ErrorKind::Status, "which is not followed")),
        ),
        (
            "308 Permanent",
            "https://{address}/new",
            Err((
                ErrorKind::Status,
                "(https instead of http), which is not followed",
            )),
        ),
        (
            "302 Found",
            "/login?next=/old",
            Err((ErrorKind::Credentials, "redirects to a login")),
        ),
        (
            "303 See Other",
            "https://sso.example.org/start",
            Err((ErrorKind::Credentials, "redirects to a login")),
        ),
        (
            "307 Temporary",
            "/old",
            Err((ErrorKind::Status, "more than 5 times")),
        ),
        ("303 See Other", &long, Err((ErrorKind::Status, "…"))),
        // Not redirects: left to the caller.
        ("301 Moved", "ftp://127.0.0.1/", Ok((301, 1))),
        ("308 Permanent", &too_long, Ok((308, 1))),
        ("300 Choices", "/new", Ok((300, 1))),
        ("304 Not Modified", "/new", Ok((304, 1))),
    ];
    for (status, location, expected) in cases {
        let (status_line, template) = (status.to_owned(), location.to_owned());
        let server = serve_with(move |line, request| {
            let address = request.header("host").unwrap();
            let target = template
                .replace("{server}", &format!("http://{address}"))
                .replace("{address}", address);
            match line {
                "POST /old" => redirect(&status_line, &target),
                _ => answer("200 OK", &[], "yes"),
            }
        })
        .await;
        let http = HttpClient::new("box", config().with_header("x-extra", "extra")).unwrap();
        let result = http.send(post(&server.url(), "/old")).await;
        match (result, expected) {
            (Ok(response), Ok((last, requests))) => {
                assert_eq!(response.status(), last, "{status} {location}");
                assert_eq!(server.requests().len(), requests, "{status} {location}");
                // Everything is repeated as it was.
                for seen in server.requests() {
                    assert_eq!(seen.method, "POST", "{status}: {}", seen.target);
                    assert_eq!(seen.text(), "Hi", "{status}");
                    assert_eq!(values(&seen, "x-own"), ["1"], "{status}");
                    assert_eq!(values(&seen, "x-extra"), ["extra"], "{status}");
                }
                if last == 200 {
                    assert_eq!(response.url().to_string(), format!("{}/new", server.url()));
                }
            }
            (Err(error), Err((kind, words))) => {
                assert_eq!(error.kind(), kind, "{status} {location}");
                assert_eq!(
                    error.status(),
                    status[..3].parse().ok(),
                    "{status} {location}"
                );
                let said = error.to_string();
                assert!(said.contains(words), "{status} {location}: {said}");
                assert!(!said.contains("s3cret"), "{said}");
                assert!(said.len() < 2048, "{} bytes: {said}", said.len());
            }
            (result, expected) => panic!("{status} {location}: {result:?}, expected {expected:?}"),
        }
    }
    assert_eq!(
        other.connections(),
        0,
        "a request has gone to another server"
    );
}

#[tokio::test]
async fn a_get_may_see_other() {
    let server = serve_with(|line, _| match line {
        "GET /old" => redirect("303 See Other", "/new"),
        _ => answer("200 OK", &[], "yes"),
    })
    .await;
    let url = BaseUrl::parse(&server.url()).unwrap().join("/old").unwrap();
    let http = HttpClient::new("box", config()).unwrap();
    let response = http.send(HttpRequest::get(url)).await.unwrap();
    assert_eq!(response.into_page().await.unwrap(), "yes");
}

#[tokio::test]
async fn every_request_goes_through_the_proxy() {
    let proxy = ok().await;
    let config = HttpConfig::new().with_proxy(format!("http://bob:pr0xy-pw@{}", proxy.addr()));
    let http = HttpClient::new("box", config).unwrap();
    for path in ["/one", "/two?x=1"] {
        http.send(post("http://backend.invalid/a", path))
            .await
            .unwrap();
    }
    let seen = proxy.requests();
    assert_eq!(line(&seen[0]), "POST http://backend.invalid/a/one");
    assert_eq!(line(&seen[1]), "POST http://backend.invalid/a/two?x=1");
    assert_eq!(
        values(&seen[0], "proxy-authorization"),
        ["Basic Ym9iOnByMHh5LXB3"]
    );
    assert_eq!(values(&seen[0], "host"), ["backend.invalid"]);
}

#[tokio::test]
async fn a_dead_proxy_is_named_without_its_password() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let schemes: &[&str] = if cfg!(any(feature = "rustls", feature = "native-tls")) {
        &["http", "socks5", "socks5h"]
    } else {
        &["http"]
    };
    for scheme in schemes {
        let config = HttpConfig::new().with_proxy(format!("{scheme}://bob:pr0xy-pw@{address}"));
        let http = HttpClient::new("box", config).unwrap();
        let error = http
            .send(post("http://127.0.0.1:9", "/"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("pr0xy-pw"), "{shown}");
    }
}

/// The caller's own client is used for everything, with its own limits.
#[cfg(feature = "reqwest-client")]
#[tokio::test]
async fn your_own_client() {
    // Such a client asks the program for its cryptography.
    #[cfg(feature = "rustls")]
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = ok().await;
    let mut headers = http::HeaderMap::new();
    headers.insert("x-client", HeaderValue::from_static("own"));
    let builder = reqwest::Client::builder()
        .no_proxy()
        .default_headers(headers);
    let http = HttpClient::new("box", config().with_client(builder.build().unwrap())).unwrap();
    http.send(post(&server.url(), "/")).await.unwrap();
    assert_eq!(values(&server.requests()[0], "x-client"), ["own"]);

    let limit = std::time::Duration::from_millis(100);
    let builder = reqwest::Client::builder().no_proxy().timeout(limit);
    let http = HttpClient::new("box", config().with_client(builder.build().unwrap())).unwrap();
    let silent = serve(Answer::fault(chatwire_mock::HeadFault::StallBeforeHead)).await;
    let error = http.send(post(&silent.url(), "/")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Timeout(_)), "{error:?}");
    // Its limit is not one of ours, and ours are not said to be it.
    assert!(!error.message().contains(" s"), "{error}");
}

#[test]
fn wrong_settings_are_named() {
    // what fails, the words it must say
    let proxy = |text: &str| HttpClient::new("box", HttpConfig::new().with_proxy(text)).map(drop);
    let base = |text: &str| BaseUrl::parse(text).map(drop);
    let header = |name: &str, value: &str| {
        HttpClient::new("box", HttpConfig::new().with_header(name, value)).map(drop)
    };
    let agent =
        |text: &str| HttpClient::new("box", HttpConfig::new().with_user_agent(text)).map(drop);
    let cases: Vec<(Result<(), Error>, &[&str])> = vec![
        (base(""), &["base URL \"\"", "https://example.org/blog"]),
        (base("example.org"), &["\"example.org\"", "whole address"]),
        (
            base("localhost:3000"),
            &["whole address is http://localhost:3000 or https://localhost:3000"],
        ),
        (base("3000"), &["whole address is http://localhost:3000 or"]),
        (
            base("[::1]:3000/x"),
            &["whole address is http://[::1]:3000/x or"],
        ),
        (
            base("//example.org/blog"),
            &["whole address is http://example.org/blog or"],
        ),
        (base("localhost:8080"), &["http://"]),
        (base("ftp://example.org"), &["ftp://example.org", "http://"]),
        (base("http://"), &["cannot be read"]),
        (
            base("http://example.org?key=s3cret"),
            &["http://example.org\"", "query"],
        ),
        (base("http://example.org/#s3cret"), &["fragment"]),
        (
            base("http://bob:s3cret@example.org:99999"),
            &["http://example.org:99999", "port"],
        ),
        (base("bob:s3cret@example.org"), &["example.org"]),
        (
            base("http://bob:s3cret@example.org?a"),
            &["http://example.org", "query"],
        ),
        (
            base("http://bob:s3cr@s3cret@exa mple.org"),
            &["http://exa mple.org"],
        ),
        (base("http:bob:s3cret@example.org?x"), &["query"]),
        (
            base("localhost:3000/?key=s3cret#s3cret"),
            &["URL \"localhost:3000/\"", "http://localhost:3000/ or "],
        ),
        (
            proxy("s3cret"),
            &["the proxy cannot be read", "http://127.0.0.1:8080"],
        ),
        (
            proxy("ftp:s3cret"),
            &["the proxy must start with", "http://127.0.0.1:8080"],
        ),
        (
            proxy("http://bob%3As3cret%40127.0.0.1"),
            &["proxy \"http://127.0.0.1\""],
        ),
        (
            proxy("ftp://bob:s3cret@127.0.0.1"),
            &["ftp://127.0.0.1", "socks5://"],
        ),
        (
            proxy("http://bob:s3cret@127.0.0.1:99999"),
            &["http://127.0.0.1:99999", "port"],
        ),
        (proxy("bob:s3cret@127.0.0.1:80"), &["the proxy must start"]),
        (
            base("http://bob:s3cret"),
            &["base URL \"http://bob:…\"", "port"],
        ),
        (
            proxy("http://bob:s3cret/"),
            &["proxy \"http://bob:…\"", "port"],
        ),
        (base("http://[::1]:99999/"), &["\"http://[::1]:99999/\""]),
        (
            base("http://bob%3as3cret%40127.0.0.1"),
            &["base URL \"http://127.0.0.1\""],
        ),
        (proxy(""), &["proxy \"\""]),
        (header("bad name", "x"), &["\"bad…\"", "header"]),
        (header("cookie=s3cret", "x"), &["\"cookie…\"", "header"]),
        (header("Authorization s3cret", "x"), &["\"Authorization…\""]),
        (header("", "x"), &["\"\"", "header"]),
        (header("x-key", "s3cret\n"), &[]),
        (header("x-key", "s3cret\nx: y"), &["x-key", "characters"]),
        (agent("a\nb"), &["user agent", "a\\nb"]),
        (header("Content-Length", "5"), &["content-length", "frames"]),
        (header(" transfer-encoding", "chunked"), &["frames"]),
        (header("connection", "close"), &["frames"]),
        (header("host", "other.example"), &[]),
    ];
    for (result, words) in cases {
        // A line end after a value, as from a file, is no error.
        if words.is_empty() {
            assert!(result.is_ok(), "{result:?}");
            continue;
        }
        let error = result.expect_err(words[0]);
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        let shown = format!("{error} {error:?}");
        for word in words {
            assert!(
                error.to_string().contains(word),
                "{error} does not say {word:?}"
            );
        }
        assert!(!shown.contains("s3cr"), "{shown}");
    }
}

#[test]
fn base_urls() {
    // text, as text, origin
    let cases = [
        (
            "http://example.org",
            "http://example.org",
            "http://example.org",
        ),
        (
            "https://example.org/",
            "https://example.org",
            "https://example.org",
        ),
        (
            " http://example.org:8080/blog/ ",
            "http://example.org:8080/blog",
            "http://example.org:8080",
        ),
        (
            "http://EXAMPLE.org:80",
            "http://example.org",
            "http://example.org",
        ),
        (
            "http://bob:pw@[::1]:8080/x",
            "http://[::1]:8080/x",
            "http://[::1]:8080",
        ),
        (
            "http://bücher.example",
            "http://xn--bcher-kva.example",
            "http://xn--bcher-kva.example",
        ),
        // As it was copied.
        (
            "<http://example.org/blog>",
            "http://example.org/blog",
            "http://example.org",
        ),
        (
            " \"http://example.org\" ",
            "http://example.org",
            "http://example.org",
        ),
        (
            "`http://example.org`",
            "http://example.org",
            "http://example.org",
        ),
        (
            "http:/example.org/x",
            "http://example.org/x",
            "http://example.org",
        ),
    ];
    for (text, as_text, origin) in cases {
        let base = BaseUrl::parse(text).unwrap();
        assert_eq!(
            (base.as_text().as_str(), base.origin().as_str()),
            (as_text, origin),
            "{text}"
        );
        assert_eq!(base.to_string(), as_text, "{text}");
    }
    for (text, whole) in [
        ("8080", "http://localhost:8080 or https://localhost:8080"),
        (":8080", "http://localhost:8080 or https://localhost:8080"),
        (
            "localhost:3000",
            "http://localhost:3000 or https://localhost:3000",
        ),
        (
            "<example.org/x>",
            "http://example.org/x or https://example.org/x",
        ),
    ] {
        let error = BaseUrl::parse(text).unwrap_err().to_string();
        assert!(error.ends_with(whole), "{text}: {error}");
    }
}

/// What an answer to the request looks like in a log.
#[tokio::test]
async fn responses_print_without_what_they_carry() {
    let server = serve(answer(
        "200 OK",
        &[("set-cookie", "s3cret"), ("x-wp-nonce", "s3cret")],
        "s3cret",
    ))
    .await;
    let http = HttpClient::new("box", config()).unwrap();
    let response: HttpResponse = http
        .send(post(&server.url(), "/?key=s3cret"))
        .await
        .unwrap();
    let shown = format!("{response:?}");
    assert!(
        !shown.contains("s3cret") && shown.contains("x-wp-nonce"),
        "{shown}"
    );
    assert_eq!(response.header("X-WP-Nonce"), Some("s3cret"));
    assert!(server.requests()[0].header("x-own").is_some());
}

/// A connection of the first runtime, which stands still, is no use in the second.
#[cfg(feature = "reqwest-client")]
#[test]
fn a_client_of_your_own_in_a_second_runtime_is_told() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime().block_on(async {
            let server = serve(answer("200 OK", &[], "yes")).await;
            tell.send(server.url()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    let url = told.recv().unwrap();
    #[cfg(feature = "rustls")]
    let _ = rustls::crypto::ring::default_provider().install_default();
    let limit = std::time::Duration::from_secs(1);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let config = config().with_client(client).with_first_byte_timeout(limit);
    let http = HttpClient::new("box", config).unwrap();
    let (first, second) = (runtime(), runtime());
    let ask = || async {
        let response = http.send(post(&url, "/ask")).await?;
        response.into_page().await
    };
    assert_eq!(first.block_on(ask()).unwrap(), "yes");
    if let Err(error) = second.block_on(ask()) {
        let said = error.to_string();
        assert!(said.contains("in a second tokio runtime"), "{said}");
    } else {
        panic!("the connection of the first runtime was not used");
    }
}
