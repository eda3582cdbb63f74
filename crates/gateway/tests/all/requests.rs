//! Requests as real clients send them, and servers that the routes are part of.

use std::io::Write as _;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tower::ServiceExt as _;

use crate::support::*;

#[tokio::test]
async fn paths_as_base_urls_make_them() {
    let server = start(home(tells(&["a"]))).await;
    for path in [
        "/v1/chat/completions",
        "/v1/chat/completions/",
        "//v1//chat/completions",
        "/chat/completions",
        "/v1/v1/chat/completions",
        "/v1/chat/completions?api-version=2024-10-21",
    ] {
        let request = post(&question().to_string(), "").replace("/v1/chat/completions", path);
        assert_eq!(server.send(&request).await.status, 200, "{path}");
    }
    for (path, words) in [
        ("/", "chatwire is running"),
        ("/health/", "ok"),
        ("/models", "home/m"),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.body.contains(words), "{path} {answer:?}");
    }
    // An error too is in the dialect of the path.
    let request = post("{}", "").replace("/v1/chat/completions", "/chat/completions/");
    server
        .send(&request)
        .await
        .assert_error(400, "invalid_request");
}

/// The question in gzip, as bytes of a request.
fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    let body = encoder.finish().unwrap();
    let head = post("", "content-encoding: gzip\r\n").replace(
        "content-length: 0",
        &format!("content-length: {}", body.len()),
    );
    [head.as_bytes(), &body].concat()
}

#[tokio::test]
async fn packed_bodies_are_unpacked_and_bounded() {
    let server = start(home(tells(&["a"]))).await;
    let bomb = with(question(), json!({"user": "x".repeat(64 * 1024 * 1024)}));
    for (body, status) in [(question(), 200), (bomb, 413)] {
        let mut stream = server.connect().await;
        let request = packed(body.to_string().as_bytes());
        stream.write_all(&request).await.unwrap();
        assert_eq!(read_answer(&mut stream).await.status, status);
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_skipped() {
    let server = start(home(tells(&["a"]))).await;
    let body = format!("\u{feff}{}", question());
    assert_eq!(server.send(&post(&body, "")).await.status, 200);
}

/// A body without length whose first frame is empty.
#[tokio::test]
async fn frames_may_be_empty() {
    let router = home(tells(&["a"])).build().unwrap().router();
    let frames = [String::new(), question().to_string(), String::new()];
    let frames = frames.map(Ok::<_, std::io::Error>);
    let request = Request::post("/v1/chat/completions")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Body::from_stream(futures::stream::iter(frames)))
        .unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), 200);
}

/// A server keeps its own paths, its own fallback and its own hosts.
#[tokio::test]
async fn the_routes_merge_into_any_router() {
    let own = Router::new()
        .route("/", get(|| async { "own root" }))
        .fallback(|| async { "own fallback" });
    let gateway = home(tells(&["a"])).build().unwrap();
    let router = own.merge(gateway.router());
    for (path, host, status, words) in [
        ("/", "own.example", 200, "own root"),
        ("/else", "own.example", 200, "own fallback"),
        ("/v1/models", "localhost", 200, "home/m"),
        ("/v1/models", "own.example", 403, "host_not_allowed"),
        (
            "/v1/chat/completions",
            "localhost",
            405,
            "method_not_allowed",
        ),
    ] {
        let request = Request::get(path).header("host", host);
        let response = router
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{path} {host}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body);
        assert!(body.contains(words), "{path} {host} {body}");
    }
}

/// HTTP/2 has the name of the host in the address.
#[tokio::test]
async fn requests_of_http_2() {
    let router = home(tells(&["a"])).build().unwrap().router();
    for (host, status) in [("localhost:1337", 200), ("evil.example", 403)] {
        let request = Request::get(format!("http://{host}/v1/models"))
            .version(http::Version::HTTP_2)
            .body(Body::empty())
            .unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{host}");
    }
}
