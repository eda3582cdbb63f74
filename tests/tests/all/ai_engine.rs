//! What a site with AI Engine makes of what is sent to it, on every version of
//! the plugin that the mock imitates.

use chatwire::chatgpt4online::{
    Chatgpt4Online, Chatgpt4OnlineBuilder, LongQuestions, SystemPrompt,
};
use chatwire::{
    ChatRequest, ErrorKind, FinishReason, Image, Message, Messages, ProgressKind, Provider,
    ProviderExt, ReplyEvent,
};
use chatwire_mock::{AiEngineMock, AiReply, Answer, PluginVersion, SiteUser};
use serde_json::json;

use PluginVersion::{V1_9_99, V2_3_5, V2_4_9, V3_6_2, V3_7};

const PASSWORD: &str = "abcd EFGH 1234 ijkl MNOP 6789";

async fn site(version: PluginVersion) -> AiEngineMock {
    AiEngineMock::builder()
        .version(version)
        .user(SiteUser::owner("admin").application_password(PASSWORD))
        .user(SiteUser::member("ann").application_password(PASSWORD))
        .start()
        .await
        .unwrap()
}

fn client(mock: &AiEngineMock) -> Chatgpt4OnlineBuilder {
    Chatgpt4Online::builder().base_url(mock.base_url())
}

fn conversation() -> Messages {
    Messages::new()
        .system("Be brief.")
        .user("Hi")
        .assistant("Hello!")
        .user("Why?")
}

#[tokio::test]
async fn what_reaches_the_model_on_every_version() {
    /// What of a guest's request that sets everything reaches the model.
    struct Row {
        version: PluginVersion,
        instructions: bool,
        model: &'static str,
        temperature: f64,
        max_tokens: u64,
        /// How many characters of a question are accepted.
        limit: Option<usize>,
    }
    let row = |version, instructions, model, temperature, max_tokens, limit| Row {
        version,
        instructions,
        model,
        temperature,
        max_tokens,
        limit,
    };
    let table = [
        row(V1_9_99, true, "gpt-4", 0.01, 77, None),
        row(V2_3_5, true, "gpt-3.5-turbo", 0.01, 77, Some(512)),
        row(V2_4_9, true, "gpt-4o-mini", 0.01, 77, Some(512)),
        row(V3_6_2, true, "gpt-4", 0.01, 77, Some(512)),
        row(V3_7, false, "gpt-4o", 0.8, 4096, Some(512)),
    ];
    assert_eq!(table.len(), PluginVersion::ALL.len());
    for row in table {
        let version = row.version;
        let mock = site(version).await;
        // By default, all that is sent arrives.
        let reply = client(&mock).build().unwrap();
        let reply = reply
            .reply(&ChatRequest::new(conversation()))
            .await
            .unwrap();
        assert_eq!(reply.model, "default");
        let received = mock.model_received().pop().unwrap();
        assert_eq!(received.question, "Why?", "{version:?}");
        assert_eq!(received.system_prompt, AiEngineMock::DEFAULT_SYSTEM_PROMPT);
        let roles: Vec<&str> = received.history.iter().map(|it| &*it.role).collect();
        assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
        let texts: Vec<&str> = received.history.iter().map(|it| &*it.content).collect();
        assert!(
            texts[0].ends_with("\n\nBe brief."),
            "{version:?}: {texts:?}"
        );
        assert_eq!(texts[1..], ["Understood.", "Hi", "Hello!"], "{version:?}");
        // What a guest asks for besides, the site may drop.
        let everything = ChatRequest::new(conversation())
            .with_model("gpt-4")
            .with_temperature(0.0)
            .with_max_tokens(77);
        let trusted = || {
            client(&mock)
                .trusted(true)
                .models(["gpt-4"])
                .system_prompt(SystemPrompt::Instructions)
        };
        trusted().build().unwrap().reply(&everything).await.unwrap();
        let received = mock.model_received().pop().unwrap();
        assert_eq!(
            received.system_prompt == "Be brief.",
            row.instructions,
            "{version:?}"
        );
        assert_eq!(received.history.len(), 2, "{version:?}");
        assert_eq!(received.model, row.model, "{version:?}");
        assert_eq!(received.temperature, Some(row.temperature), "{version:?}");
        assert_eq!(received.max_tokens, row.max_tokens, "{version:?}");
        // An owner decides on every version that lets anybody.
        let cookie = mock.login_cookie("admin").unwrap();
        let owner = trusted().cookie(cookie).build().unwrap();
        owner.reply(&everything).await.unwrap();
        let received = mock.model_received().pop().unwrap();
        assert_eq!(received.system_prompt, "Be brief.", "{version:?}");
        assert_eq!(received.temperature, Some(0.01), "{version:?}");
        assert_eq!(received.max_tokens, 77, "{version:?}");
        // A question that is too long is refused, and its limit remembered.
        let guest = client(&mock).build().unwrap();
        let long = ChatRequest::new("x".repeat(513));
        let before = mock.requests().len();
        let outcome = guest.reply(&long).await;
        match row.limit {
            None => assert!(outcome.is_ok(), "{version:?}"),
            Some(_) => {
                let error = outcome.unwrap_err().error;
                assert_eq!(
                    error.kind(),
                    ErrorKind::ContextLength,
                    "{version:?}: {error}"
                );
                for words in ["513 characters", "512", "long_questions"] {
                    assert!(error.to_string().contains(words), "{version:?}: {error}");
                }
                assert!(mock.requests().len() > before);
                let before = mock.requests().len();
                guest.reply(&long).await.unwrap_err();
                assert_eq!(mock.requests().len(), before, "{version:?}: not remembered");
            }
        }
        // As a turn of the history it arrives everywhere.
        let patient = client(&mock).long_questions(LongQuestions::History);
        let material = "x\ny\n".repeat(1000);
        let question = format!("Summarise:\n\n{material}");
        let patient = patient.build().unwrap();
        patient.reply(&ChatRequest::new(question)).await.unwrap();
        let received = mock.model_received().pop().unwrap();
        assert_eq!(received.question, "Summarise:", "{version:?}");
        assert_eq!(received.history[0].role, "user");
        assert_eq!(received.history[0].content, material.trim(), "{version:?}");
        assert_eq!(received.history[1].role, "assistant");
    }
}

/// A question's length is counted in characters, but 2.3.5 counts bytes, and
/// 1.9.99 has no limit that a question of this length meets.
#[tokio::test]
async fn a_question_has_as_many_letters_as_the_site_takes() {
    // (version, words of the refusal of 512 Cyrillic letters, of 513)
    let rows = [
        (V1_9_99, None, None),
        (V2_3_5, Some("1024 bytes"), Some("513 characters")),
        (V2_4_9, None, Some("513 characters")),
        (V3_6_2, None, Some("513 characters")),
        (V3_7, None, Some("513 characters")),
    ];
    assert_eq!(rows.len(), PluginVersion::ALL.len());
    for (version, just, over) in rows {
        for stream in [true, false] {
            for (count, refused) in [(512, just), (513, over)] {
                let mock = site(version).await;
                let client = client(&mock).stream(stream).build().unwrap();
                let request = ChatRequest::new("ж".repeat(count));
                let case = format!("{version:?}, stream {stream}, {count} letters");
                match (client.reply(&request).await, refused) {
                    (Ok(_), None) => {
                        let received = mock.model_received().pop().unwrap();
                        assert_eq!(received.question.chars().count(), count, "{case}");
                    }
                    (Err(failed), Some(words)) => {
                        let error = failed.error;
                        assert_eq!(error.kind(), ErrorKind::ContextLength, "{case}: {error}");
                        for words in [words, "has been rejected", "long_questions"] {
                            assert!(error.to_string().contains(words), "{case}: {error}");
                        }
                        assert!(mock.model_received().is_empty(), "{case}");
                    }
                    (outcome, _) => panic!("{case}: {outcome:?}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn what_a_site_decides_is_refused_before_anything_is_sent() {
    // Nothing tells the version before the first answer, so that it is the same
    // on all of them.
    for version in PluginVersion::ALL {
        refused_before_anything_is_sent(version).await;
    }
}

async fn refused_before_anything_is_sent(version: PluginVersion) {
    let mock = site(version).await;
    let ask = || ChatRequest::new(conversation());
    let refuse = || client(&mock).system_prompt(SystemPrompt::Refuse);
    let instructions = client(&mock).system_prompt(SystemPrompt::Instructions);
    let dated = Messages::new().system("Today is {DATE}.").user("hi");
    for (builder, request, words) in [
        (
            client(&mock),
            ask().with_temperature(0.5),
            "temperature is decided by the site",
        ),
        (
            client(&mock),
            ask().with_max_tokens(9),
            "max_tokens is decided by the site",
        ),
        (
            client(&mock).trusted(true),
            ask().with_temperature(1.5),
            "between 0 and 1",
        ),
        (refuse(), ask(), "system_prompt"),
        (refuse().flatten(true), ask(), "system_prompt"),
        (instructions, ChatRequest::new(dated), "{DATE}"),
    ] {
        let error = builder.build().unwrap().stream(&request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    assert_eq!(mock.requests().len(), 0);
    for (builder, words) in [
        (client(&mock).model("gpt-4"), "trusted"),
        (
            Chatgpt4Online::builder()
                .base_url("http://site.example")
                .application_password("ann", PASSWORD),
            "https",
        ),
    ] {
        let error = builder.build().unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(!error.to_string().contains(PASSWORD));
    }
}

/// 3.7 marks what is over a limit, and masks the faults of its model. Before, the
/// words alone tell.
#[tokio::test]
async fn limits_and_masked_faults_are_told_apart() {
    type Reply = fn() -> AiReply;
    let unmarked: Reply = || AiReply::new().over_limit("Enough for today.");
    let worded: Reply = || AiReply::new().over_limit("You have reached the limit.");
    let fault: Reply = || AiReply::new().model_error("The model is gone");
    for version in PluginVersion::ALL {
        let is_marked = version >= V3_7;
        // (reply, kind, whether to repeat it, words)
        let rows = [
            match is_marked {
                true => (unmarked, ErrorKind::RateLimited, true, "Enough"),
                false => (unmarked, ErrorKind::Refused, false, "Enough"),
            },
            (worded, ErrorKind::RateLimited, true, "reached the limit"),
            match is_marked {
                true => (fault, ErrorKind::Status, true, AiEngineMock::MASKED_ERROR),
                false => (fault, ErrorKind::Refused, false, "gone"),
            },
        ];
        for (reply, kind, retryable, words) in rows {
            for stream in [true, false] {
                let mock = site(version).await;
                mock.reply(reply().header("Retry-After", "120"));
                let client = client(&mock).stream(stream).build().unwrap();
                let error = client.stream(&ChatRequest::new("hi")).await.unwrap_err();
                let case = format!("{version:?}, stream {stream}: {error:?}");
                assert_eq!(error.kind(), kind, "{case}");
                assert_eq!(error.is_retryable(), retryable, "{case}");
                let wait = error.retry_after().map(|it| it.as_secs());
                assert_eq!(wait, Some(120), "{case}");
                assert!(error.to_string().contains(words), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn what_comes_besides_the_answer_is_kept() {
    for version in PluginVersion::ALL {
        kept_besides_the_answer(version).await;
    }
    tell_doubts().await;
}

/// Whether a version sends this besides the answer.
fn sends(version: PluginVersion, name: &str) -> bool {
    let since = match name {
        "actions" | "shortcuts" | "blocks" => V2_4_9,
        "accuracy" => V3_6_2,
        _ => V3_7,
    };
    version >= since
}

async fn kept_besides_the_answer(version: PluginVersion) {
    let shortcuts =
        json!([{"type": "message", "data": {"label": "Say <b>hi</b>", "shortcutId": "s1"}}]);
    let blocks = json!([{"type": "content", "data": {"html": "<p>A block</p>"}}]);
    let actions = json!([{"type": "function", "data": {"name": "doIt", "args": {"a": 1}}}]);
    let all = AiReply::new()
        .progress("approval_request", "May I?")
        .delta("hi")
        .shortcuts(shortcuts.clone())
        .blocks(blocks.clone())
        .actions(actions.clone())
        .approval(json!({"id": 7}))
        .reset_response_id()
        .end("hi");
    // (reply, text, names of the extras, or the error's words)
    type Row = (
        AiReply,
        Result<(&'static str, &'static [&'static str]), &'static str>,
    );
    let rows: Vec<Row> = vec![
        (
            all,
            Ok((
                "hi",
                &[
                    "actions",
                    "shortcuts",
                    "blocks",
                    "approval",
                    "resetResponseId",
                ],
            )),
        ),
        (
            AiReply::new().shortcuts(shortcuts).end(""),
            Ok(("[Say hi]", &["shortcuts"])),
        ),
        (
            AiReply::new().blocks(blocks).end(""),
            Ok(("A block", &["blocks"])),
        ),
        (
            AiReply::new().actions(actions).end(""),
            Ok(("", &["actions"])),
        ),
        (
            AiReply::new().approval(json!({"id": 7})).end(""),
            Ok(("", &["approval"])),
        ),
        (
            AiReply::new().delta("cut").accuracy("estimated").end("cut"),
            Ok(("cut", &["accuracy"])),
        ),
        (AiReply::new().end(""), Err("empty")),
        (
            AiReply::new()
                .end_with(json!({"success": 1, "reply": "fine", "usage": "none", "images": {}})),
            Ok(("fine", &[])),
        ),
        (
            AiReply::new()
                .delta("streamed")
                .end_with(json!({"success": "1", "reply": {"a": 1}, "message": []})),
            Ok(("streamed", &[])),
        ),
        (
            AiReply::new()
                .raw("data: {\"type\":\"live\",\"data\":{\"a\":\"b\"}}\n\n")
                .delta("x")
                .end("x"),
            Ok(("x", &[])),
        ),
    ];
    for (number, (scripted, expected)) in rows.into_iter().enumerate() {
        let mock = site(version).await;
        mock.reply(scripted);
        let client = client(&mock).build().unwrap();
        let reply = client.reply(&ChatRequest::new("hi")).await;
        // Where all there is comes besides the answer, older versions send nothing.
        let expected = match expected {
            Ok((text, names)) => {
                let sent = names.iter().copied().filter(|name| sends(version, name));
                let sent: Vec<&str> = sent.collect();
                let is_nothing = sent.is_empty() && !names.is_empty();
                match is_nothing && ["[Say hi]", "A block", ""].contains(&text) {
                    true => Err("empty"),
                    false => Ok((text, sent)),
                }
            }
            Err("doIt: only a browser") if !sends(version, "actions") => Err("empty"),
            Err(words) => Err(words),
        };
        match (reply, expected) {
            (Ok(reply), Ok((text, names))) => {
                assert_eq!(reply.text, text, "{version:?}, row {number}");
                let extras: Vec<&str> = reply.extras.iter().map(|it| &*it.name).collect();
                assert_eq!(extras, names, "row {number}");
                let is_other = matches!(reply.reason, FinishReason::Other(_));
                assert_eq!(is_other, text.is_empty(), "row {number}");
            }
            (Err(failed), Err(words)) => {
                assert!(
                    failed.error.to_string().contains(words),
                    "row {number}: {failed:?}"
                );
            }
            (reply, expected) => panic!("row {number}: {reply:?}, not {expected:?}"),
        }
    }
}

/// The doubt is told before the end.
async fn tell_doubts() {
    let mock = site(V3_6_2).await;
    mock.reply(AiReply::new().delta("cut").accuracy("estimated").end("cut"));
    let client = client(&mock).build().unwrap();
    let mut reply = client.stream(&ChatRequest::new("hi")).await.unwrap();
    let mut notes = Vec::new();
    while let Some(event) = reply.next().await {
        if let ReplyEvent::Progress { kind, .. } = event.unwrap() {
            notes.push(kind);
        }
    }
    assert_eq!(notes, [ProgressKind::Doubt]);
}

fn png(fill: u8) -> Image {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend([fill; 2000]);
    Image::from_bytes(bytes).unwrap()
}

#[tokio::test]
async fn pictures_reach_the_model_on_every_version() {
    for version in PluginVersion::ALL {
        let mock = site(version).await;
        let client = client(&mock).build().unwrap();
        let seen = Message::user("What is this?").with_part(png(1));
        let request = ChatRequest::new(seen.clone());
        client.reply(&request).await.unwrap();
        let received = mock.model_received().pop().unwrap();
        assert_eq!(received.question, "What is this?");
        assert_eq!(received.images.len(), 1, "{version:?}");
        assert_eq!(received.images[0].media_type, "image/png");
        assert_eq!(received.images[0].data, png(1).bytes());
        // A further question about it needs no further upload.
        let more = Messages::from(seen)
            .assistant("A square.")
            .user("Which colour?");
        client.reply(&ChatRequest::new(more)).await.unwrap();
        assert_eq!(
            mock.model_received().pop().unwrap().images.len(),
            1,
            "{version:?}"
        );
        assert_eq!(mock.uploads(), 1, "{version:?}");
        // Nor does one after a nonce that has expired.
        mock.expire_nonce();
        client.reply(&request).await.unwrap();
        assert_eq!(mock.uploads(), 1, "{version:?}");
        let two = Message::user("Compare.")
            .with_part(png(2))
            .with_part(png(3));
        let outcome = client.reply(&ChatRequest::new(two)).await;
        if version < V3_6_2 {
            let error = outcome.unwrap_err().error.to_string();
            assert!(error.contains("takes one"), "{version:?}: {error}");
            continue;
        }
        outcome.unwrap();
        assert_eq!(
            mock.model_received().pop().unwrap().images.len(),
            2,
            "{version:?}"
        );
        let alone = Message::from_parts("user", [png(2).into()]);
        client.reply(&ChatRequest::new(alone)).await.unwrap();
        assert_eq!(mock.uploads(), 3, "{version:?}");
    }
    for version in PluginVersion::ALL {
        pictures_that_are_refused(version).await;
    }
}

async fn pictures_that_are_refused(version: PluginVersion) {
    let mock = site(version).await;
    let client = client(&mock).build().unwrap();
    let bmp = Image::from_bytes(*b"BM and so on").unwrap();
    for (picture, words) in [
        (bmp, "image/bmp"),
        (Image::new("image/png", *b"no"), "Invalid file type"),
    ] {
        let request = ChatRequest::new(Message::user("?").with_part(picture));
        let error = client.stream(&request).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    mock.answer_with(|request| {
        request
            .target
            .contains("files/upload")
            .then(|| Answer::status(413))
    });
    let request = ChatRequest::new(Message::user("?").with_part(png(9)));
    let error = client.stream(&request).await.unwrap_err();
    assert!(error.to_string().contains("send a smaller one"), "{error}");
}

#[tokio::test]
async fn members_are_asked_for_as_their_browser_would() {
    for version in PluginVersion::ALL {
        let mock = site(version).await;
        let cookie = mock.login_cookie("admin").unwrap();
        let client = client(&mock).cookie(&cookie).trusted(true).build().unwrap();
        let request = ChatRequest::new("hi").with_max_tokens(9);
        client.reply(&request).await.unwrap();
        let last = mock.requests().pop().unwrap();
        let nonce = mock.nonce_of("admin");
        assert_eq!(last.header("x-wp-nonce"), nonce.as_deref(), "{version:?}");
        assert_eq!(
            mock.model_received().pop().unwrap().max_tokens,
            9,
            "{version:?}"
        );
        mock.expire_nonce();
        client.reply(&request).await.unwrap();
        assert!(!format!("{client:?}").contains(&cookie));
    }
    for version in PluginVersion::ALL {
        a_site_closed_to_guests(version).await;
    }
}

async fn a_site_closed_to_guests(version: PluginVersion) {
    let mock = AiEngineMock::builder()
        .version(version)
        .user(SiteUser::member("ann").application_password(PASSWORD))
        .closed_to_guests()
        .start()
        .await
        .unwrap();
    let request = ChatRequest::new("hi");
    let guest = client(&mock).build().unwrap();
    let error = guest.stream(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error}");
    let member = client(&mock)
        .application_password("ann", PASSWORD)
        .build()
        .unwrap();
    match member.reply(&request).await {
        // 2.3.5 wants a member's nonce, which it hands out only to a login.
        Err(failed) if version == V2_3_5 => {
            assert_eq!(failed.error.kind(), ErrorKind::Credentials, "{failed:?}");
        }
        outcome => assert!(outcome.is_ok(), "{version:?}: {outcome:?}"),
    }
    let wrong = client(&mock)
        .application_password("ann", "wrong password")
        .build()
        .unwrap();
    let error = wrong.stream(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error}");
    // A login that is over.
    let client = client(&mock)
        .cookie("wordpress_logged_in_x=old")
        .build()
        .unwrap();
    let error = client.stream(&request).await.unwrap_err();
    // The page of 2.3.5 gives a guest its nonce, so that the API is what refuses.
    let words = match version {
        V2_3_5 => "a browser has to make a new one",
        _ => "log in again",
    };
    assert!(error.to_string().contains(words), "{version:?}: {error}");
    drop(client);
    if version >= V2_4_9 {
        a_password_that_is_passed_over(version).await;
    }
}

/// Some sites take a visitor with a wrong password for a guest.
async fn a_password_that_is_passed_over(version: PluginVersion) {
    let mock = site(version).await;
    mock.answer_with(|request| {
        let is_me = request.target.ends_with("/wp/v2/users/me");
        let body = r#"{"code":"rest_not_logged_in","message":"You are not currently logged in."}"#;
        is_me.then(|| Answer::json(body).with_status(401))
    });
    let client = client(&mock).application_password("ann", PASSWORD);
    let client = client.build().unwrap();
    let error = client.stream(&ChatRequest::new("hi")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials, "{version:?}: {error}");
    for words in ["application password", "not currently logged in"] {
        assert!(error.to_string().contains(words), "{version:?}: {error}");
    }
    assert!(mock.model_received().is_empty(), "{version:?}");
}

#[tokio::test]
async fn bots_of_the_page_are_models() {
    for version in PluginVersion::ALL {
        bots_on_the_page(version).await;
    }
}

async fn bots_on_the_page(version: PluginVersion) {
    let mock = AiEngineMock::builder()
        .version(version)
        .page_bots(["default", "support"])
        .bot("support")
        .max_input(100)
        .start()
        .await
        .unwrap();
    let client = client(&mock).build().unwrap();
    let models = client.models().await.unwrap();
    let ids: Vec<&str> = models.iter().map(|model| &*model.id).collect();
    assert_eq!(ids, ["default", "support"]);
    let request = ChatRequest::new("hi").with_model("support");
    assert_eq!(client.reply(&request).await.unwrap().model, "support");
    let body = mock.requests().pop().unwrap().json().unwrap();
    assert_eq!(body["botId"], "support");
    assert!(body.get("model").is_none());
    let before = mock.requests().len();
    let error = client
        .stream(&ChatRequest::new("hi").with_model("sales"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsupportedModel);
    assert!(error.to_string().contains("default, support"), "{error}");
    // The page has told the limit, too.
    let error = client
        .stream(&ChatRequest::new("x".repeat(101)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContextLength);
    assert_eq!(mock.requests().len(), before);
    // Without the chatbots module there is nothing to ask.
    let off = AiEngineMock::builder()
        .version(version)
        .without_chatbots()
        .start()
        .await
        .unwrap();
    let client = Chatgpt4Online::new(off.base_url()).unwrap();
    let error = client.stream(&ChatRequest::new("hi")).await.unwrap_err();
    assert!(
        error.to_string().contains("chatbots module is off"),
        "{version:?}: {error}"
    );
}
