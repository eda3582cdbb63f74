//! No secret in any text of an error.

use std::error::Error as _;
use std::fmt;

use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest, Redactor};
use chatwire_core::{Error, ErrorKind, HttpConfig, Secret};

use crate::server::{answer, serve};

/// An error as a library may write one.
#[derive(Debug)]
#[allow(dead_code)] // Read by its derived Debug alone.
struct Foreign(String);

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a harmless line")
    }
}

impl std::error::Error for Foreign {}

/// Everything a program could print of an error.
fn all_of(error: &Error) -> String {
    let mut all = format!(
        "{error} {error:?} {error:#?} {} {:?}",
        error.message(),
        error.excerpt()
    );
    let mut cause = error.source();
    while let Some(source) = cause {
        all.push_str(&format!("{source} {source:?}"));
        cause = source.source();
    }
    for attempt in error.attempts() {
        all.push_str(&all_of(attempt));
    }
    all
}

#[test]
fn secrets_are_taken_out_of_errors() {
    let secret = "n0nce-abcdef";
    let say = |text: &str| Error::new(ErrorKind::Refused, text);
    let padding = "x".repeat(Error::EXCERPT_MAX - 12);
    let cases: Vec<(&str, Error)> = vec![
        ("message", say("the nonce n0nce-abcdef is old")),
        ("twice", say("n0nce-abcdefn0nce-abcdef")),
        ("excerpt", say("no").with_excerpt("<p>n0nce-abcdef</p>")),
        (
            "excerpt, cut within it",
            say("no").with_excerpt(&format!("{padding}{secret} and more")),
        ),
        (
            "attempt",
            say("no").with_attempts(vec![say("n0nce-abcdef").with_excerpt(secret)]),
        ),
        (
            "attempt of an attempt",
            say("no").with_attempts(vec![say("no").with_attempts(vec![say(secret)])]),
        ),
        (
            "source",
            say("no").with_source(Foreign(format!("said {secret}"))),
        ),
        (
            "source of a source",
            say("no").with_source(say("inner").with_source(Foreign(secret.into()))),
        ),
        (
            "source of an attempt",
            say("no").with_attempts(vec![say("x").with_source(Foreign(secret.into()))]),
        ),
    ];
    let redactor = Redactor::new();
    redactor.add(&Secret::new(secret));
    for (name, error) in cases {
        assert!(
            all_of(&error).contains("n0nce-ab"),
            "{name}: the case shows nothing"
        );
        let shown = all_of(&redactor.error(error));
        assert!(!shown.contains("n0nce-ab"), "{name}: {shown}");
    }
}

#[test]
fn the_rest_stays() {
    let redactor = Redactor::new();
    redactor.add(&Secret::new("hidden-value"));
    redactor.add(&Secret::new("abc"));
    let error = Error::new(ErrorKind::Refused, "abc, hidden-value, hidden")
        .with_excerpt("hidden")
        .with_status(403)
        .with_source(Foreign("harmless".into()));
    let error = redactor.error(error);
    // Texts below four characters are in every other word.
    assert_eq!(error.message(), "abc, [redacted], hidden");
    assert_eq!(error.status(), Some(403));
    assert!(error.source().is_some());
}

#[test]
fn one_secret_within_another() {
    for order in [["longer-secret", "longer"], ["longer", "longer-secret"]] {
        let redactor = Redactor::new();
        for secret in order {
            redactor.add(&Secret::new(secret));
        }
        let error = redactor.error(Error::new(ErrorKind::Refused, "longer-secret longer"));
        assert_eq!(error.message(), "[redacted] [redacted]", "{order:?}");
    }
}

#[test]
fn clones_share_what_they_learn() {
    let redactor = Redactor::new();
    let clone = redactor.clone();
    redactor.add(&Secret::new("later-one"));
    let error = clone.error(Error::new(ErrorKind::Refused, "later-one"));
    assert_eq!(error.message(), "[redacted]");
}

/// A nonce is learnt twice a day, for months; the password is configured once.
#[test]
fn what_was_configured_is_never_forgotten() {
    let config = HttpConfig::new()
        .with_proxy("http://bob:pr0xy-password@127.0.0.1:9")
        .with_header("authorization", "Bearer t0ken-of-bob")
        .with_header("cookie", "id=c00kie-of-bob; theme=dark");
    let http = HttpClient::new("box", config).unwrap();
    for number in 0..1000 {
        http.redactor().add(&Secret::new(format!("nonce-{number}")));
    }
    let words = "pr0xy-password t0ken-of-bob c00kie-of-bob nonce-999";
    let error = http.redactor().error(Error::new(ErrorKind::Refused, words));
    assert_eq!(
        error.message(),
        "[redacted] [redacted] [redacted] [redacted]"
    );
}

#[test]
fn secrets_do_not_print() {
    let secret = Secret::new("s3cret-value");
    let base =
        BaseUrl::parse("http://bob:s3cret-value@example.org/a?".trim_end_matches('?')).unwrap();
    let url = base.join("/b?key=s3cret-value").unwrap();
    let config = HttpConfig::new()
        .with_proxy("http://bob:s3cret-value@127.0.0.1:9")
        .with_header("x-key", "s3cret-value");
    let http = HttpClient::new("box", config.clone()).unwrap();
    let request = HttpRequest::post(url.clone())
        .header(
            http::header::COOKIE,
            http::HeaderValue::from_static("s3cret-value"),
        )
        .body("s3cret-value");
    let shown = format!(
        "{secret:?} {base:?} {base} {url:?} {url} {config:?} {http:?} {request:?} {:?}",
        http.redactor()
    );
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("http://example.org/a/b"), "{shown}");
}

#[test]
fn header_values() {
    let value = Secret::new("n0nce").header_value("the nonce").unwrap();
    assert!(value.is_sensitive());
    assert_eq!(value.to_str().unwrap(), "n0nce");
    for bad in ["a\nb", "a\r\nset-cookie: x", "a\0b", "\u{7f}"] {
        let error = Secret::new(bad).header_value("the nonce").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(error.message().contains("the nonce"), "{error}");
        assert!(!all_of(&error).contains(bad), "{error:?}");
    }
}

/// However a server writes what it was sent.
#[test]
fn secrets_in_other_spellings() {
    // the secret, what a server makes of it
    let cases = [
        ("hush/hush+77=", "hush/hush+77="),
        ("hush/hush+77=", r"hush\/hush+77="),
        ("hush/hush+77=", "hush%2Fhush%2B77%3D"),
        ("hush/hush+77=", "hush%2fhush%2b77%3d"),
        ("hush/hush+77=", "hush/hush%2B77%3D"),
        ("hush hush", "hush+hush"),
        ("hush hush", "hush%20hush"),
        ("hush\"hush\\77", r#"hush\"hush\\77"#),
        ("hüsh-hush", r"h\u00fcsh-hush"),
        ("hüsh-hush", r"h\u00FCsh-hush"),
        ("hüsh-hush", "h%C3%BCsh-hush"),
        ("hush😀hush", r"hush\ud83d\ude00hush"),
        ("<hush&'hush'>", "&lt;hush&amp;'hush'&gt;"),
        ("<hush&'hush'>", "&lt;hush&amp;&#039;hush&#039;&gt;"),
        ("<hush&'hush'>", "&lt;hush&amp;&#39;hush&#39;&gt;"),
        ("hush(hush)!", "hush(hush)!"),
        ("hush(hush)!", "hush%28hush%29%21"),
        ("hush@hush:77", "hush%40hush%3A77"),
        ("bob:hushhush77", "Ym9iOmh1c2hodXNoNzc="),
        ("bob:hushhush77", "Ym9iOmh1c2hodXNoNzc"),
        ("h?h>h?~~~~", "aD9oPmg_fn5-fg"),
        // What is left of it once the text is clean.
        ("hush\u{200b}hush\u{7}77", "hushhush77"),
        ("hush\u{200b}hush\u{7}77", "hush\u{200b}hush\u{7}77"),
        // The cookie is encoded; the server shows what it means.
        ("hush%2Fhush%3D", "hush/hush="),
        ("h?h>h?~~~~", "aD9oPmg/fn5+fg=="),
        // Escaped by careful writers of JSON, all of it or what HTML knows.
        ("hush&<hush>=", r"hush\u0026\u003chush\u003e\u003d"),
        ("hush&<hush>=", r"hush\u0026\u003Chush\u003E="),
        (
            "hushhush",
            r"\u0068\u0075\u0073\u0068\u0068\u0075\u0073\u0068",
        ),
        ("hush/hush", r"\x68ush\x2fhush"),
        ("hush/hush", r"hush\057hush"),
        ("hush/hush", r"hush\u{2f}hush"),
        ("hushhush", "%68%75%73%68%68%75%73%68"),
        ("hush/hüsh", "hush%u002Fh%u00FCsh"),
        ("<hush/'hush'>", "&lt;hush&#x2F;&#39;hush&#39;&gt;"),
        ("hush\"+hush=", "hush&#34;&#43;hush&#x3d;"),
        ("hush\"hush", "hush&#34hush"),
        ("hush@hush", "hush&commat;hush"),
        // One within the other.
        ("hush\"hush", r#"hush\\\"hush"#),
        ("hush/hush", "hush%252Fhush"),
        ("hush/hush", "hush%25252fhush"),
        ("hush<hush", "hush&amp;lt;hush"),
        ("hush<hush", r"hush\u0026lt;hush"),
        ("hush<hush", r"hush%5Cu003chush"),
        ("hush%2F\"hush", "hush%2F&quot;hush"),
        // In digits, and in base64 behind something else.
        ("hush/hush", "687573682f68757368"),
        ("hush/jush", "687573682F6A757368"),
        ("hushhush77", "aHVzaGh1c2g3Nw=="),
        ("hush%2Bhush%2F77", "aHVzaCtodXNoLzc3"),
        // What is left of it in a message whose markup was taken out.
        ("hush<b>hush</b>77", "hushhush77"),
        ("hush+77<x>hush", "hush+77 hush"),
    ];
    for (secret, spelled) in cases {
        let redactor = Redactor::new();
        redactor.keep(&Secret::new(secret));
        let text = format!("say {spelled} again");
        let shown = redactor.text(&text);
        let masked = shown.replace("[redacted]", "").replace('=', "");
        assert_eq!(masked, "say  again", "{spelled}");
        // Cut off within it, nothing is left to guess from.
        let cut: String = spelled.chars().take(7).collect();
        let shown = redactor.text(&format!("say {cut}…")).into_owned();
        assert_eq!(shown, "say [redacted]…", "{spelled}");
    }
}

/// What a terminal does not show cannot hide a secret.
#[test]
fn control_characters_hide_nothing() {
    let redactor = Redactor::new();
    redactor.keep(&Secret::new("hushhush77"));
    for hidden in [
        "hushh\0ush77",
        "h\u{7}ushhush77",
        "hushhush\u{7f}77",
        "hush\u{9b}hush77",
        "hush\rhush77",
        "hush\u{200b}hush77",
        "hush\u{202e}hush77",
        "hush\u{feff}hush\0\u{ad}77",
        "hush\thush\n77",
        "hush\r\nhush77",
        "hush\u{2028}hush\u{3164}77",
        "hush\u{e0100}hush\u{180b}77",
        "hush&#8203;hush&shy;77",
        "hush\\u0000hush\\n77",
        "hush%00hush%E2%80%8B77",
    ] {
        let error = Error::new(ErrorKind::Refused, format!("key {hidden} wrong"));
        let error = redactor.error(error.with_excerpt(hidden));
        assert_eq!(error.message(), "key [redacted] wrong", "{hidden:?}");
        assert_eq!(error.excerpt(), Some("[redacted]"), "{hidden:?}");
    }
    // What stands around it stays.
    assert_eq!(
        redactor.text("a\n hush\nhush77 \n\tb"),
        "a\n [redacted] \n\tb"
    );
    // Cut off, too.
    assert_eq!(redactor.text("key hus\0hhu…"), "key [redacted]…");
    // Other text stays as it is, but for control characters.
    for (text, shown) in [
        ("a\tb\nc\u{1b}[31md\0\u{85}", "a\tb\nc[31md"),
        (
            "👩\u{200d}🚀 می\u{200c}خواهم",
            "👩\u{200d}🚀 می\u{200c}خواهم",
        ),
    ] {
        assert_eq!(redactor.text(text), shown);
    }
}

/// Members of a body are given as JSON, and repeated one by one.
#[test]
fn secrets_in_json() {
    let redactor = Redactor::new();
    redactor.keep(&Secret::new(
        r#"{"apiKey":"hush-1234","deep":[{"token":"hush/\u00e4bc"}],"mode":"fast"}"#,
    ));
    for (said, shown) in [
        ("key hush-1234", "key [redacted]"),
        ("key hush/äbc", "key [redacted]"),
        ("key hush%2F%C3%A4bc", "key [redacted]"),
        ("mode fast", "mode fast"),
        ("apiKey", "apiKey"),
    ] {
        assert_eq!(redactor.text(said), shown);
    }
}

/// In base64 a text looks different behind one, two or three others; what stands
/// beside it stays.
#[test]
fn secrets_within_a_longer_text_in_base64() {
    use base64::Engine as _;

    let redactor = Redactor::new();
    redactor.keep(&Secret::new("hush-hush-hush-77"));
    for before in ["", "a", "ab", "abc", "user:", "Bearer ", "{\"key\":\""] {
        for after in ["", "a", "ab", "abc", "\"}"] {
            let text = format!("{before}hush-hush-hush-77{after}");
            for encoded in [
                base64::engine::general_purpose::STANDARD.encode(&text),
                base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&text),
            ] {
                let shown = redactor.text(&encoded).into_owned();
                let left = shown.replacen("[redacted]", "", 1);
                assert!(shown.contains("[redacted]"), "{text}: {shown}");
                let around = before.len() + after.len();
                assert!(left.len() <= around * 2 + 4, "{text}: {shown}");
            }
        }
    }
}

/// A browser's session has many cookies, and gets new ones.
#[test]
fn secrets_that_were_learnt_together() {
    let cookies =
        |round: u32| (0..70).map(move |number| Secret::new(format!("cookie-{round}-{number:03}")));
    let redactor = Redactor::new();
    for round in 0..30 {
        redactor.add_all(cookies(round));
        redactor.add(&Secret::new(format!("nonce-{round:03}")));
    }
    for round in 0..30 {
        for number in [0, 6, 69] {
            let shown = redactor
                .text(&format!("cookie-{round}-{number:03}"))
                .into_owned();
            assert_eq!(shown, "[redacted]", "{round} {number}");
        }
    }
    // Some day they are forgotten.
    for round in 30..100 {
        redactor.add_all(cookies(round));
    }
    assert_eq!(redactor.text("cookie-0-000"), "cookie-0-000");
    assert_eq!(redactor.text("cookie-99-000"), "[redacted]");
}

/// A password goes over the wire within a header.
#[test]
fn passwords_in_headers() {
    let basic = "YmFzaWM6aHVzaGh1c2gtYmFzaWM="; // basic:hushhush-basic
    let proxy = "cHJveHk6aHVzaGh1c2gtcHJveHk="; // proxy:hushhush-proxy
    let config = HttpConfig::new()
        .with_proxy("http://proxy:hushhush%2Dproxy@127.0.0.1:9")
        .with_header("authorization", format!("Basic {basic}"));
    let http = HttpClient::new("box", config).unwrap();
    for said in [
        basic,
        proxy,
        "hushhush-basic",
        "hushhush-proxy",
        "hushhush%2Dproxy",
        "basic:hushhush-basic",
        "proxy:hushhush-proxy",
    ] {
        assert_eq!(http.redactor().text(said), "[redacted]");
    }
}

/// The environment's proxy can repeat its password, too. Changing the
/// environment of this process would be unsafe, so another one is started.
#[test]
fn passwords_of_the_environments_proxies() {
    let (http, bare, socks) = (
        "http://bob:hush%2Fhush@127.0.0.1:9",
        "bob:hush%2Fhush@127.0.0.1:9",
        " socks5h://bob:hush%2Fhush@127.0.0.1:9 ",
    );
    for (variable, address) in [
        ("HTTP_PROXY", http),
        ("http_proxy", bare),
        ("HTTPS_PROXY", socks),
        ("https_proxy", http),
        ("ALL_PROXY", bare),
        ("all_proxy", socks),
        // With slips, they are not used.
        ("HTTP_PROXY", "http:/bob:hush%2Fhush@127.0.0.1:9"),
        ("http_proxy", r"http:\\bob:hush%2Fhush@127.0.0.1:9"),
        ("HTTPS_PROXY", "http://bob:hush%2Fhush@"),
        ("ALL_PROXY", "bob:hush%2Fhush@127.0.0.1:99999"),
        ("all_proxy", "http://bob:hush%2Fhush@[127.0.0.1"),
    ] {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "redaction::in_that_environment"])
            .env(variable, address)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(said.contains("1 passed"), "{variable}={address}: {said}");
    }
}

#[test]
#[ignore = "run by the test above, with a proxy in its environment"]
fn in_that_environment() {
    let http = HttpClient::new("box", HttpConfig::new());
    let Ok(http) = http else {
        // Without TLS there is no SOCKS, which says so when it is used.
        return;
    };
    for said in [
        "hush/hush",
        "hush%2Fhush",
        "bob:hush/hush",
        "Ym9iOmh1c2gvaHVzaA==",
    ] {
        assert_eq!(http.redactor().text(said), "[redacted]", "{said}");
    }
}

/// The notes beside an answer are the server's words, too; the answer is the
/// model's.
#[tokio::test]
async fn notes_and_ends_of_replies() {
    use chatwire_core::provider_kit::ReplyDecoder;
    use chatwire_core::{Extra, Finish, FinishReason, ProgressKind, ReplyEvent};

    struct Says(Vec<ReplyEvent>);

    impl ReplyDecoder for Says {
        fn feed(&mut self, _: bytes::Bytes) {}
        fn end(&mut self) {}
        fn next_event(&mut self) -> Result<Option<ReplyEvent>, Error> {
            Ok(self.0.pop())
        }
    }

    let note = |kind| ReplyEvent::Progress {
        kind,
        text: "a hushhush77 b".into(),
    };
    let end = Finish::new(FinishReason::Other("hushhush77".into()))
        .with_extra(Extra::new("x-hushhush77", r#"{"a":"hushh\u0000ush77"}"#));
    let mut events = vec![
        note(ProgressKind::Status),
        note(ProgressKind::ToolCall),
        note(ProgressKind::Doubt),
        note(ProgressKind::Other("hushhush77".into())),
        note(ProgressKind::Thinking),
        ReplyEvent::Text("hushhush77".into()),
        ReplyEvent::Finish(end),
    ];
    events.reverse();
    let server = serve(answer("200 OK", &[], "x")).await;
    let config = HttpConfig::new()
        .without_proxy()
        .with_header("x-key", "hushhush77");
    let http = HttpClient::new("box", config).unwrap();
    let url = BaseUrl::parse(&server.url()).unwrap().join("/").unwrap();
    let response = http.send(HttpRequest::get(url)).await.unwrap();
    let mut reply = response.into_reply(Says(events), "m").await.unwrap();
    let (mut shown, mut models) = (String::new(), 0);
    while let Some(event) = reply.next().await {
        match event.unwrap() {
            ReplyEvent::Text(text) => models += usize::from(text == "hushhush77"),
            ReplyEvent::Progress {
                kind: ProgressKind::Thinking,
                text,
            } => models += usize::from(text == "a hushhush77 b"),
            event => shown.push_str(&format!("{event:?}")),
        }
    }
    assert_eq!(models, 2);
    assert!(!shown.contains("hush"), "{shown}");
    assert_eq!(shown.matches("[redacted]").count(), 8, "{shown}");
}

/// A title is shown on one line, and a message without its markup.
#[tokio::test]
async fn secrets_over_several_lines_of_a_page() {
    for body in [
        "<html><title>no hush\nhush77 here</title>",
        "<html><body><p>no hush\r\n\thush77 here",
        r#"{"error":{"message":"no hush\n<x>hush77 here"}}"#,
    ] {
        let server = serve(answer("500 x", &[], body)).await;
        let config = HttpConfig::new()
            .without_proxy()
            .with_header("x-key", "hushhush77")
            .with_header("x-other", "hush<x>hush77");
        let http = HttpClient::new("box", config).unwrap();
        let url = BaseUrl::parse(&server.url()).unwrap().join("/").unwrap();
        let response = http.send(HttpRequest::get(url)).await.unwrap();
        let shown = all_of(&response.into_error().await);
        assert!(!shown.contains("hush"), "{shown}");
    }
}
