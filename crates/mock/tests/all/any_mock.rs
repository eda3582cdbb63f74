//! The mock of a provider by its name.

use std::io::ErrorKind;

use chatwire_mock::{AnyMock, AuraMock};

use crate::support::call;

#[tokio::test]
async fn by_name() {
    for provider in AnyMock::PROVIDERS {
        let mock = AnyMock::by_name(provider).await.unwrap();
        assert_eq!(mock.provider(), provider);
        assert_eq!(mock.base_url(), mock.url());
        assert_eq!(mock.credential_fetches(), 0);
        let gives_secrets = !["aura", "ai-sdk"].contains(&provider);
        assert_eq!(!mock.secrets().is_empty(), gives_secrets, "{provider}");
        let before = mock.secrets();
        mock.expire_credentials();
        assert_eq!(mock.secrets() != before, gives_secrets, "{provider}");
        let busy = AnyMock::bind(provider, mock.addr()).await;
        assert_eq!(busy.unwrap_err().kind(), ErrorKind::AddrInUse, "{provider}");
    }
    let unknown = AnyMock::by_name("nobody").await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    assert_eq!(
        unknown.to_string(),
        "no mock of \"nobody\"; there are magickpen, chatgpt4online, aura, ai-sdk, openai, responses, \
         anthropic"
    );
}

#[tokio::test]
async fn questions_are_told_from_other_requests() {
    let mock = AnyMock::from(AuraMock::start().await.unwrap());
    let cases = [
        ("/ask", true),
        ("/api/chat", true),
        ("/wp-json/mwai-ui/v1/chats/submit", true),
        ("/blog/wp-json/mwai-ui/v1/chats/submit", true),
        ("/?rest_route=/mwai-ui/v1/chats/submit", true),
        (
            "/index.php?rest_route=%2Fmwai-ui%2Fv1%2Fchats%2Fsubmit",
            true,
        ),
        ("/wp-json/mwai/v1/start_session", false),
        ("/wp-json/mwai-ui/v1/files/upload", false),
        ("/?rest_route=/mwai/v1/start_session", false),
        ("/api/models", false),
        ("/_nuxt/bf709a9ce19f14e18116.js", false),
        ("/", false),
    ];
    for (target, is_chat) in cases {
        call(mock.addr(), "POST", target, &[], "").await;
        let request = mock.requests().pop().unwrap();
        assert_eq!(AnyMock::is_chat(&request), is_chat, "{target}");
    }
}

#[tokio::test]
async fn scripts_any_kind() {
    let mock = AnyMock::by_name("aura").await.unwrap();
    mock.reply("scripted").answer(mock.failure("over quota"));
    let body = r#"{"model":{"id":"openchat_3.6"},"messages":[{"role":"user","content":"Hi"}]}"#;
    let reply = call(mock.addr(), "POST", "/api/chat", &[], body).await;
    assert_eq!(reply.body(), "scripted");
    let failed = call(mock.addr(), "POST", "/api/chat", &[], body).await;
    assert_eq!(
        (failed.status, &failed.reason[..]),
        (500, &b"over quota"[..])
    );
}
