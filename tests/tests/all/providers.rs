//! What holds for every provider alike: streaming streams, requests are exactly
//! what the protocol has, further replies cost one request on one connection,
//! and bad input is refused before anything is sent.

use std::sync::Arc;
use std::time::Duration;

use chatwire::HttpConfig;
use chatwire::{
    ChatRequest, ErrorKind, Message, Messages, Provider, ProviderExt, ProviderOptions, ReplyEvent,
    Role, provider, providers,
};
use chatwire_mock::{
    AiEngineMock, AiReply, Answer, AnyMock, AuraMock, Gate, MagickPenMock, MockServer, Permalinks,
    PluginVersion, ProxyMock,
};
use serde_json::{Value, json};

/// Answers with a first piece, and the rest when the gate opens.
fn hold_back(mock: &AnyMock, first: &str, rest: &str, gate: &Gate) {
    let server: &MockServer = mock;
    match mock {
        AnyMock::AiEngine(_) => server.answer(
            AiReply::new()
                .delta(first)
                .wait(gate)
                .delta(rest)
                .end(format!("{first}{rest}"))
                .answer(),
        ),
        _ => server.answer(
            Answer::stream(Vec::<String>::new())
                .piece(first)
                .wait(gate)
                .piece(rest),
        ),
    };
}

fn names() -> Vec<&'static str> {
    providers().iter().map(|kind| kind.name).collect()
}

fn client(name: &str, mock: &AnyMock) -> Arc<dyn Provider> {
    let url = mock.url();
    provider(name, ProviderOptions::new().with_base_url(url)).unwrap()
}

#[test]
fn the_options_of_a_request_are_listed() {
    for kind in providers() {
        let options = ProviderOptions::new().with_base_url("http://127.0.0.1:1");
        let client = provider(kind.name, options).unwrap();
        let listed: Vec<&str> = kind.request_options.iter().map(|o| o.name).collect();
        assert_eq!(client.info().request_options, listed, "{}", kind.name);
    }
}

#[tokio::test]
async fn every_provider_answers_from_its_mock() {
    for name in names() {
        let mock = AnyMock::by_name(name).await.unwrap();
        let reply = client(name, &mock)
            .reply(&ChatRequest::new("hello there"))
            .await
            .unwrap();
        assert!(reply.text.contains("mock"), "{name}: {}", reply.text);
        assert!(reply.text.contains("hello there"), "{name}: {}", reply.text);
        assert_eq!(reply.provider, name);
    }
}

#[tokio::test]
async fn the_first_text_is_out_while_the_server_holds_the_rest_back() {
    for name in names() {
        let mock = AnyMock::by_name(name).await.unwrap();
        let gate = Gate::new();
        hold_back(&mock, "first", " rest", &gate);
        let request = ChatRequest::new("hi");
        let client = client(name, &mock);
        let mut reply = client.stream(&request).await.unwrap();
        let first = reply.next().await.unwrap().unwrap();
        assert_eq!(first, ReplyEvent::Text("first".into()), "{name}");
        assert!(!gate.is_open());
        gate.open();
        let reply = reply.collect().await.unwrap();
        assert!(reply.text.ends_with(" rest"), "{name}: {:?}", reply.text);
    }
}

#[tokio::test]
async fn a_further_reply_costs_one_request_on_the_same_connection() {
    for name in names() {
        let mock = AnyMock::by_name(name).await.unwrap();
        let client = client(name, &mock);
        client.reply(&ChatRequest::new("one")).await.unwrap();
        let before = mock.requests().len();
        for round in 1..=5 {
            client.reply(&ChatRequest::new("more")).await.unwrap();
            assert_eq!(mock.requests().len(), before + round, "{name}");
        }
        assert_eq!(mock.connections(), 1, "{name}");
    }
}

#[tokio::test]
async fn bad_input_is_refused_before_anything_is_sent() {
    let empty = Messages::new();
    let cases: Vec<(&str, ChatRequest, &str)> = vec![
        ("empty", ChatRequest::new(empty), "empty"),
        ("blank", ChatRequest::new(" \n\t"), "blank"),
        (
            "no user",
            ChatRequest::new(Messages::new().system("Be brief.")),
            "user message",
        ),
        (
            "temperature",
            ChatRequest::new("hi").with_temperature(f32::NAN),
            "temperature",
        ),
        (
            "max_tokens",
            ChatRequest::new("hi").with_max_tokens(0),
            "max_tokens",
        ),
        ("model", ChatRequest::new("hi").with_model(""), "model"),
    ];
    for name in names() {
        let mock = AnyMock::by_name(name).await.unwrap();
        let client = client(name, &mock);
        for (case, request, words) in &cases {
            let error = client.stream(request).await.unwrap_err();
            let message = error.to_string();
            assert!(message.contains(words), "{name}, {case}: {message}");
            assert!(message.starts_with(name), "{name}, {case}: {message}");
        }
        assert_eq!(mock.requests().len(), 0, "{name}");
        let named = || ProviderOptions::new().with_base_url("http://127.0.0.1:1");
        let bad_options = [
            (
                ProviderOptions::new().with_base_url("example.org"),
                "example.org",
            ),
            (ProviderOptions::new(), "no base URL"),
            (
                ProviderOptions::new().with_base_url("ftp://example.org"),
                "ftp://",
            ),
            (
                ProviderOptions::new().with_base_url("http://h/?q=1"),
                "query",
            ),
            (
                named().with_http(HttpConfig::new().with_proxy("gopher://p:1")),
                "gopher://p:1",
            ),
            (
                named().with_http(HttpConfig::new().with_header("bad name", "x")),
                "\"bad…\" is not the name",
            ),
            (
                named().with_http(HttpConfig::new().with_header("x-good", "a\nb")),
                "x-good",
            ),
            (named().with_setting("colour", "red"), "colour"),
        ];
        for (options, words) in bad_options {
            let error = provider(name, options).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{name}: {error}");
            assert!(error.to_string().contains(words), "{name}: {error}");
        }
    }
    let error = provider("nobody", ProviderOptions::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownProvider);
    assert!(error.to_string().contains("nobody"));
}

#[tokio::test]
async fn a_proxy_sees_every_request_and_headers_are_on_all() {
    for name in names() {
        let mock = AnyMock::by_name(name).await.unwrap();
        let proxy = ProxyMock::start().await.unwrap();
        let http = HttpConfig::new()
            .with_proxy(proxy.url())
            .with_header("x-team", "search")
            .with_user_agent("test/1");
        let options = ProviderOptions::new()
            .with_base_url(mock.url())
            .with_http(http);
        let client = provider(name, options).unwrap();
        client.reply(&ChatRequest::new("hi")).await.unwrap();
        let requests = mock.requests();
        assert_eq!(proxy.requests().len(), requests.len(), "{name}");
        for request in requests {
            assert_eq!(request.header("x-team"), Some("search"), "{name}");
            assert_eq!(request.header("user-agent"), Some("test/1"), "{name}");
            assert_eq!(request.header("accept-encoding"), None, "{name}");
        }
    }
}

/// A conversation with everything in it.
fn conversation() -> ChatRequest {
    ChatRequest::new(
        Messages::new()
            .system("Be brief.")
            .user("Hi")
            .assistant("Hello!")
            .with_message(Message::new(Role::Developer, "Be kind."))
            .user("Wie heißt du? 👩‍👩‍👧"),
    )
}

#[tokio::test]
async fn magickpen_asks_as_the_protocol_has_it() {
    let mock = MagickPenMock::start().await.unwrap();
    let url = mock.url();
    let client = provider("magickpen", ProviderOptions::new().with_base_url(&url)).unwrap();
    client.reply(&conversation()).await.unwrap();
    let requests = mock.requests();
    let paths: Vec<&str> = requests.iter().map(|request| request.path()).collect();
    assert_eq!(paths, ["/_nuxt/bf709a9ce19f14e18116.js", "/ask"]);
    let ask = &requests[1];
    assert_eq!(
        ask.json().unwrap(),
        json!({
            "query": "System: Be brief.\nUser: Hi\nAssistant: Hello!\nDeveloper: Be kind.\n\
                      User: Wie heißt du? 👩‍👩‍👧\nAssistant:",
            "turnstileResponse": "",
            "action": "verify",
        })
    );
    let header = |name| ask.header(name).unwrap();
    let signature = MagickPenMock::signature(header("timestamp"), header("nonce"));
    let referer = format!("{url}/");
    for (name, value) in [
        ("accept", "application/json, text/plain, */*"),
        ("accept-language", "en-US,en;q=0.9"),
        ("content-type", "application/json"),
        ("origin", url.as_str()),
        ("referer", referer.as_str()),
        ("signature", signature.as_str()),
        ("secret", mock.secret().as_str()),
        ("x-api-secret", mock.api_secret().as_str()),
    ] {
        assert_eq!(header(name), value, "{name}");
    }
}

#[tokio::test]
async fn magickpen_finds_its_credentials_again() {
    let mock = MagickPenMock::start().await.unwrap();
    let client = provider(
        "magickpen",
        ProviderOptions::new().with_base_url(mock.url()),
    )
    .unwrap();
    let request = ChatRequest::new("hi");
    client.reply(&request).await.unwrap();
    // The secrets change: refused once, read again, answered.
    mock.rotate_secrets();
    client.reply(&request).await.unwrap();
    // A new deployment moves the bundle too: found from the front page.
    mock.redeploy("0123456789abcdef0123");
    mock.rotate_secrets();
    client.reply(&request).await.unwrap();
    assert!(mock.requests_to("/") >= 1);
}

#[tokio::test]
async fn chatgpt4online_asks_as_the_protocol_has_it() {
    // Older plugins start no sessions; what they are asked is in `ai_engine.rs`.
    for version in [
        PluginVersion::V2_4_9,
        PluginVersion::V3_6_2,
        PluginVersion::V3_7,
    ] {
        asked_as_the_protocol_has_it(version).await;
    }
}

async fn asked_as_the_protocol_has_it(version: PluginVersion) {
    let builder = AiEngineMock::builder().version(version);
    let mock = builder.start().await.unwrap();
    let url = mock.url();
    let options = ProviderOptions::new()
        .with_base_url(&url)
        .with_setting("trusted", "true")
        .with_setting("system_prompt", "instructions");
    let client = provider("chatgpt4online", options).unwrap();
    let request = conversation().with_temperature(0.2).with_max_tokens(77);
    client.reply(&request).await.unwrap();
    let requests = mock.requests();
    let paths: Vec<&str> = requests.iter().map(|request| request.path()).collect();
    assert_eq!(
        paths,
        [
            "/wp-json/mwai/v1/start_session",
            "/wp-json/mwai-ui/v1/chats/submit"
        ]
    );
    assert_eq!(requests[0].header("x-wp-nonce"), None);
    let submit = &requests[1];
    assert_eq!(
        submit.json().unwrap(),
        json!({
            "botId": "default",
            "newMessage": "Wie heißt du? 👩‍👩‍👧",
            "messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello!"},
            ],
            "instructions": "Be brief.\nBe kind.",
            "temperature": 0.2,
            "maxTokens": 77,
            "stream": true,
        })
    );
    for (name, value) in [
        ("accept", "text/event-stream"),
        ("content-type", "application/json"),
        ("origin", url.as_str()),
        ("x-wp-nonce", mock.nonce().as_str()),
    ] {
        assert_eq!(submit.header(name), Some(value), "{name}");
    }
    assert_eq!(submit.header("accept-encoding"), None);
}

#[tokio::test]
async fn chatgpt4online_options_reach_the_site() {
    // (settings, request, members that the body must have, members it must not)
    let long: Messages = (0..40)
        .map(|n| match n % 2 {
            0 => Message::user(format!("message {n}")),
            _ => Message::assistant(format!("message {n}")),
        })
        .chain([Message::user("last")])
        .collect();
    type Row = (
        Vec<(&'static str, &'static str)>,
        ChatRequest,
        Value,
        Vec<&'static str>,
    );
    let cases: Vec<Row> = vec![
        (
            vec![],
            ChatRequest::new("hi"),
            json!({"botId": "default", "newMessage": "hi", "stream": true}),
            vec![
                "messages",
                "maxMessages",
                "instructions",
                "model",
                "temperature",
                "customId",
            ],
        ),
        (
            vec![("custom_id", "c1")],
            ChatRequest::new("hi"),
            json!({"customId": "c1"}),
            vec!["botId"],
        ),
        (
            vec![("bot_id", "b1")],
            ChatRequest::new("hi")
                .with_conversation_id("x")
                .with_option("session", "s")
                .with_option("context_id", "4")
                .with_option("new_file_id", "f"),
            json!({"botId": "b1", "chatId": "x", "session": "s", "contextId": "4", "newFileId": "f"}),
            vec!["previousResponseId"],
        ),
        (
            vec![("model", "gpt-4o"), ("trusted", "true")],
            ChatRequest::new("hi"),
            json!({"model": "gpt-4o"}),
            vec![],
        ),
        (
            vec![],
            ChatRequest::new("hi").with_model("default"),
            json!({}),
            vec!["model"],
        ),
        (
            vec![("models", "gpt-4o, o3"), ("trusted", "true")],
            ChatRequest::new("hi").with_model("o3"),
            json!({"model": "o3"}),
            vec![],
        ),
        (
            vec![("stream", "false")],
            ChatRequest::new("hi"),
            json!({"stream": false}),
            vec![],
        ),
        (
            vec![("flatten", "true")],
            ChatRequest::new(
                Messages::new()
                    .system("S")
                    .user("a")
                    .assistant("b")
                    .user("c"),
            ),
            json!({"newMessage": "System: S\nUser: a\nAssistant: b\nUser: c\nAssistant:"}),
            vec!["messages", "instructions"],
        ),
        (
            vec![],
            ChatRequest::new(long),
            json!({"newMessage": "last", "maxMessages": 40}),
            vec![],
        ),
    ];
    let versions = || PluginVersion::ALL.into_iter();
    let cases = cases
        .iter()
        .flat_map(|case| versions().map(move |it| (it, case)));
    for (version, (settings, request, has, has_not)) in cases {
        let mock = AiEngineMock::builder()
            .version(version)
            .model("gpt-4o")
            .model("o3")
            .bot("b1")
            .start()
            .await
            .unwrap();
        let mut options = ProviderOptions::new().with_base_url(mock.url());
        for (name, value) in settings {
            options = options.with_setting(*name, *value);
        }
        let client = provider("chatgpt4online", options).unwrap();
        let outcome = client.reply(request).await;
        // Before 3.0, a site refuses bots that it does not know.
        let may_refuse = version < PluginVersion::V3_6_2;
        assert!(outcome.is_ok() || may_refuse, "{version:?}: {outcome:?}");
        let requests = mock.requests();
        let asked = requests
            .iter()
            .rfind(|it| it.target.ends_with("/chats/submit"));
        let body = asked.unwrap().json().unwrap();
        for (name, value) in has.as_object().unwrap() {
            assert_eq!(&body[name], value, "{version:?} {settings:?}: {name}");
        }
        for name in has_not {
            assert!(body.get(name).is_none(), "{version:?} {settings:?}: {name}");
        }
    }
    let mock = AiEngineMock::start().await.unwrap();
    let client = provider(
        "chatgpt4online",
        ProviderOptions::new().with_base_url(mock.url()),
    )
    .unwrap();
    let unknown = ChatRequest::new("hi").with_model("llama-3");
    let error = client.stream(&unknown).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsupportedModel);
    assert!(error.to_string().contains("llama-3"));
    // The page with the bots was looked at, and nothing was asked.
    let paths: Vec<String> = mock.requests().into_iter().map(|it| it.target).collect();
    assert_eq!(paths, ["/"]);
}

#[tokio::test]
async fn chatgpt4online_finds_its_way_on_every_kind_of_site() {
    use Permalinks::{Plain, PlainRootOnly, Pretty};
    for version in PluginVersion::ALL {
        for permalinks in [Pretty, Plain, PlainRootOnly] {
            for directory in ["", "/blog"] {
                let case = format!("{version:?} {permalinks:?} {directory:?}");
                let mock = AiEngineMock::builder()
                    .version(version)
                    .permalinks(permalinks)
                    .directory(directory)
                    .start()
                    .await
                    .unwrap();
                let options = ProviderOptions::new().with_base_url(mock.base_url());
                let client = provider("chatgpt4online", options).unwrap();
                let request = ChatRequest::new(Messages::new().system("SYS").user("hi"));
                let reply = client.reply(&request).await;
                assert!(reply.is_ok(), "{case}: {reply:?}");
                let received = mock.model_received();
                assert!(received[0].history[0].content.ends_with("SYS"), "{case}");
                let before = mock.requests().len();
                client.reply(&request).await.unwrap();
                assert_eq!(mock.requests().len(), before + 1, "{case}: not remembered");
            }
        }
    }
}

#[tokio::test]
async fn chatgpt4online_keeps_its_nonce_fresh() {
    for version in PluginVersion::ALL {
        nonce_is_kept_fresh(version).await;
    }
}

async fn nonce_is_kept_fresh(version: PluginVersion) {
    let builder = AiEngineMock::builder().version(version);
    let mock = builder.start().await.unwrap();
    let client = provider(
        "chatgpt4online",
        ProviderOptions::new().with_base_url(mock.url()),
    )
    .unwrap();
    // Before 2.4.4 nonces come from the page, and before 2.0 there are none.
    let fetches = |count: usize| match version >= PluginVersion::V2_4_9 {
        true => count,
        false => 0,
    };
    let request = ChatRequest::new("hi");
    client.reply(&request).await.unwrap();
    assert_eq!(mock.credential_fetches(), fetches(1), "{version:?}");
    // An ageing nonce is answered with the fresh one, which is adopted.
    mock.age_nonce();
    client.reply(&request).await.unwrap();
    client.reply(&request).await.unwrap();
    let last = mock.requests().pop().unwrap();
    let nonce = (version > PluginVersion::V1_9_99).then(|| mock.nonce());
    assert_eq!(last.header("x-wp-nonce"), nonce.as_deref(), "{version:?}");
    assert_eq!(mock.credential_fetches(), fetches(1), "{version:?}");
    // An expired one is renewed once.
    mock.expire_nonce();
    client.reply(&request).await.unwrap();
    assert_eq!(mock.credential_fetches(), fetches(2), "{version:?}");
}

#[tokio::test]
async fn aura_asks_as_the_protocol_has_it() {
    let mock = AuraMock::start().await.unwrap();
    let options = ProviderOptions::new()
        .with_base_url(mock.url())
        .with_setting("key", "sk-mine");
    let client = provider("aura", options).unwrap();
    client
        .reply(&conversation().with_temperature(0.0))
        .await
        .unwrap();
    let requests = mock.requests();
    // The server's list decides which model is asked.
    let paths: Vec<&str> = requests.iter().map(|request| request.path()).collect();
    assert_eq!(paths, ["/api/models", "/api/chat"]);
    assert_eq!(requests[0].json().unwrap(), json!({"key": "sk-mine"}));
    assert_eq!(
        requests[1].json().unwrap(),
        json!({
            "model": {
                "id": "openchat_3.6",
                "name": "OpenChat 3.6 (latest)",
                "maxLength": 24576,
                "tokenLimit": 8192,
            },
            "messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello!"},
                {"role": "user", "content": "Wie heißt du? 👩‍👩‍👧"},
            ],
            "key": "sk-mine",
            "prompt": "Be brief.\nBe kind.",
            "temperature": 0.0,
        })
    );
    assert_eq!(requests[0].header("content-type"), Some("application/json"));
    let models = client.models().await.unwrap();
    assert!(!models.is_empty());
    assert_eq!(
        mock.requests()[2].json().unwrap(),
        json!({"key": "sk-mine"})
    );
}

#[tokio::test]
async fn aura_never_lets_the_server_drop_the_question() {
    // (token_limit, characters of the question, sent or refused)
    let cases = [
        (None, 100, true),
        (None, 40_000, true),
        (Some("2000"), 100, true),
        (Some("2000"), 40_000, false),
        (Some("512"), 10, false),
    ];
    for (limit, length, sent) in cases {
        let mock = AuraMock::start().await.unwrap();
        let mut options = ProviderOptions::new().with_base_url(mock.url());
        if let Some(limit) = limit {
            options = options.with_setting("token_limit", limit);
        }
        let client = provider("aura", options).unwrap();
        let result = client.reply(&ChatRequest::new("x".repeat(length))).await;
        let case = format!("{limit:?}, {length}");
        if sent {
            assert!(result.is_ok(), "{case}: {result:?}");
            let received = mock.received();
            assert_eq!(
                received[0].messages.last().unwrap().content.len(),
                length,
                "{case}"
            );
        } else {
            let error = result.unwrap_err().error;
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{case}");
            assert!(error.to_string().contains("token_limit"), "{case}: {error}");
            assert_eq!(mock.requests().len(), 0, "{case}");
        }
    }
}

#[tokio::test]
async fn aura_reads_why_it_failed_from_the_reason_phrase() {
    let cases = [
        (
            "Rate limit reached for gpt-4o",
            ErrorKind::RateLimited,
            "gpt-4o",
        ),
        (
            "You exceeded your current quota",
            ErrorKind::Refused,
            "quota",
        ),
        (
            "Incorrect API key provided: sk-mi***ne",
            ErrorKind::Credentials,
            "API key",
        ),
        (
            "This model's maximum context length is 8192 tokens",
            ErrorKind::ContextLength,
            "8192",
        ),
        (
            "The model `x` does not exist",
            ErrorKind::UnsupportedModel,
            "does not exist",
        ),
        ("café", ErrorKind::Refused, "cannot be read"),
        ("line\nbreak", ErrorKind::Status, "500"),
    ];
    for (cause, kind, words) in cases {
        let mock = AuraMock::start().await.unwrap();
        mock.fail(cause);
        let client = provider("aura", ProviderOptions::new().with_base_url(mock.url())).unwrap();
        let error = client.stream(&ChatRequest::new("hi")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{cause}: {error:?}");
        assert_eq!(error.status(), Some(500), "{cause}");
        assert!(error.to_string().contains(words), "{cause}: {error}");
    }
}

#[tokio::test]
async fn a_whole_reply_is_not_waited_for_longer_than_it_takes() {
    for version in PluginVersion::ALL {
        not_waited_for_longer(version).await;
    }
}

async fn not_waited_for_longer(version: PluginVersion) {
    // The connection stays open after the end mark: the reply ends all the same.
    let builder = AiEngineMock::builder().version(version);
    let mock = builder.start().await.unwrap();
    let forever = Gate::new();
    mock.reply(AiReply::new().delta("whole").end("whole").wait(&forever));
    let client = provider(
        "chatgpt4online",
        ProviderOptions::new().with_base_url(mock.url()),
    )
    .unwrap();
    let request = ChatRequest::new("hi");
    let reply = tokio::time::timeout(Duration::from_secs(60), client.reply(&request));
    assert_eq!(reply.await.expect("in time").unwrap().text, "whole");
}
