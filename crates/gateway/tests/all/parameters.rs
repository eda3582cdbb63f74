//! Parameters that are honoured, named or refused.

use std::sync::{Arc, Mutex};

use crate::support::*;
use chatwire_core::ChatRequest;
use chatwire_gateway::Gateway;
use serde_json::{Value, json};

type Seen = Arc<Mutex<Vec<ChatRequest>>>;

/// A provider that honours temperatures up to 1, and remembers its requests.
fn picky() -> (Arc<Scripted>, Seen) {
    let seen = Seen::default();
    let remember = Arc::clone(&seen);
    let mut info = info();
    info.capabilities.temperature = Some(0.0..=1.0);
    let provider = scripted_as(info, move |request| {
        remember.lock().unwrap().push(request.clone());
        async { Ok(paced(vec![(0, text("a")), (0, finish())])) }
    });
    (provider, seen)
}

#[tokio::test]
async fn what_is_not_honoured_is_named_and_refused_when_strict() {
    for (members, ignored) in [
        (json!({}), ""),
        (json!({"temperature": 0.5}), ""),
        (json!({"temperature": 1.5}), "temperature"),
        (json!({"max_tokens": 9}), "max_tokens"),
        (json!({"max_completion_tokens": 9}), "max_completion_tokens"),
        (
            json!({"top_p": 0.5, "seed": 1, "temperature": 1.5}),
            "temperature, seed, top_p",
        ),
        (json!({"tools": [{"name": "f"}]}), "tools"),
        (
            json!({"top_p": 1, "n": 1, "presence_penalty": 0, "logprobs": null, "user": null}),
            "",
        ),
        (
            json!({"stop": "x", "stream_options": {"include_usage": true}}),
            "",
        ),
    ] {
        let names = |header: Option<String>| {
            let mut names: Vec<String> = header
                .unwrap_or_default()
                .split(", ")
                .map(str::to_owned)
                .collect();
            names.sort();
            names.join(", ")
        };
        let (provider, seen) = picky();
        let relaxed = start(home(provider)).await;
        for base in [question(), streamed()] {
            let answer = relaxed.ask(&with(base, members.clone())).await;
            assert_eq!(answer.status, 200, "{members}");
            let mut expected: Vec<&str> = ignored.split(", ").collect();
            expected.sort_unstable();
            assert_eq!(
                names(answer.header("x-chatwire-ignored")),
                expected.join(", ")
            );
        }
        for request in seen.lock().unwrap().iter() {
            assert_eq!(request.max_tokens(), None);
            assert_ne!(request.temperature(), Some(1.5));
        }
        let (provider, seen) = picky();
        let strict = start(home(provider).strict(true)).await;
        let answer = strict.ask(&with(question(), members.clone())).await;
        if ignored.is_empty() {
            assert_eq!(answer.status, 200, "{members}");
        } else {
            let error = answer.assert_error(400, "invalid_request");
            assert!(ignored.contains(error["param"].as_str().unwrap()));
            assert!(seen.lock().unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn a_strict_fallback_list_is_left_with_what_honours_all() {
    let (picky, _) = picky();
    let gateway = Gateway::builder()
        .endpoint("plain", tells(&["plain"]))
        .endpoint("picky", picky)
        .alias("best", ["plain", "picky"])
        .strict(true);
    let server = start(gateway).await;
    let body = with(question(), json!({"model": "best", "temperature": 0.5}));
    assert_eq!(server.ask(&body).await.json()["model"], "picky/m");
}

#[tokio::test]
async fn early_heads_name_what_any_target_ignores() {
    let slow = scripted(|_| async {
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        Ok(paced(vec![(0, text("a")), (0, finish())]))
    });
    let builder = home(slow).keep_alive(std::time::Duration::from_millis(20));
    let server = start(builder).await;
    let answer = server
        .ask(&with(streamed(), json!({"temperature": 1})))
        .await;
    assert_eq!(
        answer.header("x-chatwire-ignored").as_deref(),
        Some("temperature")
    );
    assert_eq!(answer.streamed_text(), "a");
}

#[tokio::test]
async fn messages_arrive_as_they_were_meant() {
    let (provider, seen) = picky();
    let server = start(home(provider)).await;
    let messages = json!([
        {"role": "developer", "content": "Be brief."},
        {"role": "system", "content": [{"type": "text", "text": "And kind."}]},
        {"role": "user", "name": "ann", "content": [{"type": "text", "text": "He"}, {"type": "text", "text": "llo"}]},
        {"role": "assistant", "content": "Hi", "refusal": null},
        {"role": "user", "content": "Why?"},
    ]);
    let body = with(
        question(),
        json!({"messages": messages, "model": "meta/llama"}),
    );
    assert_eq!(server.ask(&body).await.status, 200);
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].model(), Some("meta/llama"));
    assert_eq!(seen[0].messages().system_prompt(), "Be brief.\nAnd kind.");
    let texts: Vec<_> = seen[0].messages().iter().map(|m| m.text()).collect();
    assert_eq!(texts, ["Be brief.", "And kind.", "Hello", "Hi", "Why?"]);
    let _ = Value::Null;
}
