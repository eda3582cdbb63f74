//! Health and numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::*;
use chatwire_core::{Error, ErrorKind};
use chatwire_gateway::Gateway;
use http_body_util::BodyExt as _;
use serde_json::json;
use tower::ServiceExt as _;

#[tokio::test]
async fn ready_while_one_endpoint_works() {
    let works = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&works);
    let moody = scripted(move |_| {
        let works = flag.load(Ordering::SeqCst);
        async move {
            match works {
                true => Ok(paced(vec![(0, text("a")), (0, finish())])),
                false => Err(Error::new(ErrorKind::Connect, "refused")),
            }
        }
    });
    let wrong = fails(Error::new(ErrorKind::InvalidRequest, "your fault"));
    let gateway = Gateway::builder()
        .endpoint("moody", moody)
        .endpoint("wrong", wrong)
        .retries(0);
    let server = start(gateway).await;
    let ask = async |model: &str, times: usize| {
        for _ in 0..times {
            server.ask(&with(question(), json!({"model": model}))).await;
        }
        server.get("/readyz").await.json()["endpoints"][model].clone()
    };
    assert_eq!(server.get("/readyz").await.json()["status"], "ready");
    assert_eq!(
        ask("wrong", 5).await,
        "ok",
        "the client's mistakes do not count"
    );
    assert_eq!(ask("moody", 2).await, "ok");
    assert_eq!(ask("moody", 1).await, "failing");
    assert_eq!(
        server.get("/readyz").await.status,
        200,
        "the other one works"
    );
    works.store(true, Ordering::SeqCst);
    assert_eq!(ask("moody", 1).await, "ok");
}

/// What another endpoint makes good is seen all the same.
#[tokio::test]
async fn failures_before_a_fallback_are_counted() {
    let panics = scripted(|_| async { panic!("on purpose") });
    let dead = fails(Error::new(ErrorKind::Connect, "refused"));
    let gateway = Gateway::builder()
        .endpoint("panics", panics)
        .endpoint("dead", dead)
        .endpoint("good", tells(&["a"]))
        .alias("best", ["panics", "dead", "good"])
        .retries(0);
    let server = start(gateway).await;
    for _ in 0..3 {
        let answer = server
            .ask(&with(question(), json!({"model": "best"})))
            .await;
        assert_eq!(answer.json()["model"], "good/m");
    }
    let metrics = server.get("/metrics").await.body;
    for line in [
        "chatwire_failed_attempts_total{endpoint=\"panics\",kind=\"panicked\"} 3",
        "chatwire_failed_attempts_total{endpoint=\"dead\",kind=\"connect\"} 3",
    ] {
        assert!(
            metrics.lines().any(|l| l == line),
            "{line} not in\n{metrics}"
        );
    }
    let ready = server.get("/readyz").await.json();
    assert_eq!(
        ready["endpoints"],
        json!({"panics": "failing", "dead": "failing", "good": "ok"})
    );
}

#[tokio::test]
async fn not_ready_when_every_endpoint_fails() {
    let server = start(home(fails(Error::new(ErrorKind::Blocked, "a page")))).await;
    for _ in 0..3 {
        server.ask(&question()).await;
    }
    server.get("/readyz").await.assert_error(503, "not_ready");
    assert_eq!(server.get("/healthz").await.json()["status"], "ok");
}

#[tokio::test(start_paused = true)]
async fn the_numbers() {
    let slow = scripted(|_| async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        Ok(paced(vec![(0, text("a")), (0, finish())]))
    });
    let gateway = Gateway::builder()
        .endpoint("slow", slow)
        .endpoint(
            "bad",
            fails(Error::new(ErrorKind::RateLimited, "slow down")),
        )
        .retries(0);
    let router = gateway.build().unwrap().router();
    for (base, model) in [
        (streamed(), "slow"),
        (question(), "slow"),
        (question(), "bad"),
        (question(), "none"),
    ] {
        let (_, body) = ask_router(router.clone(), &with(base, json!({"model": model}))).await;
        body.collect().await.unwrap();
    }
    let request = http::Request::get("/metrics")
        .header("host", "localhost")
        .body(axum::body::Body::empty())
        .unwrap();
    let response = router.oneshot(request).await.unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    let text = response.into_body().collect().await.unwrap().to_bytes();
    let text = std::str::from_utf8(&text).unwrap();
    for line in [
        "chatwire_requests_total{endpoint=\"slow\",reply=\"stream\"} 1",
        "chatwire_requests_total{endpoint=\"slow\",reply=\"whole\"} 1",
        "chatwire_requests_total{endpoint=\"bad\",reply=\"whole\"} 1",
        "chatwire_errors_total{code=\"rate_limit_exceeded\",endpoint=\"bad\"} 1",
        "chatwire_errors_total{code=\"model_not_found\",endpoint=\"\"} 1",
        "chatwire_cancelled_total{endpoint=\"slow\"} 0",
        "chatwire_in_flight{endpoint=\"slow\"} 0",
        "chatwire_first_text_seconds_count{endpoint=\"slow\"} 2",
        "chatwire_first_text_seconds_bucket{endpoint=\"slow\",le=\"0.025\"} 0",
        "chatwire_first_text_seconds_bucket{endpoint=\"slow\",le=\"0.05\"} 2",
        "chatwire_gateway_overhead_seconds_count{endpoint=\"slow\"} 2",
        "chatwire_gateway_overhead_seconds_bucket{endpoint=\"slow\",le=\"0.001\"} 2",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} not in\n{text}");
    }
}
