//! The form of answers, streamed and not.

use std::time::Duration;

use crate::support::*;
use chatwire_core::{
    Error, ErrorKind, Finish, FinishReason, ProgressKind, ReplyEvent, ReplyStream, Usage,
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::time::Instant;

const UNICODE: [&str; 6] = [
    "Grüße, ",
    "世界 ",
    "🙂",
    "👩‍👩‍👧",
    " \u{0}\u{1b}\"\\\n",
    "\u{2028}é",
];

fn usage() -> Usage {
    Usage::new()
        .with_prompt_tokens(Some(5))
        .with_completion_tokens(Some(7))
        .with_total_tokens(Some(12))
}

fn counted() -> Vec<Event> {
    let end = Finish::new(FinishReason::Eof).with_usage(Some(usage()));
    vec![text("Hello"), text(" you"), Ok(ReplyEvent::Finish(end))]
}

#[tokio::test]
async fn a_whole_answer_has_every_member() {
    let server = start(home(says(counted()))).await;
    let answer = server.ask(&question()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type").as_deref(),
        Some("application/json")
    );
    assert!(answer.header("x-request-id").is_some());
    let json = answer.json();
    assert!(json["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert!(json["created"].is_u64());
    let mut rest = json.clone();
    rest.as_object_mut().unwrap().remove("id");
    rest.as_object_mut().unwrap().remove("created");
    assert_eq!(
        rest,
        json!({
            "object": "chat.completion",
            "model": "home/m",
            "choices": [{
                "index": 0,
                "message": {"role": "assistant", "content": "Hello you", "refusal": null},
                "logprobs": null,
                "finish_reason": "stop",
            }],
            "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
        })
    );
}

/// Tokens that the backend does not count are estimated, and the response says
/// so; or there are none.
#[tokio::test]
async fn usage_is_whole_or_absent() {
    let tokens = |prompt: u64, completion: u64| {
        json!({"prompt_tokens": prompt, "completion_tokens": completion,
               "total_tokens": prompt + completion})
    };
    let usage = Usage::new;
    // What the backend counts, what is there with an estimate, and without.
    for (usage, estimated, counted) in [
        (None, tokens(5, 2), Value::Null),
        (
            Some(usage().with_total_tokens(Some(9))),
            tokens(5, 2),
            Value::Null,
        ),
        (
            Some(usage().with_prompt_tokens(Some(9))),
            tokens(9, 2),
            Value::Null,
        ),
        (
            Some(
                usage()
                    .with_prompt_tokens(Some(1))
                    .with_completion_tokens(Some(3)),
            ),
            tokens(1, 3),
            tokens(1, 3),
        ),
    ] {
        for (estimate, expected) in [(true, &estimated), (false, &counted)] {
            let is_estimate = estimate && estimated != counted;
            let end = Finish::new(FinishReason::Stop).with_usage(usage);
            let events = vec![text("Hello"), text("you"), Ok(ReplyEvent::Finish(end))];
            let server = start(home(says(events)).estimate_usage(estimate)).await;
            let answer = server.ask(&question()).await;
            assert_eq!(answer.json()["usage"], *expected);
            let header = is_estimate.then_some("estimated");
            assert_eq!(answer.header("x-chatwire-usage").as_deref(), header);
            let body = with(
                streamed(),
                json!({"stream_options": {"include_usage": true}}),
            );
            let answer = server.ask(&body).await;
            let chunks = answer.chunks();
            let last = chunks.last().unwrap();
            assert_eq!(last["usage"], *expected);
            assert_eq!(last["choices"] == json!([]), !expected.is_null());
            // The head of a stream comes before its end.
            let header = estimate.then_some("estimated");
            assert_eq!(answer.header("x-chatwire-usage").as_deref(), header);
        }
    }
    let mut info = info();
    info.capabilities.usage = true;
    let provider = scripted_as(info, |_| async {
        Ok(paced(vec![(0, text("a")), (0, finish())]))
    });
    let server = start(home(provider)).await;
    for (members, header) in [
        (json!({}), "estimated-unless-counted"),
        (json!({"stop": "x"}), "estimated"),
    ] {
        let answer = server.ask(&with(streamed(), members)).await;
        assert_eq!(answer.header("x-chatwire-usage").as_deref(), Some(header));
    }
}

#[tokio::test]
async fn why_an_answer_ended() {
    for (reason, expected) in [
        (FinishReason::Stop, "stop"),
        (FinishReason::Eof, "stop"),
        (FinishReason::Length, "length"),
        (FinishReason::ContentFilter, "content_filter"),
        (FinishReason::ToolCalls, "stop"),
        (FinishReason::Other("x".into()), "stop"),
    ] {
        let end = ReplyEvent::Finish(Finish::new(reason));
        let server = start(home(says(vec![text("x"), Ok(end)]))).await;
        let whole = server.ask(&question()).await.json();
        assert_eq!(whole["choices"][0]["finish_reason"], expected);
        let answer = server.ask(&streamed()).await;
        let chunks = answer.chunks();
        let last = chunks.last().unwrap();
        assert_eq!(last["choices"][0]["finish_reason"], expected);
    }
}

#[tokio::test]
async fn a_streamed_answer_has_every_member() {
    let server = start(home(says(counted()))).await;
    for include_usage in [false, true] {
        let body = with(
            streamed(),
            json!({"stream_options": {"include_usage": include_usage}}),
        );
        let answer = server.ask(&body).await;
        assert_eq!(answer.status, 200);
        for (name, value) in [
            ("content-type", "text/event-stream"),
            ("cache-control", "no-cache"),
            ("x-accel-buffering", "no"),
        ] {
            assert_eq!(answer.header(name).as_deref(), Some(value));
        }
        assert!(answer.header("x-request-id").is_some());
        assert!(answer.body.ends_with("data: [DONE]\n\n"));
        assert_eq!(answer.events().iter().filter(|e| *e == "[DONE]").count(), 1);
        let chunks = answer.chunks();
        let mut roles = 0;
        for (index, chunk) in chunks.iter().enumerate() {
            assert_eq!(chunk["id"], chunks[0]["id"]);
            assert_eq!(chunk["created"], chunks[0]["created"]);
            assert!(chunk["created"].is_u64());
            assert_eq!(chunk["object"], "chat.completion.chunk");
            assert_eq!(chunk["model"], "home/m");
            assert_eq!(chunk.get("usage").is_some(), include_usage);
            for choice in chunk["choices"].as_array().unwrap() {
                assert_eq!(choice["index"], 0);
                assert!(choice["delta"].is_object());
                if choice["delta"].get("role").is_some() {
                    assert_eq!((index, &choice["delta"]["role"]), (0, &json!("assistant")));
                    roles += 1;
                }
            }
        }
        assert_eq!(roles, 1);
        assert_eq!(answer.streamed_text(), "Hello you");
        assert_eq!(answer.reasons(), ["stop"]);
        let with_usage: Vec<&Value> = chunks.iter().filter(|c| c["usage"].is_object()).collect();
        assert_eq!(with_usage.len(), usize::from(include_usage));
        for chunk in with_usage {
            assert_eq!(chunk["choices"], json!([]));
            assert_eq!(chunk["usage"]["total_tokens"], 12);
        }
    }
}

#[tokio::test]
async fn every_character_arrives() {
    let server = start(home(tells(&UNICODE))).await;
    let whole = UNICODE.concat();
    let answer = server.ask(&question()).await.json();
    assert_eq!(answer["choices"][0]["message"]["content"], whole);
    assert_eq!(server.ask(&streamed()).await.streamed_text(), whole);
}

#[tokio::test]
async fn every_character_is_asked() {
    let provider = scripted(|request| {
        let asked = request.messages()[0].text().into_owned();
        async move { Ok(paced(vec![(0, text(&asked)), (0, finish())])) }
    });
    let server = start(home(provider)).await;
    let whole = UNICODE.concat();
    let body = with(
        question(),
        json!({"messages": [{"role": "user", "content": whole}]}),
    );
    let answer = server.ask(&body).await.json();
    assert_eq!(answer["choices"][0]["message"]["content"], whole);
}

#[tokio::test]
async fn notes_are_not_part_of_the_answer() {
    let note = ReplyEvent::Progress {
        kind: ProgressKind::Status,
        text: "Generating...".into(),
    };
    let server = start(home(says(vec![
        Ok(note.clone()),
        text("a"),
        Ok(note),
        text("b"),
        finish(),
    ])))
    .await;
    assert_eq!(server.ask(&streamed()).await.streamed_text(), "ab");
    let answer = server.ask(&question()).await.json();
    assert_eq!(answer["choices"][0]["message"]["content"], "ab");
}

#[tokio::test]
async fn the_text_that_counts() {
    // What goes on is streamed; what differs counts only in one piece.
    for (whole, streamed_text) in [("ab and more", "ab and more"), ("AB", "ab")] {
        let end = Finish::new(FinishReason::Stop).with_text(whole);
        let server = start(home(says(vec![text("ab"), Ok(ReplyEvent::Finish(end))]))).await;
        assert_eq!(server.ask(&streamed()).await.streamed_text(), streamed_text);
        let answer = server.ask(&question()).await.json();
        assert_eq!(answer["choices"][0]["message"]["content"], whole);
    }
}

#[tokio::test]
async fn images_follow_the_text() {
    let end = Finish::new(FinishReason::Stop).with_images(vec!["http://x/1.png".into()]);
    let server = start(home(says(vec![text("See:"), Ok(ReplyEvent::Finish(end))]))).await;
    assert_eq!(
        server.ask(&streamed()).await.streamed_text(),
        "See:\n\n![](http://x/1.png)"
    );
}

#[tokio::test]
async fn images_reach_models_that_take_them() {
    let mut sees = info();
    sees.capabilities.images = true;
    let sees = scripted_as(sees, |request| {
        let last = request.messages().last().unwrap();
        let images: Vec<String> = last
            .images()
            .map(|image| format!("{} {}", image.media_type(), image.bytes().len()))
            .collect();
        let said = vec![text(&format!("{} {images:?}", last.text())), finish()];
        async move { Ok(ReplyStream::from_events(futures::stream::iter(said))) }
    });
    let builder = home(tells(&["a"]))
        .endpoint("sees", sees)
        .alias("both", ["home", "sees"]);
    let server = start(builder).await;
    let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let asked = |model: &str| {
        let parts = json!([
            {"type": "text", "text": "See"},
            image("data:image/png;base64,iVBORw0KGgo="),
            {"type": "image_url", "image_url": "data:image/gif;base64,R0lGODlh"},
        ]);
        json!({"model": model, "messages": [{"role": "user", "content": parts}]})
    };
    for model in ["sees", "both"] {
        let answer = server.ask(&asked(model)).await.json();
        assert_eq!(
            answer["choices"][0]["message"]["content"], r#"See ["image/png 8", "image/gif 6"]"#,
            "{model}"
        );
        let answer = server
            .ask(&with(asked(model), json!({"stream": true})))
            .await;
        assert_eq!(
            answer.streamed_text(),
            r#"See ["image/png 8", "image/gif 6"]"#
        );
    }
    let error = server.ask(&asked("home")).await;
    let error = error.assert_error(400, "invalid_request");
    assert_eq!(error["param"], "messages[0].content");
    let parts = json!([image("https://example.org/cat.png")]);
    let fetched = json!({"model": "sees", "messages": [{"role": "user", "content": parts}]});
    let error = server.ask(&fetched).await;
    let error = error.assert_error(400, "invalid_request");
    assert_eq!(error["param"], "messages[0].content[0].image_url.url");
    assert!(error["message"].as_str().unwrap().contains("not fetched"));
}

#[tokio::test]
async fn a_doubt_is_told() {
    let doubt = ReplyEvent::Progress {
        kind: ProgressKind::Doubt,
        text: "it may be cut\n\ndata: é".into(),
    };
    let server = start(home(says(vec![text("one"), Ok(doubt), finish()]))).await;
    let answer = server.ask(&question()).await;
    assert_eq!(
        answer.header("x-chatwire-doubt").as_deref(),
        Some("it may be cut??data: ?")
    );
    let answer = server.ask(&streamed()).await;
    assert_eq!(answer.streamed_text(), "one");
    assert!(
        answer
            .body
            .contains("\n\n: doubt: it may be cut  data: é\n\ndata: {"),
        "{answer:?}"
    );
    let server = start(home(tells(&["one"]))).await;
    let answer = server.ask(&question()).await;
    assert_eq!(answer.header("x-chatwire-doubt"), None);
}

#[tokio::test]
async fn stop_sequences_work_across_pieces() {
    for (pieces, stop, expected) in [
        (&["one EN", "D two"][..], json!("END"), "one "),
        (&["one E", "ND"], json!(["END"]), "one "),
        (&["one EN", "ough"], json!(["END"]), "one ENough"),
        (&["one EN"], json!(["END"]), "one EN"),
        (&["a\n", "\nb"], json!(["END", "\n\n"]), "a"),
        (&["END"], json!("END"), ""),
        (&["ab"], json!(null), "ab"),
        (&["ab"], json!([]), "ab"),
        (&["naïv", "é 🙂 x"], json!(["é 🙂"]), "naïv"),
    ] {
        let server = start(home(tells(pieces))).await;
        let whole = server
            .ask(&with(question(), json!({"stop": stop})))
            .await
            .json();
        assert_eq!(whole["choices"][0]["message"]["content"], expected);
        assert_eq!(whole["choices"][0]["finish_reason"], "stop");
        let answer = server.ask(&with(streamed(), json!({"stop": stop}))).await;
        assert_eq!(answer.streamed_text(), expected);
        assert_eq!(answer.reasons(), ["stop"]);
        assert!(answer.body.ends_with("data: [DONE]\n\n"));
    }
}

#[tokio::test]
async fn stop_sequences_hold_for_the_text_that_counts() {
    let end = Finish::new(FinishReason::Stop).with_text("other END text");
    let server = start(home(says(vec![text("some"), Ok(ReplyEvent::Finish(end))]))).await;
    let answer = server
        .ask(&with(question(), json!({"stop": "END"})))
        .await
        .json();
    assert_eq!(answer["choices"][0]["message"]["content"], "other ");
}

#[tokio::test(start_paused = true)]
async fn keep_alive_before_and_between_texts() {
    let provider = scripted(|_| async {
        tokio::time::sleep(Duration::from_millis(450)).await;
        Ok(paced(vec![(0, text("a")), (450, text("b")), (0, finish())]))
    });
    let gateway = home(provider).keep_alive(Duration::from_millis(100));
    let router = gateway.build().unwrap().router();
    let began = Instant::now();
    let (head, body) = ask_router(router, &streamed()).await;
    assert_eq!(head.status, 200);
    assert_eq!(began.elapsed().as_millis() / 10, 10);
    let body = body.collect().await.unwrap().to_bytes();
    let body = std::str::from_utf8(&body).unwrap();
    let (before, between) = body.split_once("\"a\"").unwrap();
    for part in [before, between.split_once("\"b\"").unwrap().0] {
        assert_eq!(part.matches(": keep-alive\n\n").count(), 4, "{part}");
    }
}

#[tokio::test]
async fn a_quick_answer_has_no_comment() {
    let server = start(home(tells(&["a"]))).await;
    assert!(!server.ask(&streamed()).await.body.contains("keep-alive"));
}

#[tokio::test(start_paused = true)]
async fn the_default_keep_alive_is_soon_enough() {
    let provider = scripted(|_| async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(paced(vec![
            (0, text("a")),
            (60_000, text("b")),
            (0, finish()),
        ]))
    });
    let began = Instant::now();
    let router = home(provider).build().unwrap().router();
    let (head, mut body) = ask_router(router, &streamed()).await;
    assert_eq!(head.status, 200);
    assert!(began.elapsed() <= Duration::from_secs(10));
    let mut before = began;
    while let Some(frame) = body.frame().await {
        frame.unwrap();
        let silence = before.elapsed();
        assert!(silence <= Duration::from_secs(15), "{silence:?}");
        before = Instant::now();
    }
    assert!(began.elapsed() >= Duration::from_secs(120));
}

#[tokio::test]
async fn a_fault_after_the_head_is_an_event() {
    let broken = || Err(Error::new(ErrorKind::Interrupted, "the connection broke"));
    let late = scripted(move |_| async move {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Err(Error::new(ErrorKind::RateLimited, "slow down"))
    });
    let panics = scripted(|_| async {
        let mut first = true;
        Ok(chatwire_core::ReplyStream::from_events(
            futures::stream::poll_fn(move |_| {
                assert!(first, "on purpose");
                first = false;
                std::task::Poll::Ready(Some(text("a")))
            }),
        ))
    });
    for (provider, partial, code) in [
        (
            says(vec![text("a"), text("b"), broken()]),
            "ab",
            "provider_interrupted",
        ),
        (says(vec![text("a")]), "a", "provider_truncated"),
        (late, "", "rate_limit_exceeded"),
        (panics, "a", "internal_error"),
    ] {
        let server = start(home(provider).keep_alive(Duration::from_millis(30))).await;
        let answer = server.ask(&streamed()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.streamed_text(), partial);
        assert!(answer.reasons().is_empty(), "{answer:?}");
        assert!(!answer.body.contains("[DONE]"));
        let last = answer.chunks().pop().unwrap();
        assert_eq!(last.as_object().unwrap().len(), 1);
        assert_members(&last["error"]);
        assert_eq!(last["error"]["code"], code);
        // The chunked body ends as it should, so that it is no broken connection.
        assert!(answer.body.ends_with("\n\n"));
    }
}
