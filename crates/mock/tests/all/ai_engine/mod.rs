//! WordPress sites with the AI Engine plugin.

mod chat;
mod flavours;
mod members;
mod pictures;

use chatwire_mock::{AiEngineMock, PluginVersion};
use serde_json::{Value, json};

use crate::support::{Reply, call};

pub(crate) const START: &str = "/mwai/v1/start_session";
pub(crate) const SUBMIT: &str = "/mwai-ui/v1/chats/submit";

pub(crate) fn question(more: Value) -> Value {
    let mut body = json!({"botId": "default", "newMessage": "Hi there", "stream": true});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

pub(crate) async fn submit(mock: &AiEngineMock, body: impl ToString) -> Reply {
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
pub(crate) fn events(reply: &Reply) -> Vec<Value> {
    let body = reply.body();
    body.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

pub(crate) fn end(reply: &Reply) -> Value {
    let last = events(reply).pop().unwrap();
    assert_eq!(last["type"], "end");
    serde_json::from_str(last["data"].as_str().unwrap()).unwrap()
}

pub(crate) async fn of_version(version: PluginVersion) -> AiEngineMock {
    let site = AiEngineMock::builder().version(version);
    site.start().await.unwrap()
}
