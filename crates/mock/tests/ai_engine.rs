//! WordPress sites with the AI Engine plugin.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support;

use chatwire_mock::{AiEngineMock, AiReply, Ending, Permalinks, PluginVersion};
use serde_json::{Value, json};
use support::{Reply, call};

const START: &str = "/mwai/v1/start_session";
const SUBMIT: &str = "/mwai-ui/v1/chats/submit";

fn question(more: Value) -> Value {
    let mut body = json!({"botId": "default", "newMessage": "Hi there", "stream": true});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

async fn submit(mock: &AiEngineMock, body: impl ToString) -> Reply {
    let nonce = mock.nonce();
    let headers = [
        ("content-type", "application/json"),
        ("x-wp-nonce", nonce.as_str()),
    ];
    call(
        mock.addr(),
        "POST",
        &format!("/wp-json{SUBMIT}"),
        &headers,
        body.to_string(),
    )
    .await
}

/// The data of every event.
fn events(reply: &Reply) -> Vec<Value> {
    let body = reply.body();
    body.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

fn end(reply: &Reply) -> Value {
    let last = events(reply).pop().unwrap();
    assert_eq!(last["type"], "end");
    serde_json::from_str(last["data"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn default_reply() {
    let mock = AiEngineMock::start().await.unwrap();
    let reply = submit(&mock, question(json!({}))).await;
    assert_eq!(
        reply.chunks[0],
        b"data: {\"type\":\"live\",\"data\":\"This \"}\n\n"
    );
    assert_eq!(
        end(&reply)["reply"],
        "This is the AI Engine mock. You asked: Hi there"
    );
    assert_eq!(
        reply.header("content-type"),
        Some("text/event-stream;charset=UTF-8")
    );
    assert_eq!(reply.header("x-wp-nonce"), Some(mock.nonce().as_str()));
    assert!(
        reply
            .header("link")
            .unwrap()
            .ends_with("/wp-json/>; rel=\"https://api.w.org/\"")
    );
    let whole = submit(&mock, question(json!({"stream": false}))).await;
    assert_eq!(
        whole.json()["reply"],
        "This is the AI Engine mock. You asked: Hi there"
    );
    assert_eq!(whole.json()["success"], true);
}

#[tokio::test]
async fn sessions() {
    use PluginVersion::*;
    for (version, status) in [(V3_6_2, 200), (V2_4_9, 200), (V2_3_5, 404), (V1_9_99, 404)] {
        let mock = AiEngineMock::builder()
            .version(version)
            .start()
            .await
            .unwrap();
        let path = format!("/wp-json{START}");
        let reply = call(mock.addr(), "POST", &path, &[], "").await;
        assert_eq!(reply.status, status, "{version:?}");
        let json = reply.json();
        if status == 200 {
            assert_eq!(
                (&json["success"], &json["restNonce"]),
                (&json!(true), &json!(mock.nonce()))
            );
            assert_eq!(reply.header("set-cookie").is_some(), version == V3_6_2);
        } else {
            assert_eq!(json["code"], "rest_no_route");
        }
        for nonce in ["", "0123456789"] {
            let reply = call(mock.addr(), "POST", &path, &[("x-wp-nonce", nonce)], "").await;
            assert_eq!(
                (reply.status, &reply.json()["code"]),
                (403, &json!("rest_cookie_invalid_nonce"))
            );
            assert_eq!(reply.header("x-wp-nonce"), None);
        }
        assert_eq!(
            call(mock.addr(), "GET", &path, &[], "").await.json()["code"],
            "rest_no_route"
        );
    }
}

#[tokio::test]
async fn nonces() {
    let mock = AiEngineMock::start().await.unwrap();
    let path = format!("/wp-json{SUBMIT}");
    let body = question(json!({})).to_string();
    let with = async |nonce: &str| {
        call(
            mock.addr(),
            "POST",
            &path,
            &[("content-type", "application/json"), ("x-wp-nonce", nonce)],
            &body,
        )
        .await
    };
    let missing = call(
        mock.addr(),
        "POST",
        &path,
        &[("content-type", "application/json")],
        &body,
    )
    .await;
    assert_eq!(
        (missing.status, &missing.json()["code"]),
        (401, &json!("rest_forbidden"))
    );
    let in_query = format!("{path}?_wpnonce={}", mock.nonce());
    let in_query = call(
        mock.addr(),
        "POST",
        &in_query,
        &[("content-type", "application/json")],
        &body,
    )
    .await;
    assert_eq!(
        (in_query.status, in_query.header("x-wp-nonce")),
        (401, Some(mock.nonce().as_str()))
    );

    let first = mock.nonce();
    mock.age_nonce();
    let ageing = with(&first).await;
    assert_eq!(end(&ageing)["new_token"], json!(mock.nonce()));
    assert_eq!(ageing.header("x-wp-nonce"), Some(mock.nonce().as_str()));
    assert!(end(&with(&mock.nonce()).await).get("new_token").is_none());
    mock.expire_nonce();
    for old in [first.as_str(), "0123456789"] {
        let refused = with(old).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (403, &json!("rest_cookie_invalid_nonce"))
        );
    }
    assert_eq!(with(&mock.nonce()).await.status, 200);
}

#[tokio::test]
async fn refusals() {
    let mock = AiEngineMock::start().await.unwrap();
    let critical = "internal_server_error";
    let cases = [
        (r#"{"botId":"default""#.to_owned(), 400, "rest_invalid_json"),
        (
            r#"{"botId":"default","newMessage":"\ud83d x"}"#.to_owned(),
            400,
            "rest_invalid_json",
        ),
        (String::new(), 403, ""),
        (question(json!({"botId": ""})).to_string(), 403, ""),
        (json!({"newMessage": "x"}).to_string(), 403, ""),
        (
            question(json!({"newMessage": " \n\t"})).to_string(),
            403,
            "",
        ),
        (question(json!({"newMessage": null})).to_string(), 403, ""),
        (
            question(json!({"newMessage": ["x"]})).to_string(),
            500,
            critical,
        ),
        (
            question(json!({"messages": ["x"]})).to_string(),
            500,
            critical,
        ),
        (
            question(json!({"newMessage": "x".repeat(513), "stream": false})).to_string(),
            500,
            "",
        ),
    ];
    for (body, status, code) in cases {
        let reply = submit(&mock, &body).await;
        assert_eq!(reply.status, status, "{body}");
        assert_eq!(reply.header("x-wp-nonce"), Some(mock.nonce().as_str()));
        let json = reply.json();
        if code.is_empty() {
            assert_eq!(
                json,
                json!({"success": false, "message": "Sorry, your query has been rejected."}),
                "{body}"
            );
        } else {
            assert_eq!(json["code"], code, "{body}");
        }
    }
    let surrogate = submit(&mock, r#"{"x":"\ud83d x"}"#).await.json();
    assert_eq!(surrogate["data"]["json_error_code"], 10);
    let nonce = mock.nonce();
    let headers = [
        ("content-type", "text/plain"),
        ("x-wp-nonce", nonce.as_str()),
    ];
    let plain = call(
        mock.addr(),
        "POST",
        &format!("/wp-json{SUBMIT}"),
        &headers,
        question(json!({})).to_string(),
    )
    .await;
    assert_eq!(plain.status, 403);
    assert!(mock.received().is_empty());
}

#[tokio::test]
async fn limits_and_models_by_version() {
    use PluginVersion::*;
    let rejected = "Sorry, your query has been rejected.";
    let cases = [
        (V3_6_2, json!({"newMessage": "ж".repeat(512)}), None),
        (
            V3_6_2,
            json!({"newMessage": "ж".repeat(513)}),
            Some(rejected),
        ),
        (V2_4_9, json!({"newMessage": "ж".repeat(512)}), None),
        (V2_3_5, json!({"newMessage": "ж".repeat(256)}), None),
        (
            V2_3_5,
            json!({"newMessage": "ж".repeat(257)}),
            Some(rejected),
        ),
        (V1_9_99, json!({"newMessage": "ж".repeat(600)}), None),
        (
            V3_6_2,
            json!({"model": "llama-3-70b"}),
            Some("The model 'llama-3-70b' is not available."),
        ),
        (V3_6_2, json!({"model": "gpt-4"}), None),
        (V2_4_9, json!({"model": "llama-3"}), None),
        (
            V1_9_99,
            json!({"model": "llama-3"}),
            Some("From OpenAI: Error unknown_url: Unknown request URL: POST /v1/completions"),
        ),
        (V3_6_2, json!({"botId": "unknown"}), None),
    ];
    for (version, more, error) in cases {
        let mock = AiEngineMock::builder()
            .version(version)
            .start()
            .await
            .unwrap();
        let reply = submit(&mock, question(more.clone())).await;
        assert_eq!(reply.status, 200, "{version:?} {more}");
        match error {
            Some(message) => {
                assert_eq!(events(&reply), [json!({"type": "error", "data": message})])
            }
            None => assert_eq!(end(&reply)["success"], true, "{version:?} {more}"),
        }
    }
    let mock = AiEngineMock::builder()
        .version(V2_4_9)
        .start()
        .await
        .unwrap();
    assert_eq!(
        submit(&mock, question(json!({"botId": "unknown"})))
            .await
            .status,
        403
    );
    assert_eq!(
        submit(&mock, question(json!({"newMessage": "0"})))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn what_reaches_the_model() {
    let history = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|n| json!({"role": "user", "content": n.to_string()}))
            .collect()
    };
    let forwarded = async |more: Value, version| {
        let mock = AiEngineMock::builder()
            .version(version)
            .start()
            .await
            .unwrap();
        submit(&mock, question(more)).await;
        mock.received().pop().unwrap()
    };
    let latest = PluginVersion::V3_6_2;
    let numbers = |received: &chatwire_mock::AiReceived| -> Vec<String> {
        received
            .messages
            .iter()
            .map(|message| message.content.clone())
            .collect()
    };
    let forty = forwarded(json!({"messages": history(40)}), latest).await;
    let expected: Vec<String> = std::iter::once(0)
        .chain(25..40)
        .map(|n| n.to_string())
        .collect();
    assert_eq!(numbers(&forty), expected);
    assert_eq!(
        numbers(&forwarded(json!({"messages": history(16)}), latest).await).len(),
        16
    );
    assert_eq!(
        numbers(&forwarded(json!({"messages": history(40), "maxMessages": 40}), latest).await)
            .len(),
        40
    );
    let dropped = json!({"messages": history(3), "previousResponseId": "resp_1"});
    assert!(numbers(&forwarded(dropped, latest).await).is_empty());

    let all = forwarded(
        json!({"newMessage": " x ", "instructions": "a &lt;b&gt; &amp;c", "temperature": 1.7, "maxTokens": 9, "model": "gpt-4"}),
        latest,
    ).await;
    assert_eq!(
        (all.instructions.as_str(), all.new_message.as_str()),
        ("a <b> &c", "x")
    );
    assert_eq!(
        (all.temperature, all.max_tokens, all.model.as_deref()),
        (Some(1.0), Some(9), Some("gpt-4"))
    );
    let keys = json!({"instructions": "I", "context": "C", "messages": [{"role": "system", "content": "S"}]});
    for (version, prompt, kept) in [
        (latest, "I", 1),
        (PluginVersion::V2_3_5, "I", 1),
        (PluginVersion::V1_9_99, "C", 0),
    ] {
        let received = forwarded(keys.clone(), version).await;
        assert_eq!(
            (received.instructions.as_str(), received.messages.len()),
            (prompt, kept),
            "{version:?}"
        );
    }
    let plain = forwarded(json!({}), latest).await;
    assert_eq!(
        (plain.instructions.as_str(), plain.model, plain.temperature),
        (AiEngineMock::DEFAULT_INSTRUCTIONS, None, None)
    );
}

#[tokio::test]
async fn addresses() {
    use Permalinks::*;
    for directory in ["", "/blog"] {
        for (permalinks, works) in [
            (Pretty, [true, true, true]),
            (Plain, [false, true, true]),
            (PlainRootOnly, [false, false, true]),
        ] {
            let mock = AiEngineMock::builder()
                .directory(directory)
                .permalinks(permalinks)
                .start()
                .await
                .unwrap();
            let paths = [
                format!("{directory}/wp-json{START}"),
                format!("{directory}/index.php?rest_route={START}"),
                format!("{directory}/?rest_route=%2Fmwai%2Fv1%2Fstart_session"),
            ];
            for (path, works) in paths.iter().zip(works) {
                let reply = call(mock.addr(), "POST", path, &[], "").await;
                assert_eq!(reply.status, 200, "{permalinks:?} {path}");
                assert_eq!(
                    reply.body().starts_with('{'),
                    works,
                    "{permalinks:?} {path}"
                );
                assert_eq!(
                    reply.body().contains("<html>"),
                    !works,
                    "{permalinks:?} {path}"
                );
            }
            let link = call(mock.addr(), "GET", &format!("{directory}/"), &[], "").await;
            assert!(
                link.header("link")
                    .unwrap()
                    .contains(&format!("mock{directory}/"))
            );
            let outside = call(
                mock.addr(),
                "POST",
                &format!("/other/wp-json{START}"),
                &[],
                "",
            )
            .await;
            assert_eq!(
                outside.status,
                if directory.is_empty() && permalinks != Pretty {
                    200
                } else {
                    404
                }
            );
            assert!(outside.body().contains("<html>"));
        }
    }
}

#[tokio::test]
async fn nonce_in_a_page() {
    let old = PluginVersion::V2_3_5;
    for (version, page, path, found) in [
        (old, "/", "/", true),
        (old, "/chat/", "/chat/", true),
        (old, "/chat/", "/", false),
        (PluginVersion::V3_6_2, "/", "/", false),
    ] {
        let mock = AiEngineMock::builder()
            .version(version)
            .nonce_page(page)
            .start()
            .await
            .unwrap();
        let html = call(mock.addr(), "GET", path, &[], "").await.body();
        let mark = format!("&quot;restNonce&quot;:&quot;{}&quot;", mock.nonce());
        assert_eq!(html.contains(&mark), found, "{version:?} {page} {path}");
    }
    let mock = AiEngineMock::builder()
        .version(PluginVersion::V1_9_99)
        .start()
        .await
        .unwrap();
    let path = format!("/wp-json{SUBMIT}");
    let json = ("content-type", "application/json");
    let body = question(json!({})).to_string();
    assert_eq!(
        call(mock.addr(), "POST", &path, &[json], &body)
            .await
            .status,
        200
    );
    assert_eq!(
        call(
            mock.addr(),
            "POST",
            &path,
            &[json, ("x-wp-nonce", "0123456789")],
            &body
        )
        .await
        .status,
        403
    );
}

#[tokio::test]
async fn replies() {
    let mock = AiEngineMock::start().await.unwrap();
    let reply = AiReply::new()
        .progress("status", "Generating response...")
        .delta("é/😀")
        .keepalive()
        .warning_html()
        .warning_text()
        .end("é/😀\n");
    mock.reply(reply.clone());
    let streamed = submit(&mock, question(json!({}))).await;
    assert_eq!(streamed.chunks.len(), 6);
    assert_eq!(
        streamed.chunks[1],
        br#"data: {"type":"live","data":"\u00e9\/\ud83d\ude00"}"#
            .iter()
            .chain(b"\n\n")
            .copied()
            .collect::<Vec<_>>()
    );
    assert!(streamed.body().is_ascii());
    assert_eq!(events(&streamed)[0]["subtype"], "status");
    assert_eq!(end(&streamed)["reply"], "é/😀\n");
    assert!(streamed.body().contains(r#"\\u00e9\\\/"#));

    mock.reply(AiReply::new().error("").error("limit"));
    assert_eq!(
        events(&submit(&mock, question(json!({}))).await)[1],
        json!({"type": "error", "data": "limit"})
    );
    mock.reply(AiReply::new().error("limit"));
    let whole = submit(&mock, question(json!({"stream": false}))).await;
    assert_eq!(
        (whole.status, whole.json()),
        (500, json!({"success": false, "message": "limit"}))
    );
    mock.reply(AiReply::new().plain_json(json!({"success": true, "reply": "x"})));
    assert_eq!(
        submit(&mock, question(json!({}))).await.json()["reply"],
        "x"
    );
    mock.reply(AiReply::new().end_with(json!({"success": true, "reply": "", "images": ["u"]})));
    assert_eq!(
        end(&submit(&mock, question(json!({}))).await)["images"],
        json!(["u"])
    );
    mock.reply(AiReply::new().delta("x").ending(Ending::Truncate));
    assert!(!submit(&mock, question(json!({}))).await.complete);
}
