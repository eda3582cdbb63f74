//! openchat-ui and Chatbot-UI.

use crate::support::call;
use chatwire_mock::{AuraFlavour, AuraMock};
use serde_json::{Value, json};

fn body(limit: u64, contents: &[&str]) -> Value {
    let roles = ["user", "assistant"].iter().cycle();
    let messages: Vec<Value> = roles
        .zip(contents)
        .map(|(role, content)| json!({"role": role, "content": content}))
        .collect();
    json!({
        "model": {"id": "openchat_3.6", "name": "OpenChat 3.6 (latest)", "maxLength": 24576, "tokenLimit": limit},
        "messages": messages, "key": "", "prompt": "You are a test.", "temperature": 0,
    })
}

#[tokio::test]
async fn default_reply() {
    let mock = AuraMock::start().await.unwrap();
    let reply = call(
        mock.addr(),
        "POST",
        "/api/chat",
        &[],
        body(8192, &["q", "a", "é?"]).to_string(),
    )
    .await;
    assert_eq!(reply.body(), "This is the Aura mock. You asked: é?");
    assert_eq!((reply.status, reply.chunks.len()), (200, 8));
    assert_eq!(reply.header("content-type"), None);
    let received = &mock.received()[0];
    assert_eq!((received.messages.len(), received.dropped), (3, 0));
    assert_eq!(
        (received.prompt.as_str(), &received.temperature),
        ("You are a test.", &json!(0))
    );

    mock.piece_chars(100);
    mock.reply("whole");
    let reply = call(
        mock.addr(),
        "POST",
        "/api/chat",
        &[],
        body(8192, &["q"]).to_string(),
    )
    .await;
    assert_eq!(reply.chunks, [b"whole"]);
}

#[tokio::test]
async fn budget() {
    let (one, two) = ("one ".repeat(300), "two ".repeat(300));
    let conversation = [one.as_str(), two.as_str(), "ECHO:three"];
    // The first two rows are as recorded.
    let cases = [
        (AuraFlavour::OpenChatUi, 1400, 3),
        (AuraFlavour::ChatbotUi, 1400, 2),
        (AuraFlavour::OpenChatUi, 775, 1),
        (AuraFlavour::OpenChatUi, 774, 0),
        (AuraFlavour::ChatbotUi, 1006, 0),
    ];
    for (flavour, limit, kept) in cases {
        let mock = AuraMock::builder().flavour(flavour).start().await.unwrap();
        let reply = call(
            mock.addr(),
            "POST",
            "/api/chat",
            &[],
            body(limit, &conversation).to_string(),
        )
        .await;
        assert_eq!(reply.status, 200);
        let received = &mock.received()[0];
        assert_eq!(
            (received.messages.len(), received.dropped),
            (kept, 3 - kept),
            "{flavour:?} {limit}"
        );
    }
}

#[tokio::test]
async fn what_differs_between_the_two() {
    let mut request = body(8192, &["q"]);
    request["prompt"] = json!("");
    request["model"] = json!({"id": "gpt-9"});
    request["temperature"] = json!(0.3);
    for (flavour, status) in [
        (AuraFlavour::OpenChatUi, 500),
        (AuraFlavour::ChatbotUi, 200),
    ] {
        let mock = AuraMock::builder().flavour(flavour).start().await.unwrap();
        let reply = call(mock.addr(), "POST", "/api/chat", &[], request.to_string()).await;
        assert_eq!(reply.status, status);
        for received in mock.received() {
            assert_eq!(
                (received.prompt.as_str(), received.temperature),
                (AuraMock::DEFAULT_PROMPT, json!(1))
            );
        }
    }
    let mock = AuraMock::builder()
        .model("gpt-9", "Nine")
        .start()
        .await
        .unwrap();
    assert_eq!(
        call(mock.addr(), "POST", "/api/chat", &[], request.to_string())
            .await
            .status,
        200
    );
    assert_eq!(mock.received()[0].temperature, json!(0.3));
}

#[tokio::test]
async fn failures() {
    let mock = AuraMock::start().await.unwrap();
    let broken = [
        "",
        "this is not json",
        "[]",
        r#"{"model":{"id":"openchat_3.6"}}"#,
        r#"{"model":{"id":"openchat_3.6"},"messages":[{"role":"user","content":null}]}"#,
        r#"{"model":{"id":"openchat_3.6"},"messages":[{"role":"user","content":"\ud83d"}]}"#,
    ];
    for body in broken {
        let reply = call(mock.addr(), "POST", "/api/chat", &[], body).await;
        assert_eq!(
            (reply.status, reply.reason.as_slice()),
            (500, &b"Internal Server Error"[..]),
            "{body}"
        );
        assert_eq!(
            (reply.body().as_str(), reply.header("content-type")),
            ("Error", Some("text/plain;charset=UTF-8"))
        );
    }
    let causes: [(&str, &[u8]); 5] = [
        (
            "Rate limit reached for gpt-4",
            b"Rate limit reached for gpt-4",
        ),
        ("café", b"caf\xe9"),
        ("two\nlines", b"Internal Server Error"),
        ("日本", b"Internal Server Error"),
        ("", b"Internal Server Error"),
    ];
    for (cause, reason) in causes {
        mock.fail(cause);
        let reply = call(
            mock.addr(),
            "POST",
            "/api/chat",
            &[],
            body(8192, &["q"]).to_string(),
        )
        .await;
        assert_eq!(
            (reply.status, reply.reason.as_slice()),
            (500, reason),
            "{cause}"
        );
    }
}

#[tokio::test]
async fn other_paths() {
    let mock = AuraMock::builder()
        .require_cookie("s", "1")
        .start()
        .await
        .unwrap();
    let cookie = [("cookie", "a=b; s=1")];
    let cases = [
        ("GET", "/api/chat", 500),
        ("POST", "/api/chat/", 308),
        ("POST", "/api/models", 200),
        ("GET", "/api/models", 500),
        ("GET", "/nothing", 404),
        ("GET", "/", 200),
    ];
    for (method, path, status) in cases {
        let body = if method == "POST" {
            r#"{"key":""}"#
        } else {
            ""
        };
        let reply = call(mock.addr(), method, path, &cookie, body).await;
        assert_eq!(reply.status, status, "{path}");
        if path == "/api/models" && status == 200 {
            assert_eq!(
                reply.json()[0],
                json!({"id": "openchat_3.6", "name": "OpenChat 3.6 (latest)"})
            );
        }
        if status == 308 {
            assert_eq!(reply.header("location"), Some("/api/chat"));
        }
        assert_eq!(
            call(mock.addr(), method, path, &[("cookie", "s=2")], body)
                .await
                .status,
            401
        );
    }
    let mock = AuraMock::builder()
        .require_header("X-Key", "k")
        .start()
        .await
        .unwrap();
    assert_eq!(
        call(mock.addr(), "GET", "/", &[("x-key", "k")], "")
            .await
            .status,
        200
    );
    assert_eq!(call(mock.addr(), "GET", "/", &[], "").await.status, 401);
}
