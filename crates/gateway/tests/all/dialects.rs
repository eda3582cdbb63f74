//! What the dialects other than chat completions do at the gateway. The tests of
//! the whole workspace hold them against every fault.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chatwire_core::{Error, ErrorKind, Secret};
use serde_json::{Value, json};

use crate::support::*;

/// Every path that answers questions, with its smallest question.
fn questions() -> Vec<(&'static str, Value)> {
    let messages = json!([{"role": "user", "content": "Hi"}]);
    [
        (
            "/v1/chat/completions",
            json!({"messages": messages.clone()}),
        ),
        ("/v1/responses", json!({"input": "Hi"})),
        (
            "/v1/messages",
            json!({"messages": messages.clone(), "max_tokens": 9}),
        ),
        ("/v1/completions", json!({"prompt": "Hi"})),
        ("/api/chat", json!({"messages": messages})),
        ("/api/generate", json!({"prompt": "Hi"})),
    ]
    .map(|(path, body)| (path, with(body, json!({"model": "home/m"}))))
    .into()
}

/// Whether the error has the form of its path.
fn is_error(path: &str, body: &Value) -> bool {
    let error = &body["error"];
    if path.starts_with("/api") {
        error.is_string()
    } else if path.starts_with("/v1/messages") {
        body["type"] == "error" && error["message"].is_string()
    } else {
        error["message"].is_string() && error["code"].is_string()
    }
}

#[tokio::test]
async fn every_path_answers() {
    let server = start(home(tells(&["Hello", " you"]))).await;
    for (path, body) in questions() {
        for stream in [false, true] {
            let answer = server
                .post(path, &with(body.clone(), json!({"stream": stream})))
                .await;
            assert_eq!(answer.status, 200, "{path} {answer:?}");
            assert!(answer.body.contains("Hello"), "{path} {answer:?}");
            let kind = match (stream, path.starts_with("/api")) {
                (false, _) => "application/json",
                (true, true) => "application/x-ndjson",
                (true, false) => "text/event-stream",
            };
            assert_eq!(answer.header("content-type").as_deref(), Some(kind));
            let id = answer.header("request-id");
            assert_eq!(id.is_some(), path == "/v1/messages");
        }
    }
    // Ollama streams unless it is told not to.
    let (path, body) = &questions()[4];
    let answer = server.post(path, body).await;
    assert_eq!(
        answer.header("content-type").as_deref(),
        Some("application/x-ndjson")
    );
}

#[tokio::test]
async fn every_error_has_the_form_of_its_path() {
    let server = start(home(fails(Error::new(ErrorKind::Connect, "x")))).await;
    let locked = start(home(tells(&["a"])).api_key(Secret::new("the-key"))).await;
    for (path, body) in questions() {
        let unknown = with(body.clone(), json!({"model": "none"}));
        let wrong = with(body.clone(), json!({"temperature": "hot", "options": 7}));
        for (answer, status) in [
            (server.post(path, &body).await, 502),
            (server.post(path, &unknown).await, 404),
            (server.post(path, &wrong).await, 400),
            (server.post(path, &json!([])).await, 400),
            (server.get(path).await, 405),
            (server.post(&format!("{path}/x/y"), &body).await, 404),
            (locked.post(path, &body).await, 401),
        ] {
            assert_eq!(answer.status, status, "{path} {answer:?}");
            assert!(is_error(path, &answer.json()), "{path} {answer:?}");
            let kind = answer.header("content-type");
            assert_eq!(kind.as_deref(), Some("application/json"));
        }
        for key in ["authorization: Bearer the-key", "x-api-key: the-key"] {
            let request = post(&body.to_string(), &format!("{key}\r\n"));
            let request = request.replace("/v1/chat/completions", path);
            assert_eq!(locked.send(&request).await.status, 200, "{path} {key}");
        }
    }
}

/// What is wrong with the conversation is said of the parameter that it has in
/// the dialect.
#[tokio::test]
async fn a_conversation_that_is_too_long() {
    for kind in [ErrorKind::ContextLength, ErrorKind::InvalidRequest] {
        let server = start(home(fails(Error::new(kind, "too much")))).await;
        for ((path, body), param) in questions()
            .into_iter()
            .zip(["messages", "input", "messages", "prompt"])
        {
            let answer = server.post(path, &body).await;
            assert_eq!(answer.status, 400, "{path} {answer:?}");
            assert_eq!(answer.json()["error"]["param"], param, "{path}");
        }
        let (path, body) = &questions()[4];
        assert_eq!(server.post(path, body).await.status, 400);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_stream_is_kept_alive_and_its_error_is_an_event() {
    for (path, body) in questions() {
        let provider = scripted(|_| async {
            tokio::time::sleep(Duration::from_millis(450)).await;
            Err(Error::new(ErrorKind::RateLimited, "slow down"))
        });
        let gateway = home(provider).keep_alive(Duration::from_millis(100));
        let router = gateway.build().unwrap().router();
        let body = with(body, json!({"stream": true}));
        let request = http::Request::post(path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .body(axum::body::Body::from(body.to_string()))
            .unwrap();
        let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let body = http_body_util::BodyExt::collect(response.into_body());
        let body = body.await.unwrap().to_bytes();
        let body = std::str::from_utf8(&body).unwrap();
        let signs = match path.starts_with("/api") {
            true => body.matches("\"done\":false").count(),
            false => body.matches(": keep-alive").count(),
        };
        assert_eq!(signs, 4, "{path} {body}");
        let last = body.trim_end().rsplit('\n').next().unwrap();
        let last: Value = serde_json::from_str(last.trim_start_matches("data: ")).unwrap();
        match path {
            "/v1/responses" => assert_eq!(last["type"], "response.failed", "{body}"),
            path => assert!(is_error(path, &last), "{path} {body}"),
        }
    }
}

type Seen = Arc<Mutex<Vec<Vec<String>>>>;

/// A provider that answers with the number of its request, and what it was
/// asked.
fn counting() -> (Arc<Scripted>, Seen) {
    let seen = Seen::default();
    let remember = Arc::clone(&seen);
    let provider = scripted(move |request| {
        let line = |m: &chatwire_core::Message| format!("{}: {}", m.role(), m.text());
        let mut seen = remember.lock().unwrap();
        seen.push(request.messages().iter().map(line).collect());
        let answer = format!("answer {}", seen.len());
        async move { Ok(paced(vec![(0, text(&answer)), (0, finish())])) }
    });
    (provider, seen)
}

#[tokio::test]
async fn responses_are_kept_continued_shown_and_deleted() {
    for stream in [false, true] {
        let (provider, seen) = counting();
        let server = start(home(provider)).await;
        let ask = async |members: Value| {
            let body = with(json!({"model": "home", "stream": stream}), members);
            let answer = server.post("/v1/responses", &body).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            if !stream {
                return answer.json();
            }
            let events = answer.body.trim_end().rsplit("data: ").next().unwrap();
            let last: Value = serde_json::from_str(events).unwrap();
            assert_eq!(last["type"], "response.completed");
            last["response"].clone()
        };
        let first = ask(json!({"input": "one", "instructions": "Be brief."})).await;
        let id = first["id"].as_str().unwrap();
        let second = ask(json!({"input": "two", "previous_response_id": id})).await;
        assert_eq!(second["previous_response_id"], id);
        let second_id = second["id"].as_str().unwrap();
        ask(json!({"input": "three", "previous_response_id": second_id, "store": false})).await;
        let message = &first["output"][0]["id"];
        ask(json!({"input": [{"role": "user", "content": "one"},
                             {"type": "item_reference", "id": message},
                             {"role": "user", "content": "four"}]}))
        .await;
        assert_eq!(
            *seen.lock().unwrap(),
            [
                &["system: Be brief.", "user: one"][..],
                &["user: one", "assistant: answer 1", "user: two"],
                &[
                    "user: one",
                    "assistant: answer 1",
                    "user: two",
                    "assistant: answer 2",
                    "user: three"
                ],
                &["user: one", "assistant: answer 1", "user: four"],
            ]
        );
        let path = format!("/v1/responses/{id}");
        let shown = server.get(&path).await;
        assert_eq!((shown.status, shown.json()), (200, first.clone()));
        let deleted = server.delete(&path).await;
        assert_eq!(
            (deleted.status, deleted.json()),
            (
                200,
                json!({"id": id, "object": "response", "deleted": true})
            )
        );
        for answer in [server.get(&path).await, server.delete(&path).await] {
            let error = answer.assert_error(404, "response_not_found");
            assert!(error["message"].as_str().unwrap().contains(id));
        }
        let body = json!({"model": "home", "input": "five", "previous_response_id": id});
        let answer = server.post("/v1/responses", &body).await;
        let error = answer.assert_error(404, "response_not_found");
        assert_eq!(error["param"], "previous_response_id");
        assert!(error["message"].as_str().unwrap().contains(id));
    }
}

#[tokio::test]
async fn what_is_not_whole_is_not_kept() {
    let broken = vec![text("half"), Err(Error::new(ErrorKind::Interrupted, "x"))];
    let server = start(home(says(broken))).await;
    let body = json!({"model": "home", "input": "Hi", "stream": true});
    let answer = server.post("/v1/responses", &body).await;
    let last = answer.body.trim_end().rsplit("data: ").next().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["type"], "response.failed");
    let id = last["response"]["id"].as_str().unwrap();
    let shown = server.get(&format!("/v1/responses/{id}")).await;
    shown.assert_error(404, "response_not_found");
}

#[tokio::test]
async fn tokens_are_counted_without_a_backend() {
    let provider = tells(&["a"]);
    let server = start(home(provider.clone()).estimate_usage(false)).await;
    let body = json!({"model": "home", "system": "abcd", "messages": [{"role": "user", "content": "abcde"}]});
    let answer = server
        .post("/v1/messages/count_tokens?beta=true", &body)
        .await;
    assert_eq!(answer.json(), json!({"input_tokens": 11}));
    let body = with(body, json!({"model": "none"}));
    let answer = server.post("/v1/messages/count_tokens", &body).await;
    assert_eq!(answer.status, 404);
    assert!(is_error("/v1/messages", &answer.json()));
    assert_eq!(provider.asked.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn stop_sequences_are_named() {
    let server = start(home(tells(&["one EN", "D two"]))).await;
    let body = json!({"model": "home", "messages": [{"role": "user", "content": "Hi"}],
                      "stop_sequences": ["END"]});
    let answer = server.post("/v1/messages", &body).await.json();
    assert_eq!(answer["content"][0]["text"], "one ");
    assert_eq!(answer["stop_reason"], "stop_sequence");
    assert_eq!(answer["stop_sequence"], "END");
}

#[tokio::test]
async fn the_rest_of_ollama() {
    let provider = tells(&["a"]);
    let server = start(home(provider.clone())).await;
    let models = server.get("/api/tags").await.json();
    let names: Vec<&str> = models["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["home/m", "home/meta/llama"]);
    assert!(server.get("/api/version").await.json()["version"].is_string());
    assert_eq!(server.get("/api/ps").await.json(), json!({"models": []}));
    for (path, body, status, words) in [
        (
            "/api/show",
            json!({"model": "home:latest"}),
            200,
            "completion",
        ),
        ("/api/show", json!({"model": "none"}), 404, "none"),
        ("/api/chat", json!({"model": "home"}), 200, "\"load\""),
        (
            "/api/generate",
            json!({"model": "home/m:latest", "prompt": "", "keep_alive": 0}),
            200,
            "\"unload\"",
        ),
        ("/api/chat", json!({"model": "none"}), 404, "none"),
        ("/api/pull", json!({"model": "home"}), 501, "configuration"),
        (
            "/api/create",
            json!({"model": "home"}),
            501,
            "configuration",
        ),
        ("/api/copy", json!({}), 501, "configuration"),
        ("/api/push", json!({}), 501, "configuration"),
        ("/api/embed", json!({}), 501, "embeddings"),
    ] {
        let answer = server.post(path, &body).await;
        assert_eq!(answer.status, status, "{path} {answer:?}");
        assert!(answer.body.contains(words), "{path} {answer:?}");
        assert_eq!(is_error(path, &answer.json()), status != 200);
    }
    assert_eq!(server.delete("/api/delete").await.status, 501);
    assert_eq!(provider.asked.load(std::sync::atomic::Ordering::SeqCst), 0);
    let root = server.get("/").await;
    assert_eq!(root.body, "chatwire is running\n");
    let head = server
        .send("HEAD / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}
