//! Every error has its status and its JSON.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::support::*;
use chatwire_core::{Error, ErrorKind, TimeoutPhase};
use chatwire_gateway::Gateway;
use serde_json::{Value, json};

fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "the reason")
}

#[tokio::test]
async fn errors_of_the_provider() {
    use ErrorKind::*;
    for (error, status, code) in [
        (error(InvalidRequest), 400, "invalid_request"),
        (error(ContextLength), 400, "context_length_exceeded"),
        (error(UnsupportedModel), 404, "model_not_found"),
        (error(RateLimited), 429, "rate_limit_exceeded"),
        (
            error(Credentials).with_status(401),
            502,
            "provider_credentials",
        ),
        (error(Refused).with_status(403), 502, "provider_refused"),
        (error(Status).with_status(401), 502, "provider_status"),
        (error(Status).with_status(500), 502, "provider_status"),
        (error(Blocked), 502, "provider_blocked"),
        (error(Protocol), 502, "provider_protocol"),
        (error(Connect), 502, "provider_unreachable"),
        (error(Truncated), 502, "provider_truncated"),
        (error(Interrupted), 502, "provider_interrupted"),
        (error(Timeout(TimeoutPhase::Head)), 504, "provider_timeout"),
    ] {
        let server = start(home(fails(error.clone()))).await;
        for body in [question(), streamed()] {
            let answer = server.ask(&body).await;
            let json = answer.assert_error(status, code);
            assert!(json["message"].as_str().unwrap().contains("the reason"));
        }
    }
}

#[tokio::test]
async fn a_cut_or_empty_answer_is_an_error() {
    for (events, code) in [
        (vec![], "provider_truncated"),
        (vec![finish()], "provider_protocol"),
        (vec![text(""), finish()], "provider_protocol"),
        (vec![Err(error(ErrorKind::Blocked))], "provider_blocked"),
    ] {
        let server = start(home(says(events))).await;
        for body in [question(), streamed()] {
            server.ask(&body).await.assert_error(502, code);
        }
    }
    // Not streamed, also a fault after the first text has its status.
    let server = start(home(says(vec![text("a")]))).await;
    server
        .ask(&question())
        .await
        .assert_error(502, "provider_truncated");
}

#[tokio::test]
async fn a_wait_is_passed_on_but_not_a_long_one() {
    for (wait, header) in [(None, "5"), (Some(7), "7"), (Some(3600), "20")] {
        let limited = error(ErrorKind::RateLimited).with_retry_after(wait.map(Duration::from_secs));
        let server = start(home(fails(limited))).await;
        let answer = server.ask(&question()).await;
        answer.assert_error(429, "rate_limit_exceeded");
        assert_eq!(answer.header("retry-after").as_deref(), Some(header));
        assert_eq!(answer.header("x-should-retry").as_deref(), Some("true"));
    }
}

#[tokio::test]
async fn what_was_repeated_here_is_not_repeated_by_the_client() {
    for (retries, kind, asked, header) in [
        (0, ErrorKind::Connect, 1, None),
        (2, ErrorKind::Connect, 3, Some("false")),
        (2, ErrorKind::Blocked, 1, Some("false")),
        // A rate limit is for the client to wait for.
        (2, ErrorKind::RateLimited, 1, Some("true")),
        (0, ErrorKind::Blocked, 1, Some("false")),
    ] {
        let provider = fails(error(kind));
        let builder = home(provider.clone())
            .retries(retries)
            .retry_delay(Duration::from_millis(5));
        let server = start(builder).await;
        let answer = server.ask(&streamed()).await;
        assert!(matches!(answer.status, 429 | 502));
        assert_eq!(provider.asked.load(Ordering::SeqCst), asked);
        assert_eq!(
            answer.header("x-should-retry").as_deref(),
            header,
            "{retries} {kind:?}"
        );
    }
}

/// A client is never told to wait and not to try again at the same time.
#[tokio::test]
async fn a_wait_and_a_refusal_to_retry_exclude_each_other() {
    for kind in [
        ErrorKind::RateLimited,
        ErrorKind::Status,
        ErrorKind::Connect,
        ErrorKind::Refused,
        ErrorKind::Blocked,
    ] {
        for retries in [0, 1] {
            let failure = error(kind)
                .with_status(503)
                .with_retry_after(Some(Duration::from_millis(1)));
            let builder = home(fails(failure))
                .retries(retries)
                .retry_delay(Duration::from_millis(1));
            let server = start(builder).await;
            let answer = server.ask(&question()).await;
            let waits = answer.header("retry-after").is_some();
            let retry = answer.header("x-should-retry");
            assert!(!waits || retry.as_deref() == Some("true"), "{answer:?}");
        }
    }
}

/// Clients repeat failed requests by themselves, and two layers multiply.
#[tokio::test]
async fn nothing_is_repeated_unless_it_is_asked_for() {
    let provider = fails(error(ErrorKind::Connect));
    let server = start(Gateway::builder().endpoint("home", provider.clone())).await;
    server
        .ask(&question())
        .await
        .assert_error(502, "provider_unreachable");
    assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
}

/// The client knows the endpoint's name, and no other.
#[tokio::test]
async fn an_endpoint_is_named_once() {
    for (error, words) in [
        (error(ErrorKind::Connect), "home: the reason"),
        (
            error(ErrorKind::Status).with_status(503),
            "home: the reason (HTTP 503) in 2 attempts",
        ),
    ] {
        let error = error.with_provider("scripted");
        let builder = home(fails(error)).retries(1).retry_delay(Duration::ZERO);
        let answer = start(builder).await.ask(&question()).await.json();
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(words), "{message}");
        assert!(!message.contains("scripted"), "{message}");
    }
}

/// Nor where it is, nor the words of the libraries in between.
#[tokio::test]
async fn what_is_behind_the_gateway_stays_there() {
    for (words, expected) in [
        (
            "cannot connect to http://127.0.0.1:9/api/chat: Connection refused (os error 111)",
            "home: cannot connect to the backend: Connection refused",
        ),
        (
            "the end cannot be read: expected u32 at line 1 column 97",
            "home: the end cannot be read",
        ),
    ] {
        let server = start(home(fails(Error::new(ErrorKind::Connect, words)))).await;
        for body in [question(), streamed()] {
            let answer = server.ask(&body).await.json();
            assert_eq!(answer["error"]["message"], expected);
        }
    }
}

#[tokio::test]
async fn nothing_is_repeated_after_the_first_text() {
    let provider = says(vec![text("a"), Err(error(ErrorKind::Interrupted))]);
    let server = start(home(provider.clone()).retries(5)).await;
    server.ask(&streamed()).await;
    server
        .ask(&question())
        .await
        .assert_error(502, "provider_interrupted");
    assert_eq!(provider.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_repetition_can_help() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let provider = scripted(move |_| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            match first {
                true => Err(error(ErrorKind::Connect)),
                false => Ok(paced(vec![(0, text("a")), (0, finish())])),
            }
        }
    });
    let server = start(
        home(provider)
            .retries(1)
            .retry_delay(Duration::from_millis(5)),
    )
    .await;
    assert_eq!(server.ask(&streamed()).await.streamed_text(), "a");
}

#[tokio::test]
async fn a_fallback_list_is_gone_through() {
    let broken = fails(error(ErrorKind::Blocked));
    let builder = Gateway::builder()
        .endpoint("broken", broken.clone())
        .endpoint("good", tells(&["a"]))
        .alias("best", ["broken/m", "good/m"])
        .alias("worst", ["broken/m", "broken/meta/llama"])
        .retries(0);
    let server = start(builder).await;
    let answer = server
        .ask(&with(streamed(), json!({"model": "best"})))
        .await;
    assert_eq!(answer.streamed_text(), "a");
    assert_eq!(answer.chunks()[0]["model"], "good/m");
    let answer = server
        .ask(&with(question(), json!({"model": "worst"})))
        .await;
    let error = answer.assert_error(502, "provider_blocked");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("broken/m:") && message.contains("broken/meta/llama:"),
        "{message}"
    );
    assert_eq!(answer.header("x-should-retry").as_deref(), Some("false"));
    assert_eq!(broken.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn panics_are_errors() {
    let before = scripted(|_| async { panic!("on purpose") });
    let at_once = scripted(|_| -> std::future::Ready<_> { panic!("on purpose") });
    let during = scripted(|_| async {
        let mut texts = 0;
        Ok(chatwire_core::ReplyStream::from_events(
            futures::stream::poll_fn(move |_| {
                texts += 1;
                assert!(texts < 2, "on purpose");
                std::task::Poll::Ready(Some(text("a")))
            }),
        ))
    });
    for provider in [before, at_once, during] {
        let server = start(home(provider)).await;
        let answer = server.ask(&question()).await;
        let error = answer.assert_error(500, "internal_error");
        assert!(!error["message"].as_str().unwrap().contains("on purpose"));
        // The gateway lives on.
        assert_eq!(server.get("/healthz").await.status, 200);
    }
}

#[tokio::test]
async fn bad_requests_name_their_parameter() {
    let server = start(home(tells(&["a"]))).await;
    let image = json!([{"role": "user", "content": [
        {"type": "text", "text": "See"},
        {"type": "image_url", "image_url": {"url": "data:,"}},
    ]}]);
    for (members, param) in [
        (json!({"n": 2}), "n"),
        (
            json!({"tool_choice": "required", "tools": [{"name": "f"}, {"name": "g"}]}),
            "tool_choice",
        ),
        (
            json!({"response_format": {"type": "json_schema"}}),
            "response_format.schema",
        ),
        (
            json!({"messages": image}),
            "messages[0].content[1].image_url.url",
        ),
        (
            json!({"messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
            ]}]}),
            "messages[0].content",
        ),
        (json!({"messages": []}), "messages"),
        (json!({"temperature": 9}), "temperature"),
        (json!({"model": ""}), "model"),
    ] {
        for base in [question(), streamed()] {
            let answer = server.ask(&with(base, members.clone())).await;
            let error = answer.assert_error(400, "invalid_request");
            assert_eq!(error["param"], param);
        }
    }
    let answer = server.send(&post("{\"model\": ", "")).await;
    answer.assert_error(400, "invalid_json");
}

#[tokio::test]
async fn an_unknown_model_is_404() {
    let server = start(home(tells(&["a"]))).await;
    for model in ["gpt-4o", "home/other", "other/m", "/", "home/", "/m"] {
        let answer = server.ask(&with(streamed(), json!({"model": model}))).await;
        let error = answer.assert_error(404, "model_not_found");
        assert_eq!(error["param"], "model");
        assert_eq!(error["type"], "invalid_request_error");
    }
}

#[tokio::test]
async fn errors_of_http_are_json_too() {
    let server = start(home(tells(&["a"]))).await;
    let h = "host: localhost\r\nconnection: close\r\n";
    for (request, status, code) in [
        (
            format!("GET /nothing HTTP/1.1\r\n{h}\r\n"),
            404,
            "not_found",
        ),
        (
            format!("GET /v1/chat/completions HTTP/1.1\r\n{h}\r\n"),
            405,
            "method_not_allowed",
        ),
        (
            format!("DELETE /v1/models HTTP/1.1\r\n{h}\r\n"),
            405,
            "method_not_allowed",
        ),
        (
            format!(
                "POST /v1/chat/completions HTTP/1.1\r\n{h}content-type: text/plain\r\n\
                 content-length: 2\r\n\r\n{{}}"
            ),
            415,
            "unsupported_media_type",
        ),
        (
            post("{}", "content-encoding: br\r\n"),
            415,
            "unsupported_media_type",
        ),
        (
            post("{}", "content-encoding: gzip\r\n"),
            400,
            "incomplete_body",
        ),
        ("NONSENSE\r\n\r\n".to_owned(), 400, "bad_request"),
        (
            "GET / HTTP/1.1\r\nno colon\r\n\r\n".to_owned(),
            400,
            "bad_request",
        ),
        (
            "GET / HTTP/1.1\r\nconnection: close\r\n\r\n".to_owned(),
            400,
            "host_not_allowed",
        ),
    ] {
        let answer = server.send(&request).await;
        answer.assert_error(status, code);
        if status == 405 {
            assert!(answer.header("allow").is_some());
        }
    }
    let answer = server.get("/v1/models/gpt-4o").await;
    answer.assert_error(404, "model_not_found");
}

#[tokio::test]
async fn request_ids_differ() {
    let server = start(home(tells(&["a"]))).await;
    let ids = [
        server.get("/healthz").await.header("x-request-id"),
        server.get("/v1/models").await.header("x-request-id"),
    ];
    assert!(ids[0].is_some() && ids[1].is_some() && ids[0] != ids[1]);
    let _: Value = server.get("/healthz").await.json();
}
