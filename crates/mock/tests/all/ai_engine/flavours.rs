//! What reaches the model, and what is answered, by version of the plugin.

use chatwire_mock::{
    AiEngineMock, AiEngineReceived, AiReply, PluginVersion, ReceivedMessage, SiteUser,
};
use serde_json::{Value, json};

use super::{SUBMIT, end, events, of_version, question, submit};
use crate::support::call;

use PluginVersion::{V1_9_99, V2_3_5, V2_4_9, V3_6_2, V3_7};

/// What a question with all of this came to at the model.
async fn forwarded(version: PluginVersion, more: Value) -> AiEngineReceived {
    let mock = of_version(version).await;
    let reply = submit(&mock, question(more.clone())).await;
    let received = mock.model_received().pop();
    received.unwrap_or_else(|| panic!("{version:?} {more}: {}", reply.body()))
}

fn history(messages: &[ReceivedMessage]) -> Vec<(&str, &str)> {
    messages
        .iter()
        .map(|message| (message.role.as_str(), message.content.as_str()))
        .collect()
}

/// One request with everything that a client may want to say, and what of it arrives. All rows but
/// the last are as the real servers were recorded.
#[tokio::test]
async fn what_reaches_the_model() {
    let everything = json!({
        "newMessage": " Who am I? ",
        "instructions": "Be &lt;brief&gt; {DATE}",
        "context": "Of old",
        "messages": [
            {"role": "system", "content": "S"},
            {"role": "user", "content": "I am Ann."},
            {"role": "assistant", "content": "Hello Ann!"},
        ],
        "model": "gpt-4",
        "temperature": 0.117,
        "maxTokens": 77,
    });
    let turns = [("user", "I am Ann."), ("assistant", "Hello Ann!")];
    let all = [("system", "S"), turns[0], turns[1]];
    let cases = [
        (V1_9_99, "Of old", &turns[..], "gpt-4", 0.12, 77),
        (
            V2_3_5,
            "Be &lt;brief&gt; {DATE}",
            &all,
            "gpt-3.5-turbo",
            0.12,
            77,
        ),
        (
            V2_4_9,
            "Be &lt;brief&gt; {DATE}",
            &all,
            "gpt-4o-mini",
            0.12,
            77,
        ),
        (V3_6_2, "Be <brief> [N/A]", &all, "gpt-4", 0.12, 77),
        (
            V3_7,
            AiEngineMock::DEFAULT_SYSTEM_PROMPT,
            &turns,
            "gpt-4o",
            0.8,
            4096,
        ),
    ];
    for (version, prompt, turns, model, temperature, max_tokens) in cases {
        let received = forwarded(version, everything.clone()).await;
        assert_eq!(received.system_prompt, prompt, "{version:?}");
        assert_eq!(history(&received.history), turns, "{version:?}");
        assert_eq!(received.question, "Who am I?", "{version:?}");
        assert_eq!(received.model, model, "{version:?}");
        assert_eq!(received.temperature, Some(temperature), "{version:?}");
        assert_eq!(received.max_tokens, max_tokens, "{version:?}");
        assert!(received.images.is_empty() && received.stream, "{version:?}");
    }
}

#[tokio::test]
async fn what_reaches_the_model_without_a_word() {
    let cases = [
        (V1_9_99, "gpt-3.5-turbo", 1024),
        (V2_3_5, "gpt-3.5-turbo", 1024),
        (V2_4_9, "gpt-4o-mini", 1024),
        (V3_6_2, "gpt-4o", 4096),
        (V3_7, "gpt-4o", 4096),
    ];
    for (version, model, max_tokens) in cases {
        let received = forwarded(version, json!({})).await;
        let prompt = AiEngineMock::DEFAULT_SYSTEM_PROMPT;
        assert_eq!(received.system_prompt, prompt, "{version:?}");
        assert_eq!(
            (received.model.as_str(), received.max_tokens),
            (model, max_tokens)
        );
        assert_eq!(received.temperature, Some(0.8), "{version:?}");
    }
}

#[tokio::test]
async fn temperatures() {
    // What is sent, and what arrives at each version.
    let cases = [
        (json!(0), [Some(0.8), Some(0.0), Some(0.0), None, Some(0.8)]),
        (
            json!("0"),
            [Some(0.8), Some(0.0), Some(0.0), None, Some(0.8)],
        ),
        (
            json!(0.01),
            [Some(0.01), Some(0.01), Some(0.01), Some(0.01), Some(0.8)],
        ),
        (
            json!(0.004),
            [Some(0.0), Some(0.0), Some(0.0), None, Some(0.8)],
        ),
        (
            json!(0.555),
            [Some(0.56), Some(0.56), Some(0.56), Some(0.56), Some(0.8)],
        ),
        (
            json!(1.7),
            [Some(1.0), Some(1.0), Some(1.0), Some(1.0), Some(0.8)],
        ),
        (
            json!(-1),
            [Some(0.0), Some(0.0), Some(0.0), None, Some(0.8)],
        ),
        (json!(""), [Some(0.8); 5]),
        (json!(null), [Some(0.8); 5]),
    ];
    for (sent, arrives) in cases {
        for (version, arrives) in PluginVersion::ALL.into_iter().zip(arrives) {
            let received = forwarded(version, json!({"temperature": sent})).await;
            assert_eq!(received.temperature, arrives, "{version:?} {sent}");
        }
    }
}

#[tokio::test]
async fn the_history_is_cut() {
    let messages = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|n| json!({"role": "user", "content": n.to_string()}))
            .collect()
    };
    let first_and =
        |last: std::ops::Range<usize>| -> Vec<usize> { std::iter::once(0).chain(last).collect() };
    let cases = [
        (json!({"messages": messages(40)}), first_and(25..40)),
        (json!({"messages": messages(16)}), (0..16).collect()),
        (
            json!({"messages": messages(40), "maxMessages": 40}),
            (0..40).collect(),
        ),
        (
            json!({"messages": messages(40), "maxMessages": "3"}),
            first_and(37..40),
        ),
        (
            json!({"messages": messages(40), "maxMessages": 0}),
            first_and(25..40),
        ),
    ];
    for (more, expected) in cases {
        for version in PluginVersion::ALL {
            let received = forwarded(version, more.clone()).await;
            let kept: Vec<usize> = received
                .history
                .iter()
                .map(|message| message.content.parse().unwrap())
                .collect();
            assert_eq!(kept, expected, "{version:?}");
        }
    }
    // Guests of 3.7 cannot continue a response, and so keep their history.
    let continued = json!({"messages": messages(3), "previousResponseId": "resp_1"});
    for (version, kept) in [(V3_6_2, 0), (V3_7, 3)] {
        let received = forwarded(version, continued.clone()).await;
        assert_eq!(received.history.len(), kept, "{version:?}");
    }
}

#[tokio::test]
async fn bots_without_system_messages() {
    let mock = AiEngineMock::builder()
        .bot_without_system("other")
        .start()
        .await
        .unwrap();
    let messages = json!([{"role": "system", "content": "S"}, {"role": "user", "content": "a"}]);
    for (bot, kept) in [("default", 2), ("custom", 2), ("other", 1)] {
        submit(&mock, question(json!({"botId": bot, "messages": messages}))).await;
        let received = mock.model_received().pop().unwrap();
        assert_eq!(received.history.len(), kept, "{bot}");
    }
}

/// Who may change the site's settings is treated by 3.7 as by 3.6.2.
#[tokio::test]
async fn owners_of_3_7() {
    let body = question(json!({
        "instructions": "I", "model": "gpt-4", "temperature": 0.3, "maxTokens": 9,
        "messages": [{"role": "system", "content": "S"}],
    }));
    for (user, prompt, model, temperature, max_tokens, kept) in [
        (
            "ann",
            AiEngineMock::DEFAULT_SYSTEM_PROMPT,
            "gpt-4o",
            0.8,
            4096,
            0,
        ),
        ("admin", "I", "gpt-4", 0.3, 9, 1),
    ] {
        let mock = AiEngineMock::builder()
            .version(V3_7)
            .user(SiteUser::member("ann"))
            .user(SiteUser::owner("admin"))
            .start()
            .await
            .unwrap();
        let headers = [
            ("content-type", "application/json"),
            ("cookie", &mock.login_cookie(user).unwrap()),
            ("x-wp-nonce", &mock.nonce_of(user).unwrap()),
        ];
        let path = format!("/wp-json{SUBMIT}");
        let reply = call(mock.addr(), "POST", &path, &headers, body.to_string()).await;
        assert_eq!(end(&reply)["success"], true, "{user}");
        let received = mock.model_received().pop().unwrap();
        assert_eq!(received.system_prompt, prompt, "{user}");
        assert_eq!(
            (received.model.as_str(), received.max_tokens),
            (model, max_tokens)
        );
        assert_eq!(received.temperature, Some(temperature), "{user}");
        assert_eq!(received.history.len(), kept, "{user}");
    }
}

#[tokio::test]
async fn limits_and_faults() {
    for version in PluginVersion::ALL {
        let is_new = version >= V3_7;
        let mock = AiEngineMock::builder()
            .version(version)
            .question_limit(1)
            .start()
            .await
            .unwrap();
        let whole = question(json!({"stream": false}));
        let fault = AiReply::new().model_error("OpenAI: the engine burns");
        mock.reply(fault.clone());
        let faulty = submit(&mock, whole.clone()).await;
        let message = if is_new {
            AiEngineMock::MASKED_ERROR
        } else {
            "OpenAI: the engine burns"
        };
        assert_eq!(
            (faulty.status, &faulty.json()["message"]),
            (500, &json!(message))
        );

        // The second question is one too many.
        let refused = submit(&mock, question(json!({}))).await;
        let event = &events(&refused)[0];
        assert!(
            event["data"]
                .as_str()
                .unwrap()
                .starts_with("You have reached the limit")
        );
        assert_eq!(
            event.get("overLimit"),
            is_new.then_some(&json!(true)),
            "{version:?}"
        );
        let refused = submit(&mock, whole).await;
        assert_eq!(
            refused.status,
            if is_new { 429 } else { 500 },
            "{version:?}"
        );
        let json = refused.json();
        assert_eq!(
            json.get("overLimit"),
            is_new.then_some(&json!(true)),
            "{version:?}"
        );
        assert_eq!(mock.model_received().len(), 1, "{version:?}");
    }
    let mock = of_version(V3_7).await;
    mock.reply(
        AiReply::new()
            .over_limit("Later.")
            .header("Retry-After", "30"),
    );
    let reply = submit(&mock, question(json!({"stream": false}))).await;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (429, Some("30"))
    );
}

/// What the final event carries, as recorded; from 3.7 the two fields that only it has.
#[tokio::test]
async fn final_events() {
    let action = json!([{"type": "function", "data": {"name": "get_weather", "args": {}}}]);
    let reply = AiReply::new()
        .actions(action.clone())
        .blocks(json!([{"type": "content", "data": {"html": "<p>b</p>"}}]))
        .approval(json!({"id": "a1"}))
        .reset_response_id()
        .accuracy("estimated")
        .end("");
    for version in PluginVersion::ALL {
        let mock = AiEngineMock::builder()
            .version(version)
            .shortcut("Say hi", "hidden prompt")
            .start()
            .await
            .unwrap();
        mock.reply(reply.clone());
        let end = end(&submit(&mock, question(json!({}))).await);
        let has = |name: &str| end.get(name).is_some();
        assert_eq!(end["reply"], "", "{version:?}");
        for name in ["actions", "shortcuts", "blocks"] {
            assert_eq!(has(name), version >= V2_4_9, "{version:?} {name}");
        }
        if has("actions") {
            assert_eq!(end["actions"], action, "{version:?}");
        }
        let accuracy = (version >= V3_6_2).then_some(json!("estimated"));
        assert_eq!(
            end["usage"].get("accuracy"),
            accuracy.as_ref(),
            "{version:?}"
        );
        assert_eq!(has("responseId"), version >= V3_6_2, "{version:?}");
        assert_eq!(has("approval"), version >= V3_7, "{version:?}");
        assert_eq!(has("resetResponseId"), version >= V3_7, "{version:?}");
    }
}

#[tokio::test]
async fn shortcuts() {
    for (version, hides) in [(V2_4_9, false), (V3_6_2, true), (V3_7, true)] {
        let mock = AiEngineMock::builder()
            .version(version)
            .shortcut("Say hi", "hidden prompt")
            .start()
            .await
            .unwrap();
        let shortcuts = end(&submit(&mock, question(json!({}))).await)["shortcuts"].clone();
        let data = &shortcuts[0]["data"];
        assert_eq!(data["label"], "Say hi");
        assert_eq!(data.get("message").is_some(), !hides, "{version:?}");
        if hides {
            let click = json!({"newMessage": "", "shortcutId": data["shortcutId"], "shortcutName": "Say hi"});
            let reply = submit(&mock, question(click)).await;
            assert_eq!(end(&reply)["success"], true);
            let asked = mock.model_received().pop().unwrap().question;
            assert_eq!(asked, "hidden prompt");
            let unknown = json!({"newMessage": "", "shortcutId": "x"});
            let reply = submit(&mock, question(unknown)).await;
            assert_eq!(reply.status, 400);
            assert_eq!(reply.json()["message"], "Invalid or expired shortcut.");
        }
    }
}
