//! Sessions, nonces, addresses, refusals and replies.

use chatwire_mock::{AiEngineMock, AiReply, Ending, Permalinks, PluginVersion};
use serde_json::json;

use super::{START, SUBMIT, end, events, of_version, question, submit};
use crate::support::call;

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
    for (version, status) in [
        (V3_7, 200),
        (V3_6_2, 200),
        (V2_4_9, 200),
        (V2_3_5, 404),
        (V1_9_99, 404),
    ] {
        let mock = of_version(version).await;
        let path = format!("/wp-json{START}");
        let reply = call(mock.addr(), "POST", &path, &[], "").await;
        assert_eq!(reply.status, status, "{version:?}");
        let json = reply.json();
        if status == 200 {
            assert_eq!(
                (&json["success"], &json["restNonce"]),
                (&json!(true), &json!(mock.nonce()))
            );
            assert_eq!(reply.header("set-cookie").is_some(), version >= V3_6_2);
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
            question(json!({"messages": "x"})).to_string(),
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
    assert!(mock.model_received().is_empty());
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
        (V2_4_9, json!({"botId": "unknown"}), Some(rejected)),
        (
            V3_6_2,
            json!({"messages": ["x"]}),
            Some("Unsupported message type."),
        ),
    ];
    for (version, more, error) in cases {
        let mock = of_version(version).await;
        let reply = submit(&mock, question(more.clone())).await;
        assert_eq!(reply.status, 200, "{version:?} {more}");
        match error {
            Some(message) => {
                assert_eq!(events(&reply), [json!({"type": "error", "data": message})])
            }
            None => assert_eq!(end(&reply)["success"], true, "{version:?} {more}"),
        }
    }
    let mock = of_version(V2_4_9).await;
    assert_eq!(
        submit(&mock, question(json!({"newMessage": "0"})))
            .await
            .status,
        403
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
            .bot_page(page)
            .start()
            .await
            .unwrap();
        let html = call(mock.addr(), "GET", path, &[], "").await.body();
        let mark = format!("&quot;restNonce&quot;:&quot;{}&quot;", mock.nonce());
        assert_eq!(html.contains(&mark), found, "{version:?} {page} {path}");
    }
    let mock = of_version(PluginVersion::V1_9_99).await;
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
