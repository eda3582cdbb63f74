//! Responses that are errors.

use std::time::Duration;

use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest};
use chatwire_core::{Error, ErrorKind, HttpConfig};
use chatwire_mock::{Answer, Ending};

use crate::server::{answer, serve};

async fn error_of(answer: Answer, config: HttpConfig) -> Error {
    let server = serve(answer).await;
    let http = HttpClient::new("box", config.without_proxy()).unwrap();
    let url = BaseUrl::parse(&server.url()).unwrap().join("/ask").unwrap();
    let response = http.send(HttpRequest::post(url)).await.unwrap();
    assert!(!response.is_success());
    response.into_error().await
}

const PAGE: &str =
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>x</body></html>";

#[tokio::test]
async fn statuses_and_bodies() {
    use ErrorKind::{Blocked, ContextLength, RateLimited, Refused, Status};
    type Case = (
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static str,
        ErrorKind,
        bool,
        &'static [&'static str],
    );
    // status, headers, body, kind, retryable, what it must say
    let cases: Vec<Case> = vec![
        (
            "400 Bad Request",
            &[],
            r#"{"message":"no <b>such</b> bot"}"#,
            Refused,
            false,
            &["no such bot", "HTTP 400"],
        ),
        (
            "400 Bad Request",
            &[],
            r#"{"error":{"message":"maximum context length is 5"}}"#,
            ContextLength,
            false,
            &["maximum context length"],
        ),
        (
            "401 Unauthorized",
            &[],
            "",
            Status,
            false,
            &["/ask answered with an error (HTTP 401)"],
        ),
        (
            "401 Unauthorized",
            &[],
            PAGE,
            Blocked,
            false,
            &["HTML page", "Just a moment..."],
        ),
        (
            "403 Forbidden",
            &[],
            PAGE,
            Blocked,
            false,
            &["Just a moment...", "HTTP 403"],
        ),
        (
            "403 Forbidden",
            &[],
            r#"{"code":"rest_forbidden","message":"Sorry."}"#,
            Refused,
            false,
            &["Sorry."],
        ),
        (
            "404 Not Found",
            &[],
            PAGE,
            Status,
            false,
            &["(HTTP 404: Just a moment...)"],
        ),
        (
            "404 Not Found",
            &[],
            "nothing here",
            Status,
            false,
            &["HTTP 404: nothing here"],
        ),
        (
            "500 Internal Server Error",
            &[],
            "\u{feff}With a mark\n",
            Status,
            true,
            &["(HTTP 500: With a mark)"],
        ),
        (
            "413 Too Large",
            &[],
            "<html><body>no title</body></html>",
            Status,
            false,
            &["(HTTP 413: no title)"],
        ),
        (
            "418 Short And Stout",
            &[],
            "",
            Status,
            false,
            &["(HTTP 418: Short And Stout)"],
        ),
        (
            "429 Too Many Requests",
            &[],
            "",
            RateLimited,
            true,
            &["too many requests"],
        ),
        (
            "429 Too Many Requests",
            &[],
            r#"{"error":"slow <i>down</i>"}"#,
            RateLimited,
            true,
            &["slow down"],
        ),
        (
            "500 Internal Server Error",
            &[],
            r#"{"success":false,"message":"boom"}"#,
            Refused,
            true,
            &["boom"],
        ),
        // Five hundred or not: the same conversation stays too long.
        (
            "500 Internal Server Error",
            &[],
            r#"{"message":"maximum context length"}"#,
            ContextLength,
            false,
            &["context"],
        ),
        (
            "500 Rate limit reached for gpt-4",
            &[],
            "",
            Status,
            true,
            &["Rate limit reached for gpt-4"],
        ),
        ("501 Not Implemented", &[], "", Status, false, &["501"]),
        ("502 Bad Gateway", &[], PAGE, Status, true, &["502"]),
        (
            "503 Service Unavailable",
            &[],
            PAGE,
            Status,
            true,
            &["Just a moment..."],
        ),
        (
            "504 Gateway Timeout",
            &[],
            "upstream timed out",
            Status,
            true,
            &["upstream timed out"],
        ),
        ("301 Moved", &[], "", Status, false, &["301"]),
    ];
    for (status, headers, body, kind, retryable, words) in cases {
        let error = error_of(answer(status, headers, body), HttpConfig::new()).await;
        assert_eq!(error.kind(), kind, "{status} {body}: {error}");
        assert_eq!(error.is_retryable(), retryable, "{status} {body}: {error}");
        assert_eq!(error.status(), status[..3].parse().ok(), "{status} {body}");
        assert_eq!(error.provider(), Some("box"), "{status} {body}");
        for word in words {
            assert!(
                error.to_string().contains(word),
                "{status} {body}: {error} without {word:?}"
            );
        }
    }
}

#[tokio::test]
async fn waits() {
    let limited = |headers: &'static [(&'static str, &'static str)], body| {
        (answer("429 Slow", headers, body), headers, body)
    };
    // A date far away, and one long gone.
    let cases = [
        (limited(&[("retry-after", "7")], ""), Some(7)),
        (
            limited(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], ""),
            Some(0),
        ),
        (limited(&[("retry-after", "soon")], ""), None),
        (limited(&[], ""), None),
        (limited(&[], r#"{"message":"try again in 5s"}"#), Some(5)),
        // The header is made for programs, words are not.
        (
            limited(&[("retry-after", "7")], r#"{"message":"try again in 5s"}"#),
            Some(7),
        ),
    ];
    for ((answer, headers, body), seconds) in cases {
        let error = error_of(answer, HttpConfig::new()).await;
        assert_eq!(
            error.retry_after(),
            seconds.map(Duration::from_secs),
            "{headers:?} {body}"
        );
    }
    let far = answer(
        "503 Maintenance",
        &[("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")],
        "",
    );
    let wait = error_of(far, HttpConfig::new())
        .await
        .retry_after()
        .unwrap();
    assert!(wait > Duration::from_secs(3600 * 24 * 365), "{wait:?}");
}

#[tokio::test]
async fn excerpts() {
    let long = "é".repeat(100_000);
    let limit = |limit| HttpConfig::new().with_max_error_body(limit);
    let begun = |text: &str| Answer::status(500).piece(text);
    // name, what the server sends, the configuration, how the excerpt begins
    let cases: Vec<(&str, Answer, HttpConfig, Option<&str>)> = vec![
        (
            "short",
            answer("500 No", &[], " why \n"),
            HttpConfig::new(),
            Some("why"),
        ),
        (
            "long",
            answer("500 No", &[], &long),
            HttpConfig::new(),
            Some("éé"),
        ),
        (
            "of the limit",
            answer("500 No", &[], "abcdef"),
            limit(3),
            // The mark tells that it was cut, for a secret may be cut in two.
            Some("abc…"),
        ),
        (
            "nothing is read",
            answer("500 No", &[], "abcdef"),
            limit(0),
            None,
        ),
        ("empty", answer("500 No", &[], ""), HttpConfig::new(), None),
        (
            "cut off",
            begun("abc").ending(Ending::Truncate),
            HttpConfig::new(),
            Some("abc"),
        ),
        (
            "without an end",
            begun("abc").ending(Ending::Stall),
            HttpConfig::new().with_idle_timeout(Duration::from_secs(2)),
            Some("abc"),
        ),
        (
            "a flood",
            begun(&long).ending(Ending::Stall),
            HttpConfig::new(),
            Some("éé"),
        ),
        (
            "the message is no excerpt",
            answer("500 No", &[], r#"{"message":"x"}"#),
            HttpConfig::new(),
            None,
        ),
    ];
    for (name, answer, config, expected) in cases {
        let error = error_of(answer, config).await;
        match (error.excerpt(), expected) {
            (Some(excerpt), Some(start)) => {
                assert!(excerpt.starts_with(start), "{name}: {excerpt:?}");
                assert!(excerpt.len() <= Error::EXCERPT_MAX, "{name}");
                if name != "long" && name != "a flood" {
                    assert_eq!(excerpt, start, "{name}");
                }
            }
            (excerpt, expected) => assert_eq!(excerpt, expected, "{name}"),
        }
    }
}

#[tokio::test]
async fn reasons() {
    // on the wire, as it is read
    let cases: [(u16, &[u8], Option<&str>); 5] = [
        (500, b"Internal Server Error", None),
        (500, b"Rate limit reached", Some("Rate limit reached")),
        (200, b"Fine", Some("Fine")),
        (200, b"OK", None),
        // Latin-1 is more than the HTTP parser takes.
        (500, b"caf\xe9", Some("")),
    ];
    for (status, sent, reason) in cases {
        let server = serve(Answer::status(status).reason(sent)).await;
        let http = HttpClient::new("box", HttpConfig::new().without_proxy()).unwrap();
        let url = BaseUrl::parse(&server.url()).unwrap().join("/").unwrap();
        let response = http.send(HttpRequest::get(url)).await.unwrap();
        assert_eq!(
            response.reason(),
            reason,
            "{}",
            String::from_utf8_lossy(sent)
        );
    }
}

/// What a server repeats of what it was sent.
/// Pages of older servers, and of their proxies.
#[tokio::test]
async fn errors_in_latin_letters() {
    for (kind, body, words) in [
        (
            "text/html; charset=ISO-8859-1",
            &b"<title>Fehler beim \xd6ffnen</title>"[..],
            "(HTTP 500: Fehler beim \u{d6}ffnen)",
        ),
        (
            "text/plain;charset=\"windows-1252\"",
            b"caf\xe9 \x96 \x80 5",
            "(HTTP 500: caf\u{e9} \u{2013} \u{20ac} 5)",
        ),
        // What is UTF-8 is so, whatever the head says.
        (
            "text/plain; charset=latin1",
            "caf\u{e9}".as_bytes(),
            "(HTTP 500: caf\u{e9})",
        ),
        ("text/plain", b"caf\xe9", "(HTTP 500: caf\u{fffd})"),
        (
            "text/plain; charset=big5",
            b"caf\xe9",
            "(HTTP 500: caf\u{fffd})",
        ),
    ] {
        let answer = Answer::status(500).header("content-type", kind).piece(body);
        let error = error_of(answer, HttpConfig::new()).await.to_string();
        assert!(error.ends_with(words), "{kind}: {error}");
    }
}

/// The address of a page is given where that of the server is meant.
#[tokio::test]
async fn a_base_url_with_a_folder_may_be_wrong() {
    for (base, status, body, hint) in [
        ("/chat/12", "404 Not Found", "", true),
        ("/chat/", "405 Method Not Allowed", "no", true),
        ("/chat", "404 Not Found", "<title>no</title>", true),
        // What the program behind the address says counts.
        (
            "/chat",
            "404 Not Found",
            r#"{"message":"no such bot"}"#,
            false,
        ),
        ("/chat", "500 Internal Server Error", "", false),
        ("", "404 Not Found", "", false),
        ("/", "404 Not Found", "", false),
    ] {
        let server = serve(answer(status, &[], body)).await;
        let http = HttpClient::new("box", HttpConfig::new().without_proxy()).unwrap();
        let base_url = BaseUrl::parse(&format!("{}{base}", server.url())).unwrap();
        let url = base_url.join("/ask").unwrap();
        let error = http.send(HttpRequest::post(url)).await.unwrap();
        let said = error.into_error().await.to_string();
        let folder = base.trim_end_matches('/');
        let words = format!(
            "(the base URL may be {} without {folder})",
            base_url.origin()
        );
        assert_eq!(said.contains(&words), hint, "{base} {status}: {said}");
    }
}

#[tokio::test]
async fn secrets_in_errors() {
    for body in [
        r#"{"message":"the key k3y-of-bob is wrong"}"#,
        "the key k3y-of-bob is wrong",
        "<html><title>k3y-of-bob</title></html>",
    ] {
        for status in ["401 No", "429 k3y-of-bob", "500 k3y-of-bob"] {
            let config = HttpConfig::new().with_header("x-key", "k3y-of-bob");
            let error = error_of(answer(status, &[], body), config).await;
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("k3y"), "{shown}");
            assert!(shown.contains("[redacted]"), "{status} {body}: {shown}");
        }
    }
}

/// The server's own words: every error ends with the status, the title or first
/// line, and the wait, in one form, and nothing stands there twice.
#[tokio::test]
async fn the_servers_own_words() {
    use ErrorKind::{Blocked, ContextLength, Credentials, RateLimited, Refused, Status};
    const SLOW: &[(&str, &str)] = &[("retry-after", "20")];
    const BASIC: &[(&str, &str)] = &[("www-authenticate", "Basic realm=\"staging\"")];
    const MIXED: &[(&str, &str)] = &[("www-authenticate", "Bearer, bAsIc realm=x")];
    const BEARER: &[(&str, &str)] = &[("www-authenticate", "Bearer realm=\"Basic\"")];
    const PROXY: &[(&str, &str)] = &[("proxy-authenticate", "Basic realm=x")];
    let error = "answered with an error (HTTP ";
    // status, headers, body, kind, retryable, how it ends
    let cases = [
        (
            "403 Forbidden",
            &[][..],
            "no\nway",
            Status,
            false,
            format!("{error}403: no)"),
        ),
        (
            "405 No",
            &[],
            "<h1>405 Not Allowed</h1><hr>nginx",
            Status,
            false,
            format!("{error}405: Not Allowed nginx)"),
        ),
        (
            "406 No",
            &[],
            "<title>Not Acceptable!</title>",
            Status,
            false,
            format!("{error}406: Not Acceptable!)"),
        ),
        (
            "429 No",
            SLOW,
            "<title>Slow &amp; steady</title>",
            RateLimited,
            true,
            "too many requests (HTTP 429: Slow & steady; try again in 20 s)".to_owned(),
        ),
        // What a parser calls a mistake does not end a title.
        (
            "406 No",
            &[],
            "<title>R&d; no\0t <acceptable></title>",
            Status,
            false,
            format!("{error}406: R&d; no\u{fffd}t <acceptable>)"),
        ),
        (
            "429 No",
            SLOW,
            "Quota exceeded",
            Refused,
            false,
            "Quota exceeded (HTTP 429; try again in 20 s)".to_owned(),
        ),
        (
            "429 No",
            &[],
            r#"{"error":"Quota exceeded"}"#,
            Refused,
            false,
            "box: Quota exceeded (HTTP 429)".to_owned(),
        ),
        (
            "429 No",
            &[],
            "input length limit exceeded",
            ContextLength,
            false,
            "box: input length limit exceeded (HTTP 429)".to_owned(),
        ),
        (
            "500 No",
            &[],
            "<html><body><p>It&#8217;s &lt;down&gt;</p></body></html>",
            Status,
            true,
            format!("{error}500: It’s <down>)"),
        ),
        (
            "500 No",
            SLOW,
            r#"{"message":"Rate limit reached, try again in 20s"}"#,
            RateLimited,
            true,
            "try again in 20s (HTTP 500)".to_owned(),
        ),
        (
            "502 Bad Gateway",
            &[],
            "<title>502 Bad Gateway</title>",
            Status,
            true,
            format!("{error}502: Bad Gateway)"),
        ),
        (
            "503 No",
            SLOW,
            "<title>HTTP Status 503 – Maintenance</title>",
            Status,
            true,
            format!("{error}503: Maintenance; try again in 20 s)"),
        ),
        (
            "503 Service Unavailable",
            &[],
            "503",
            Status,
            true,
            format!("{error}503)"),
        ),
        (
            "504 Gateway Timeout",
            &[],
            "<title>Error 504: too slow</title>",
            Status,
            true,
            format!("{error}504: too slow)"),
        ),
        (
            "404 No",
            &[],
            "<title>4040 things</title>",
            Status,
            false,
            format!("{error}404: 4040 things)"),
        ),
        (
            "400 Bad Request",
            &[],
            "<title>400 The plain HTTP request was sent to HTTPS port</title>",
            Status,
            false,
            "speaks TLS: its address begins with https:// \
             (HTTP 400: The plain HTTP request was sent to HTTPS port)"
                .to_owned(),
        ),
        (
            "400 Bad Request",
            &[],
            "Client sent an HTTP request to an HTTPS server.",
            Status,
            false,
            "begins with https:// (HTTP 400: Client sent an HTTP request to an HTTPS server.)"
                .to_owned(),
        ),
        (
            "403 No",
            &[],
            PAGE,
            Blocked,
            false,
            "something else (HTTP 403: Just a moment...)".to_owned(),
        ),
        (
            "401 Unauthorized",
            BASIC,
            "",
            Credentials,
            false,
            "https://USER:PASSWORD@example.org (HTTP 401)".to_owned(),
        ),
        (
            "401 Unauthorized",
            BASIC,
            "<title>401 Authorization Required</title>",
            Credentials,
            false,
            "(HTTP 401: Authorization Required)".to_owned(),
        ),
        (
            "401 Unauthorized",
            MIXED,
            r#"{"message":"Who <b>are</b> you?"}"#,
            Credentials,
            false,
            "(HTTP 401: Who are you?)".to_owned(),
        ),
        (
            "401 Unauthorized",
            BEARER,
            "who?",
            Status,
            false,
            format!("{error}401: who?)"),
        ),
        (
            "407 Proxy Authentication Required",
            PROXY,
            "",
            Credentials,
            false,
            "http://USER:PASSWORD@127.0.0.1:3128 (HTTP 407)".to_owned(),
        ),
    ];
    for (status, headers, body, kind, retryable, end) in cases {
        let error = error_of(answer(status, headers, body), HttpConfig::new()).await;
        let said = error.to_string();
        assert!(said.ends_with(&end), "{status} {body}: {said}");
        assert_eq!(error.kind(), kind, "{said}");
        assert_eq!(error.is_retryable(), retryable, "{said}");
        // The port of the address may hold the same digits.
        let words: Vec<_> = said
            .split(' ')
            .filter(|word| !word.contains("127.0.0.1:"))
            .collect();
        let words = words.join(" ");
        assert_eq!(
            words.matches(&status[..3]).count(),
            1 + words.matches(&format!("{}0", &status[..3])).count(),
            "{said}"
        );
        assert_eq!(error.description(), said.strip_prefix("box: ").unwrap());
    }
}
