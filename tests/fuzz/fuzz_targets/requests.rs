//! Bodies that clients send to the gateway, also with stop sequences that the
//! answer nearly has: each is answered, and none with a fault of the gateway.
#![no_main]

use std::sync::{Arc, LazyLock};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use chatwire_core::{
    BoxFuture, ChatRequest, Error, Finish, FinishReason, Provider, ProviderInfo, ReplyEvent,
    ReplyStream,
};
use chatwire_gateway::Gateway;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

const PATHS: [&str; 6] = [
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/responses",
    "/v1/messages",
    "/api/chat",
    "/api/generate",
];

/// Answers with a text that is nearly any stop sequence.
#[derive(Debug)]
struct Near(ProviderInfo);

impl Provider for Near {
    fn info(&self) -> &ProviderInfo {
        &self.0
    }

    fn stream<'a>(&'a self, _: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        let text = ReplyEvent::Text("aaaaaaab\n\n###".repeat(20));
        let end = ReplyEvent::Finish(Finish::new(FinishReason::Stop));
        let events = futures::stream::iter([Ok(text), Ok(end)]);
        Box::pin(async { Ok(ReplyStream::from_events(events)) })
    }
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().unwrap());

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((path, body)) = data.split_first() else {
        return;
    };
    let path = PATHS[usize::from(*path) % PATHS.len()];
    RUNTIME.block_on(async {
        let mut info = ProviderInfo::new("near", "http://localhost", "m");
        info.any_model = true;
        let gateway = Gateway::builder().endpoint("near", Arc::new(Near(info)));
        let router = gateway.build().unwrap().router();
        let request = Request::post(path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .body(Body::from(body.to_vec()))
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        assert!(status.is_success() || status.is_client_error(), "{status}");
        let _ = to_bytes(response.into_body(), usize::MAX).await;
    });
});
