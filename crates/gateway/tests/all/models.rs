//! Names of models.

use crate::support::*;
use chatwire_core::{
    ChatRequest, Error, ErrorKind, ModelInfo, Provider, ProviderInfo, ReplyStream,
};
use chatwire_gateway::Gateway;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn only(model: &str) -> Arc<Scripted> {
    let mut info = info();
    info.models = vec![ModelInfo::new(model), ModelInfo::new("both")];
    info.default_model = model.to_owned();
    scripted_as(info, |request| {
        let model = request.model().unwrap_or("none").to_owned();
        async move { Ok(paced(vec![(0, text(&model)), (0, finish())])) }
    })
}

async fn two() -> Server {
    let builder = Gateway::builder()
        .endpoint("home", only("m"))
        .endpoint("work", only("meta/llama"))
        .alias("gpt-4o", ["work/meta/llama"])
        .alias("best", ["home", "work"]);
    start(builder).await
}

#[tokio::test]
async fn names_that_work() {
    let server = two().await;
    for (name, id, asked) in [
        ("home/m", "home/m", "m"),
        ("work/meta/llama", "work/meta/llama", "meta/llama"),
        ("m", "home/m", "m"),
        ("meta/llama", "work/meta/llama", "meta/llama"),
        // The default is left to the provider.
        ("home", "home/m", "none"),
        ("gpt-4o", "work/meta/llama", "meta/llama"),
        ("best", "home/m", "none"),
        ("work/both", "work/both", "both"),
    ] {
        let answer = server
            .ask(&with(question(), json!({"model": name})))
            .await
            .json();
        assert_eq!(answer["model"], id);
        assert_eq!(answer["choices"][0]["message"]["content"], asked);
    }
    let answer = server
        .ask(&with(question(), json!({"model": "both"})))
        .await;
    let error = answer.assert_error(404, "model_not_found");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("home/both") && message.contains("work/both"),
        "{message}"
    );
}

#[tokio::test]
async fn the_list() {
    let server = two().await;
    let list = server.get("/v1/models").await.json();
    assert_eq!(list["object"], "list");
    let ids: Vec<&str> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| {
            assert_eq!(model["object"], "model");
            assert!(model["created"].is_u64());
            assert!(model["owned_by"].is_string());
            model["id"].as_str().unwrap()
        })
        .collect();
    assert_eq!(
        ids,
        [
            "best",
            "gpt-4o",
            "home/m",
            "home/both",
            "work/meta/llama",
            "work/both"
        ]
    );
}

#[tokio::test]
async fn one_model_by_its_id() {
    let server = two().await;
    for (path, id) in [
        ("/v1/models/home/m", "home/m"),
        ("/v1/models/home%2Fm", "home/m"),
        ("/v1/models/work/meta/llama", "work/meta/llama"),
        ("/v1/models/work%2fmeta%2Fllama", "work/meta/llama"),
        ("/v1/models/gpt-4o", "gpt-4o"),
    ] {
        let model = server.get(path).await.json();
        assert_eq!(model["id"], id, "{path}");
        assert_eq!(model["object"], "model");
    }
    server
        .get("/v1/models/home%2Fnone")
        .await
        .assert_error(404, "model_not_found");
}

/// A provider whose server knows more models than the program.
#[derive(Debug)]
struct Asking(ProviderInfo);

impl Provider for Asking {
    fn info(&self) -> &ProviderInfo {
        &self.0
    }

    fn stream<'a>(
        &'a self,
        request: &'a ChatRequest,
    ) -> chatwire_core::BoxFuture<'a, Result<ReplyStream, Error>> {
        let model = request.model().unwrap_or("none").to_owned();
        Box::pin(async move { Ok(paced(vec![(0, text(&model)), (0, finish())])) })
    }

    fn models(&self) -> chatwire_core::BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
        Box::pin(async { Ok(vec![ModelInfo::new("fresh")]) })
    }
}

#[tokio::test]
async fn servers_are_asked_for_their_models() {
    let mut info = info();
    info.capabilities.lists_models = true;
    info.any_model = true;
    let server = start(Gateway::builder().endpoint("home", Arc::new(Asking(info)))).await;
    // A name that is not known is asked for before it is refused.
    let answer = server
        .ask(&with(question(), json!({"model": "fresh"})))
        .await
        .json();
    assert_eq!(answer["model"], "home/fresh");
    let list = server.get("/v1/models").await.json();
    assert_eq!(list["data"][0]["id"], "home/fresh");
}

/// A gateway that starts before its backend knows its models soon after it.
#[tokio::test(start_paused = true)]
async fn a_list_that_failed_is_asked_for_again() {
    let mut info = info();
    info.capabilities.lists_models = true;
    info.any_model = false;
    let lists = Arc::new(AtomicUsize::new(0));
    let provider = Late(info, Arc::clone(&lists));
    let gateway = Gateway::builder().endpoint("home", Arc::new(provider));
    let router = gateway.build().unwrap().router();
    let ask = async || {
        let body = with(question(), json!({"model": "fresh"}));
        ask_router(router.clone(), &body).await.0.status.as_u16()
    };
    assert_eq!(ask().await, 404);
    // Not at once, so that a backend that is down is not asked all the time.
    assert_eq!(ask().await, 404);
    assert_eq!(lists.load(Ordering::SeqCst), 1);
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    assert_eq!(ask().await, 200);
}

/// A provider whose server lists its models from the second time on.
#[derive(Debug)]
struct Late(ProviderInfo, Arc<AtomicUsize>);

impl Provider for Late {
    fn info(&self) -> &ProviderInfo {
        &self.0
    }

    fn stream<'a>(
        &'a self,
        _: &'a ChatRequest,
    ) -> chatwire_core::BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(async { Ok(paced(vec![(0, text("a")), (0, finish())])) })
    }

    fn models(&self) -> chatwire_core::BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
        let first = self.1.fetch_add(1, Ordering::SeqCst) == 0;
        Box::pin(async move {
            match first {
                true => Err(Error::new(ErrorKind::Connect, "refused")),
                false => Ok(vec![ModelInfo::new("fresh")]),
            }
        })
    }
}

#[tokio::test]
async fn gateways_that_cannot_be() {
    let one = || Gateway::builder().endpoint("home", tells(&["a"]));
    for (builder, words) in [
        (Gateway::builder(), "at least one endpoint"),
        (one().endpoint("home", tells(&["a"])), "two endpoints"),
        (one().endpoint("a/b", tells(&["a"])), "cannot be the name"),
        (one().alias("x", ["none"]), "no model \"none\""),
        (one().alias("x", Vec::<String>::new()), "stands for nothing"),
        (one().alias("x", ["m"]).alias("x", ["m"]), "two aliases"),
        (one().allow_host("a:1"), "name of a host"),
        (one().allow_origin("*"), "not an origin"),
        (one().api_key(chatwire_core::Secret::new("")), "API key"),
    ] {
        let error = builder.build().unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}
