//! The bare proxy: reads the question, asks the backend, decodes each event
//! and encodes it as a chunk. No limits, no checks, no errors, no end marks
//! that are looked for.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};

struct Shared {
    client: reqwest::Client,
    url: String,
}

#[derive(Deserialize)]
struct Question {
    model: String,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    content: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Submit<'a> {
    bot_id: &'a str,
    new_message: &'a str,
    stream: bool,
}

#[derive(Deserialize)]
struct Event {
    r#type: String,
    data: String,
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'a str,
    created: u64,
    model: &'a str,
    choices: [Choice<'a>; 1],
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    delta: Delta<'a>,
    logprobs: Option<()>,
    finish_reason: Option<&'a str>,
}

#[derive(Serialize, Default)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

pub(crate) fn run() {
    let backend = std::env::var(crate::BACKEND).unwrap();
    crate::process::serve(async |listener| {
        let shared = Arc::new(Shared {
            client: reqwest::Client::builder()
                .tcp_nodelay(true)
                .build()
                .unwrap(),
            url: format!("{backend}/wp-json/mwai-ui/v1/chats/submit"),
        });
        let routes = Router::new()
            .route("/v1/chat/completions", post(chat))
            .with_state(shared);
        // Without this it would lose the comparison by 40 ms.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, routes).await.unwrap();
    });
}

async fn chat(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let question: Question = serde_json::from_slice(&body).unwrap();
    let submit = Submit {
        bot_id: "default",
        new_message: &question.messages[0].content,
        stream: true,
    };
    let response = shared
        .client
        .post(&shared.url)
        .json(&submit)
        .send()
        .await
        .unwrap();
    let mut first = true;
    let mut buffer: Vec<u8> = Vec::new();
    let model = question.model;
    let chunks = response.bytes_stream().map(move |bytes| {
        buffer.extend_from_slice(&bytes?);
        let mut out = Vec::new();
        if std::mem::take(&mut first) {
            let delta = Delta {
                role: Some("assistant"),
                content: Some(""),
            };
            encode(&mut out, &model, delta, None);
        }
        while let Some(end) = buffer.windows(2).position(|two| two == b"\n\n") {
            let data = buffer[..end].strip_prefix(b"data: ").unwrap();
            let event: Event = serde_json::from_slice(data).unwrap();
            if event.r#type == "end" {
                encode(&mut out, &model, Delta::default(), Some("stop"));
                out.extend_from_slice(b"data: [DONE]\n\n");
            } else {
                let delta = Delta {
                    role: None,
                    content: Some(&event.data),
                };
                encode(&mut out, &model, delta, None);
            }
            buffer.drain(..end + 2);
        }
        Ok::<_, reqwest::Error>(Bytes::from(out))
    });
    Response::builder()
        .header("content-type", "text/event-stream")
        .body(Body::from_stream(chunks))
        .unwrap()
}

fn encode(out: &mut Vec<u8>, model: &str, delta: Delta<'_>, reason: Option<&str>) {
    let chunk = Chunk {
        id: "chatcmpl-0123456789abcdef01234567",
        object: "chat.completion.chunk",
        created: 1_700_000_000,
        model,
        choices: [Choice {
            index: 0,
            delta,
            logprobs: None,
            finish_reason: reason,
        }],
    };
    out.extend_from_slice(b"data: ");
    serde_json::to_writer(&mut *out, &chunk).unwrap();
    out.extend_from_slice(b"\n\n");
}
