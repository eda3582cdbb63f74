//! What is asked, and what the model behind the mock receives of it.

use chatwire::ai_sdk::{AiSdk, AiSdkBuilder, BodyShape, Members, SystemPrompt};
use chatwire::{
    ChatRequest, ErrorKind, Image, Message, Messages, Part, Provider as _, ProviderExt as _,
};
use chatwire_mock::{AiSdkMock, AiSdkRoute, AiSdkStream, AiSdkVersion};
use serde_json::{Value, json};

fn conversation() -> ChatRequest {
    ChatRequest::new(
        Messages::new()
            .system("Be brief.")
            .user("Q1")
            .assistant("A1")
            .user("Q2"),
    )
}

fn members(json: Value) -> Members {
    json.to_string().parse().expect("an object")
}

/// Asks the mock, and gives what reached its model as `role: text` lines, or
/// the kind of the error.
async fn reaches(
    mock: &AiSdkMock,
    builder: AiSdkBuilder,
    request: &ChatRequest,
) -> Result<Vec<String>, ErrorKind> {
    let provider = builder.base_url(mock.url()).build().unwrap();
    provider
        .reply(request)
        .await
        .map_err(|failed| failed.error.kind())?;
    let received = mock.received().pop().unwrap();
    let lines = received.messages.iter();
    Ok(lines
        .map(|message| format!("{}: {}", message.role, message.content))
        .collect())
}

#[tokio::test]
async fn the_default_body_is_taken_by_every_server() {
    for version in AiSdkVersion::ALL {
        for route in [
            AiSdkRoute::Convert,
            AiSdkRoute::Validate,
            AiSdkRoute::Straight,
        ] {
            let mock = AiSdkMock::builder()
                .version(version)
                .route(route)
                .start()
                .await
                .unwrap();
            let got = reaches(&mock, AiSdk::builder(), &conversation())
                .await
                .unwrap();
            let want = ["user: Be brief.\n\nQ1", "assistant: A1", "user: Q2"];
            assert_eq!(got, want, "{version:?} {route:?}");
        }
    }
}

#[tokio::test]
async fn each_shape_is_taken_by_the_versions_it_is_for() {
    use AiSdkVersion::{V3, V4, V5, V6, V7};
    let table: &[(BodyShape, AiSdkRoute, &[AiSdkVersion])] = &[
        (BodyShape::V3, AiSdkRoute::Convert, &[V3, V4]),
        (BodyShape::V3, AiSdkRoute::Straight, &[V3, V4, V5, V6, V7]),
        (BodyShape::V4, AiSdkRoute::Convert, &[V3, V4, V5, V6, V7]),
        (BodyShape::V4, AiSdkRoute::Validate, &[V3, V4]),
        (BodyShape::V5, AiSdkRoute::Convert, &[V4, V5, V6, V7]),
        (BodyShape::V5, AiSdkRoute::Validate, &[V4, V5, V6, V7]),
        (BodyShape::V5, AiSdkRoute::Straight, &[V4]),
    ];
    for (shape, route, takes) in table {
        for version in AiSdkVersion::ALL {
            let mock = AiSdkMock::builder()
                .version(version)
                .route(*route)
                .start()
                .await
                .unwrap();
            let got = reaches(&mock, AiSdk::builder().body(*shape), &conversation()).await;
            let case = format!("{shape:?} {route:?} {version:?}: {got:?}");
            assert_eq!(got.is_ok(), takes.contains(&version), "{case}");
        }
    }
}

#[tokio::test]
async fn a_system_prompt_goes_where_it_should() {
    let ask = |version, how: SystemPrompt| async move {
        let mock = AiSdkMock::builder().version(version).start().await.unwrap();
        let builder = AiSdk::builder().system_prompt(how);
        let got = reaches(&mock, builder, &conversation()).await;
        let body = mock.received().pop().map(|received| received.body);
        (got, body.unwrap_or_default())
    };
    let (got, _) = ask(AiSdkVersion::V6, SystemPrompt::Message).await;
    assert_eq!(got.unwrap()[0], "system: Be brief.");
    // Version 7 refuses it.
    let (got, _) = ask(AiSdkVersion::V7, SystemPrompt::Message).await;
    assert_eq!(got, Err(ErrorKind::Refused));
    let (got, body) = ask(AiSdkVersion::V7, SystemPrompt::Member("system".into())).await;
    assert_eq!(got.unwrap(), ["user: Q1", "assistant: A1", "user: Q2"]);
    assert_eq!(body["system"], "Be brief.");
    let (got, _) = ask(AiSdkVersion::V7, SystemPrompt::Refuse).await;
    assert_eq!(got, Err(ErrorKind::InvalidRequest));
}

#[tokio::test]
async fn the_body_has_what_the_app_needs() {
    let mock = AiSdkMock::builder()
        .require_member("model")
        .start()
        .await
        .unwrap();
    let ask = |builder, request| {
        let mock = mock.clone();
        async move { reaches(&mock, builder, &request).await }
    };
    // The route throws, and the error says what may be missing.
    let provider = AiSdk::builder().base_url(mock.url()).build().unwrap();
    let error = provider.stream(&ChatRequest::new("Q")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Status, Some(500))
    );
    assert!(error.to_string().contains("`model`"), "{error}");

    let body = || mock.received().pop().unwrap().body;
    ask(AiSdk::builder().model("gpt-5"), ChatRequest::new("Q"))
        .await
        .unwrap();
    assert_eq!(body()["model"], "gpt-5");
    ask(
        AiSdk::builder().model("gpt-5"),
        ChatRequest::new("Q").with_model("o9"),
    )
    .await
    .unwrap();
    assert_eq!(body()["model"], "o9");
    let extra = json!({"model": "a/b", "webSearch": false, "trigger": null, "n": {"x": [1]}});
    ask(
        AiSdk::builder().extra(members(extra.clone())),
        ChatRequest::new("Q"),
    )
    .await
    .unwrap();
    for (name, value) in extra.as_object().unwrap() {
        assert_eq!(body()[name], *value);
    }
    let request = ChatRequest::new("Q").with_option("extra", r#"{"webSearch":true,"model":"m"}"#);
    ask(
        AiSdk::builder().extra(members(json!({"webSearch": false}))),
        request,
    )
    .await
    .unwrap();
    assert_eq!(body()["webSearch"], true);
    let request = ChatRequest::new("Q").with_option("extra", "[1]");
    let got = ask(AiSdk::builder().model("m"), request).await;
    assert_eq!(got, Err(ErrorKind::InvalidRequest));

    // Ids are fresh UUIDs, unless the caller has one for the chat.
    ask(AiSdk::builder().model("m").chat_id("mine"), conversation())
        .await
        .unwrap();
    assert_eq!(body()["id"], "mine");
    let request = conversation().with_conversation_id("this one");
    ask(AiSdk::builder().model("m").chat_id("mine"), request)
        .await
        .unwrap();
    assert_eq!(body()["id"], "this one");
    ask(AiSdk::builder().model("m"), conversation())
        .await
        .unwrap();
    let all = body();
    let ids: Vec<&str> = [
        &all["id"],
        &all["messages"][0]["id"],
        &all["messages"][1]["id"],
    ]
    .iter()
    .map(|id| id.as_str().unwrap())
    .collect();
    for id in &ids {
        assert_eq!(id.len(), 36, "{id}");
        assert_eq!(&id[14..15], "4", "{id}");
        assert_eq!(ids.iter().filter(|other| other == &id).count(), 1);
    }
}

#[tokio::test]
async fn turns_without_text_and_pictures_are_sent_as_the_versions_take_them() {
    let png = Image::new("image/png", *b"png").with_file_name("a.png");
    let user = Message::from_parts("user", [Part::Text("Look".into()), Part::Image(png)]);
    let messages = Messages::new().user("Q1").assistant("").with_message(user);
    let request = ChatRequest::new(messages);
    let mock = AiSdkMock::start().await.unwrap();
    let got = reaches(&mock, AiSdk::builder(), &request).await.unwrap();
    assert_eq!(got, ["user: Q1", "user: Look"]);
    let body = mock.received().pop().unwrap().body;
    let message = &body["messages"][1];
    let url = "data:image/png;base64,cG5n";
    assert_eq!(message["parts"][0]["type"], "file");
    assert_eq!(message["parts"][0]["url"], url);
    assert_eq!(message["parts"][0]["filename"], "a.png");
    assert_eq!(message["parts"][1]["text"], "Look");
    assert_eq!(message["experimental_attachments"][0]["url"], url);
    assert_eq!(
        message["experimental_attachments"][0]["contentType"],
        "image/png"
    );
}

#[tokio::test]
async fn the_template_is_asked_with_its_newest_message() {
    let long = "x".repeat(2500);
    for schema in 0..=4 {
        let stream = match schema {
            0 | 1 => AiSdkStream::Data,
            _ => AiSdkStream::Ui,
        };
        let mock = AiSdkMock::builder()
            .route(AiSdkRoute::Template(schema))
            .stream(stream)
            .require_cookie("session", "let-me-in")
            .start()
            .await
            .unwrap();
        let http = chatwire::HttpConfig::new().with_header("cookie", "session=let-me-in");
        let builder = AiSdk::builder().body(BodyShape::Template).http(http);
        let id = "00000000-0000-4000-8000-000000000001";
        let first = ChatRequest::new(Messages::new().system("Be brief.").user("Q1"));
        let got = reaches(&mock, builder.clone(), &first).await.unwrap();
        assert_eq!(got, ["user: Be brief.\n\nQ1"], "{schema}");
        let later = conversation().with_conversation_id(id);
        let got = reaches(&mock, builder.clone(), &later).await.unwrap();
        assert_eq!(got, ["user: Q2"], "{schema}");
        assert_eq!(mock.received().pop().unwrap().body["id"], id);
        // The whole history would be lost.
        let got = reaches(&mock, builder.clone(), &conversation()).await;
        assert_eq!(got, Err(ErrorKind::InvalidRequest), "{schema}");
        // A long text goes in parts, which only the newer ones take.
        let got = reaches(&mock, builder, &ChatRequest::new(long.as_str())).await;
        assert_eq!(got.is_ok(), schema >= 2, "{schema}: {got:?}");
    }
}

#[tokio::test]
async fn a_session_and_a_login() {
    use chatwire_mock::Answer;
    let mock = AiSdkMock::builder()
        .require_cookie("session", "let-me-in")
        .start()
        .await
        .unwrap();
    let provider = AiSdk::builder().base_url(mock.url()).build().unwrap();
    let error = provider.stream(&ChatRequest::new("Q")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Credentials, Some(401))
    );
    assert!(error.to_string().contains("sign in"), "{error}");

    let session = chatwire::ai_sdk::BrowserSession::from_json(&format!(
        r#"{{"address": "{}", "cookies": [{{"name": "session", "value": "let-me-in"}}]}}"#,
        mock.url()
    ));
    let sessions = chatwire::ai_sdk::SessionOptions::new().with_session(session.unwrap());
    reaches(
        &mock,
        AiSdk::builder().sessions(sessions),
        &ChatRequest::new("Q"),
    )
    .await
    .unwrap();

    // A redirect that changes the method wants a login; so does one to a login.
    let mock = AiSdkMock::start().await.unwrap();
    let provider = AiSdk::builder().base_url(mock.url()).build().unwrap();
    let redirects = [
        (301, "/elsewhere"),
        (302, "/login"),
        (303, "/"),
        (307, "/api/auth/guest?redirectUrl=x"),
        (308, "/sign-in"),
        (302, "http://127.0.0.1:1/login"),
    ];
    for (status, to) in redirects {
        mock.answer(Answer::redirect(status, to));
        let before = mock.requests().len();
        let error = provider.stream(&ChatRequest::new("Q")).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Credentials,
            "{status} {to}: {error}"
        );
        assert_eq!(error.status(), Some(status));
        // Without its query, which may have a token.
        let (path, _) = to.split_once('?').unwrap_or((to, ""));
        assert!(error.to_string().contains(path), "{error}");
        assert_eq!(mock.requests().len(), before + 1);
    }
    // Another server is not followed to.
    mock.answer(Answer::redirect(307, "http://127.0.0.1:1/api/chat"));
    let error = provider.stream(&ChatRequest::new("Q")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status, "{error}");
    assert!(error.to_string().contains("base URL"), "{error}");
    // Others are followed, as POST.
    let slash = AiSdk::builder()
        .base_url(mock.url())
        .path("/old/")
        .build()
        .unwrap();
    mock.answer_with(|request| {
        (request.path() == "/old").then(|| Answer::redirect(308, "/api/chat/"))
    });
    let error = slash.reply(&ChatRequest::new("Q")).await.unwrap_err();
    assert_eq!(error.error.status(), Some(308), "once only");
    let pasted = AiSdk::builder()
        .base_url(format!("{}/api/chat/", mock.url()))
        .build()
        .unwrap();
    pasted.reply(&ChatRequest::new("Q")).await.unwrap();
    assert_eq!(mock.requests().pop().unwrap().path(), "/api/chat");
}
