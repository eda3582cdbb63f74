//! No secret is seen: not in what an error prints, not in the errors behind it,
//! not in what is traced, however a server repeats what it was sent.

use std::error::Error as _;

use chatwire::HttpConfig;
use chatwire::{ChatRequest, Error, ProviderExt as _, ProviderOptions, provider};
use chatwire_mock::{AiEngineMock, Answer, Framing, Gate, MagickPenMock, MockServer};

use super::log;
use super::place::{Asked, COOKIE, KEY, Place, TOKEN};
use super::run::{limits, strike};

/// The password of the proxy, and of a server behind one.
const PASSWORD: &str = "pw-3c5a/18&e9\"d0";
const PASSWORD_IN_URL: &str = "pw-3c5a%2F18%26e9%22d0";
/// `user:` and the password as they go into a header.
const PASSWORD_IN_HEADER: &str = "dXNlcjpwdy0zYzVhLzE4JmU5ImQw";

/// All secrets that any test here uses: its own, and those that the mocks give
/// out, in all their generations.
pub(crate) async fn all() -> Vec<String> {
    let own = [
        COOKIE,
        TOKEN,
        KEY,
        PASSWORD,
        PASSWORD_IN_URL,
        PASSWORD_IN_HEADER,
    ];
    let mut all: Vec<String> = own.into_iter().map(str::to_owned).collect();
    let pen = MagickPenMock::start().await.unwrap();
    let site = AiEngineMock::start().await.unwrap();
    for _ in 0..4 {
        all.extend([pen.secret(), pen.api_secret(), site.nonce()]);
        pen.rotate_secrets();
        site.expire_nonce();
    }
    all
}

/// Everything that an error can show.
fn shown(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?} {:?}", error.excerpt());
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(&format!(" {source} {source:?}"));
        cause = source.source();
    }
    for attempt in error.attempts() {
        text.push_str(&shown(attempt));
    }
    text
}

/// Finds a secret, or so much of one that it is no accident.
pub(crate) fn find(text: &str, secrets: &[String]) -> Option<String> {
    secrets
        .iter()
        .map(|secret| secret.get(..8).unwrap_or(secret))
        .find(|start| text.contains(start))
        .map(|start| format!("{start:?} is seen in {text}"))
}

/// Whether an error shows one.
pub(crate) fn check(error: &Error, secrets: &[String]) -> Result<(), String> {
    find(&shown(error), secrets).map_or(Ok(()), Err)
}

/// The ways in which a server repeats a request.
type Echo = (&'static str, fn(&Asked<'_>, &str) -> Answer);

const ECHOES: [Echo; 12] = [
    ("a page", |_, echo| {
        Answer::html(500, format!("<html>{echo}</html>"))
    }),
    ("a page that refuses", |_, echo| {
        Answer::html(403, format!("<!DOCTYPE html><html>{echo}</html>"))
    }),
    ("a page with 200", |_, echo| {
        Answer::html(200, format!("<!DOCTYPE html><html>{echo}</html>"))
    }),
    ("a title", |_, echo| {
        Answer::html(500, format!("<html><title>{echo}</title></html>"))
    }),
    ("a title with 200", |_, echo| {
        Answer::html(200, format!("<html><title>{echo}</title></html>"))
    }),
    ("text", |_, echo| Answer::text([echo]).with_status(502)),
    ("JSON", |_, echo| {
        Answer::json(serde_json::json!({ "message": echo })).with_status(400)
    }),
    ("JSON with 200", |_, echo| {
        Answer::json(serde_json::json!({ "success": false, "message": echo }))
    }),
    ("JSON of another shape", |_, echo| {
        Answer::json(serde_json::json!([echo]))
    }),
    ("an event", |_, echo| {
        let data = serde_json::json!({ "type": "error", "data": echo });
        Answer::stream([format!("data: {data}\n\n")])
    }),
    ("a reason phrase", |_, echo| {
        let phrase: String = echo.chars().filter(|c| (' '..='~').contains(c)).collect();
        Answer::status(500).reason(phrase)
    }),
    ("a redirect", |asked, echo| {
        let path: String = echo.chars().filter(|c| *c == '-').collect();
        let parts: Vec<String> = asked.secrets.to_vec();
        Answer::status(307).framing(Framing::ContentLength).header(
            "location",
            format!(
                "http://elsewhere.invalid/{path}/{COOKIE}/{TOKEN}/{}",
                parts.join("/")
            ),
        )
    }),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_repeated() {
    log::begin();
    let secrets = all().await;
    // Before the echo, so that any limit cuts a secret in two somewhere.
    let paddings = [
        0, 30, 95, 101, 107, 113, 180, 190, 420, 470, 480, 490, 500, 1900,
    ];
    let mut seen = Vec::new();
    let mut errors = 0;
    for place in [
        Place::MagickPenAsk,
        Place::MagickPenBundle,
        Place::MagickPenFront,
        Place::AiEngineSubmit,
        Place::AiEngineSession,
        Place::AuraChat,
        Place::AuraModels,
        Place::AiSdkChat,
    ] {
        for (name, answer) in ECHOES {
            let mock = place.mock().await;
            let padding = std::sync::atomic::AtomicUsize::new(0);
            let respond = move |asked: &Asked<'_>| {
                let number = padding.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let before = "-".repeat(paddings[number % paddings.len()]);
                let mut given: Vec<&str> = asked.secrets.iter().map(String::as_str).collect();
                given.extend([COOKIE, TOKEN]);
                given.extend((place.provider() == "aura").then_some(KEY));
                let echo = format!("{before} {} {}", given.join(" "), asked.echo());
                answer(asked, &echo)
            };
            strike(&mock, place, respond, &Gate::new());
            let client = place.client(&mock.url(), limits());
            for _ in paddings {
                let error = match place {
                    Place::AuraModels => client.models().await.err(),
                    _ => {
                        let reply = client.reply(&ChatRequest::new("hi")).await;
                        reply.err().map(|incomplete| incomplete.error)
                    }
                };
                let Some(error) = error else { continue };
                errors += 1;
                // A place before the credentials are known cannot repeat them.
                let known: Vec<String> = match place {
                    Place::MagickPenBundle | Place::MagickPenFront | Place::AiEngineSession => {
                        [COOKIE, TOKEN].map(str::to_owned).to_vec()
                    }
                    _ => secrets.clone(),
                };
                if let Err(why) = check(&error, &known) {
                    seen.push(format!("{name} at {place:?}: {why}"));
                }
            }
        }
    }
    seen.dedup();
    assert!(seen.is_empty(), "{}:\n{}", seen.len(), seen.join("\n\n"));
    assert!(errors > 500, "{errors}");
    assert_eq!(find(&log::lines(), &secrets), None);
}

#[tokio::test]
async fn no_password_of_an_address_is_seen() {
    log::begin();
    let secrets = all().await;
    // A server, or a proxy, that repeats the whole request in its refusal.
    let server = MockServer::start().await.unwrap();
    server.answer_with(|request| {
        let headers: Vec<String> = request
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
            .collect();
        Some(Answer::html(
            407,
            format!("{PASSWORD} {}", headers.join(" ")),
        ))
    });
    let with = |scheme: &str| {
        let address = server.addr();
        format!("{scheme}://user:{PASSWORD_IN_URL}@{address}")
    };
    for name in ["magickpen", "chatgpt4online", "aura", "ai-sdk"] {
        let options = [
            ("server", ProviderOptions::new().with_base_url(with("http"))),
            ("TLS", ProviderOptions::new().with_base_url(with("https"))),
            (
                "proxy",
                ProviderOptions::new()
                    .with_base_url("http://site.invalid")
                    .with_http(HttpConfig::new().with_proxy(with("http"))),
            ),
            (
                "tunnel",
                ProviderOptions::new()
                    .with_base_url("https://site.invalid")
                    .with_http(HttpConfig::new().with_proxy(with("http"))),
            ),
            (
                "socks",
                ProviderOptions::new()
                    .with_base_url("http://site.invalid")
                    .with_http(HttpConfig::new().with_proxy(with("socks5h"))),
            ),
        ];
        for (case, options) in options {
            let printed = format!("{options:?}");
            assert_eq!(find(&printed, &secrets), None, "{name}, {case}");
            let client = provider(name, options).unwrap();
            let printed = format!("{client:?} {:?}", client.info());
            assert_eq!(find(&printed, &secrets), None, "{name}, {case}");
            let incomplete = client.reply(&ChatRequest::new("hi")).await.unwrap_err();
            let printed = format!("{incomplete} {incomplete:?}");
            assert_eq!(find(&printed, &secrets), None, "{name}, {case}");
            assert_eq!(check(&incomplete.error, &secrets), Ok(()), "{name}, {case}");
        }
        // Addresses and proxies that cannot be used.
        for bad in [
            format!("ftp://user:{PASSWORD_IN_URL}@host/"),
            format!("http://user:{PASSWORD_IN_URL}@host:99999/"),
            format!("http://user:{PASSWORD_IN_URL}@host/?q=1"),
            format!("user:{PASSWORD_IN_URL}@host"),
        ] {
            let base = ProviderOptions::new().with_base_url(&bad);
            let proxy = ProviderOptions::new()
                .with_base_url("http://127.0.0.1:1")
                .with_http(HttpConfig::new().with_proxy(&bad));
            for options in [base, proxy] {
                if let Err(error) = provider(name, options) {
                    assert_eq!(check(&error, &secrets), Ok(()), "{name}, {bad}");
                }
            }
        }
    }
    assert_eq!(find(&log::lines(), &secrets), None);
}
