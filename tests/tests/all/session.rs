//! Aura with the session of a browser that was closed long ago: no browser and
//! no feature is needed.

use chatwire::HttpConfig;
use chatwire::aura::{Aura, BrowserSession, SessionOptions};
use chatwire::{ChatRequest, ErrorKind, Provider, ProviderExt, ProviderOptions, provider};
use chatwire_mock::{Answer, AuraMock};

fn session(url: &str) -> String {
    serde_json::json!({
        "address": format!("{url}/chat?from=login"),
        "cookies": [
            {"name": "pass", "value": "first-pass"},
            {"name": "ended", "value": "x", "expires": 1},
        ],
        "user_agent": "Mozilla/5.0 (real)",
        "languages": ["de-DE", "de"],
    })
    .to_string()
}

#[tokio::test]
async fn a_session_goes_with_every_request() {
    let mock = AuraMock::start().await.unwrap();
    let url = mock.url();
    let session = BrowserSession::from_json(&session(&url)).unwrap();
    let client = Aura::builder()
        .base_url(&url)
        .sessions(SessionOptions::new().with_session(session.clone()))
        .build()
        .unwrap();
    assert_eq!(client.sessions().current().as_ref(), Some(&session));
    client.reply(&ChatRequest::new("hi")).await.unwrap();
    client.models().await.unwrap();
    let requests = mock.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        for (name, value) in [
            ("cookie", Some("pass=first-pass")),
            ("user-agent", Some("Mozilla/5.0 (real)")),
            ("accept-language", Some("de-DE,de;q=0.9")),
            ("referer", Some(format!("{url}/chat?from=login").as_str())),
            ("origin", Some(url.as_str())),
            ("content-type", Some("application/json")),
            ("sec-ch-ua", None),
        ] {
            assert_eq!(request.header(name), value, "{name}");
        }
    }
    // What the caller sets is nearer.
    let client = Aura::builder()
        .base_url(&url)
        .sessions(SessionOptions::new().with_session(session))
        .http(HttpConfig::new().with_user_agent("mine/1"))
        .build()
        .unwrap();
    client.reply(&ChatRequest::new("hi")).await.unwrap();
    let last = mock.requests().pop().unwrap();
    assert_eq!(last.header("user-agent"), Some("mine/1"));
    assert_eq!(last.header("cookie"), Some("pass=first-pass"));
}

#[tokio::test]
async fn a_refused_session_is_said_to_be_and_not_shown() {
    for status in [401, 403] {
        let mock = AuraMock::start().await.unwrap();
        mock.answer_with(move |_| {
            Some(Answer::json(r#"{"error": "first-pass has ended"}"#).with_status(status))
        });
        let session = BrowserSession::from_json(&session(&mock.url())).unwrap();
        let client = Aura::builder()
            .base_url(mock.url())
            .sessions(SessionOptions::new().with_session(session))
            .build()
            .unwrap();
        let error = client.stream(&ChatRequest::new("hi")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials, "{error}");
        assert_eq!(error.status(), Some(status));
        let shown = format!("{error} {error:?} {client:?}");
        assert!(shown.contains("a browser has to make a new one"), "{shown}");
        assert!(!shown.contains("first-pass"), "{shown}");
        assert_eq!(mock.requests().len(), 1);
    }
}

#[tokio::test]
async fn session_files_are_read_at_once_or_refused() {
    let mock = AuraMock::start().await.unwrap();
    let folder = std::env::temp_dir().join(format!("chatwire-session-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // (content, what the error says)
    let cases = [
        (None, "there is no session file"),
        (
            Some(String::new()),
            "expected a session that chatwire wrote",
        ),
        (Some(r#"{"cookies": "first-pass"}"#.to_owned()), "line 1"),
        (Some(session("http://127.0.0.1:1")), "not of"),
        (Some(session(&mock.url())), ""),
    ];
    for (number, (content, words)) in cases.into_iter().enumerate() {
        let file = folder.join(format!("{number}.json"));
        if let Some(content) = &content {
            std::fs::write(&file, content).unwrap();
        }
        let options = ProviderOptions::new()
            .with_base_url(mock.url())
            .with_setting("session_file", file.to_str().unwrap());
        match provider("aura", options) {
            Ok(client) => {
                assert_eq!(words, "", "{content:?}");
                client.reply(&ChatRequest::new("hi")).await.unwrap();
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
                assert!(error.to_string().contains(words), "{error}");
                assert!(!error.to_string().contains("first-pass"), "{error}");
            }
        }
    }
    // The list of models, and the question.
    assert_eq!(mock.requests().len(), 2);
    std::fs::remove_dir_all(&folder).unwrap();
}
