//! The mocks of OpenAI's and Anthropic's APIs.

use chatwire_mock::{AnthropicMock, AnyMock, ApiReply, MockServer, OpenAiMock, ResponsesMock};
use serde_json::{Value, json};

use crate::support::{Reply, call};

const VERSION: &[(&str, &str)] = &[("anthropic-version", "2023-06-01")];

/// An API as its clients see it.
struct Api {
    name: &'static str,
    path: &'static str,
    question: fn() -> Value,
    /// The text of a whole reply.
    text: fn(&Value) -> &Value,
    /// The text of an event.
    delta: fn(&Value) -> &Value,
    /// What the last event of a whole stream says.
    is_end: fn(&Value) -> bool,
    is_error: fn(&Value) -> bool,
}

const APIS: [Api; 3] = [
    Api {
        name: "openai",
        path: "/v1/chat/completions",
        question: || json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]}),
        text: |reply| &reply["choices"][0]["message"]["content"],
        delta: |event| &event["choices"][0]["delta"]["content"],
        is_end: |event| event == "[DONE]",
        is_error: |error| error["error"]["message"].is_string(),
    },
    Api {
        name: "responses",
        path: "/v1/responses",
        question: || json!({"model": "m", "input": "hi"}),
        text: |reply| &reply["output"][0]["content"][0]["text"],
        delta: |event| match event["type"] == "response.output_text.delta" {
            true => &event["delta"],
            false => &Value::Null,
        },
        is_end: |event| event["type"] == "response.completed",
        is_error: |error| {
            error["error"]["message"].is_string()
                || error["type"] == "error"
                || error["type"] == "response.failed"
        },
    },
    Api {
        name: "anthropic",
        path: "/v1/messages",
        question: || json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}),
        text: |reply| &reply["content"][0]["text"],
        delta: |event| &event["delta"]["text"],
        is_end: |event| event["type"] == "message_stop",
        is_error: |error| error["type"] == "error" && error["error"]["message"].is_string(),
    },
];

async fn post(mock: &MockServer, path: &str, body: &Value) -> Reply {
    call(mock.addr(), "POST", path, VERSION, body.to_string()).await
}

/// The data of the events of a stream.
fn events(reply: &Reply) -> Vec<Value> {
    let body = reply.body();
    let lines = body.lines().filter_map(|line| line.strip_prefix("data: "));
    lines
        .map(|data| serde_json::from_str(data).unwrap_or_else(|_| json!(data)))
        .collect()
}

fn said(api: &Api, events: &[Value]) -> String {
    let texts = events
        .iter()
        .filter_map(|event| (api.delta)(event).as_str());
    texts.collect()
}

#[tokio::test]
async fn replies_streamed_and_whole() {
    for api in &APIS {
        let mock = AnyMock::by_name(api.name).await.unwrap();
        mock.reply("one two").reply("one two");
        let mut body = (api.question)();
        let whole = post(&mock, api.path, &body).await;
        assert_eq!(whole.status, 200, "{}", api.name);
        assert_eq!((api.text)(&whole.json()), "one two", "{}", api.name);
        assert!(whole.complete && whole.header("content-length").is_some());
        body["stream"] = json!(true);
        let stream = post(&mock, api.path, &body).await;
        let all = events(&stream);
        assert_eq!(said(api, &all), "one two", "{}", api.name);
        assert!((api.is_end)(all.last().unwrap()), "{all:?}");
        assert!(stream.complete, "{}", api.name);
        // The default repeats the question.
        let own = post(&mock, api.path, &body).await;
        assert!(
            said(api, &events(&own)).ends_with("mock. You asked: hi"),
            "{own:?}"
        );
        // The model fails before the first word.
        mock.answer(mock.failure("too hot"));
        let failed = post(&mock, api.path, &body).await;
        assert_eq!(failed.status, 500);
        assert!((api.is_error)(&failed.json()), "{failed:?}");
        assert!(failed.body().contains("too hot"));
        let models = call(mock.addr(), "GET", "/v1/models", VERSION, "").await;
        assert_eq!(models.json()["data"][0]["id"], "mock-model");
        let lost = call(mock.addr(), "GET", "/v1/lost", VERSION, "").await;
        assert_eq!(lost.status, 404);
        assert!((api.is_error)(&lost.json()), "{lost:?}");
    }
}

/// Replies that end otherwise, to a streamed and to a whole question.
#[tokio::test]
async fn replies_that_break_off() {
    let openai = OpenAiMock::start().await.unwrap();
    let responses = ResponsesMock::start().await.unwrap();
    let anthropic = AnthropicMock::start().await.unwrap();
    for api in &APIS {
        let reply = |reply: ApiReply| match api.name {
            "openai" => openai.reply(reply).addr(),
            "responses" => responses.reply(reply).addr(),
            _ => anthropic.reply(reply).addr(),
        };
        for is_error in [true, false] {
            let broken = || match is_error {
                true => ApiReply::new("half of").with_error("lost"),
                false => ApiReply::new("half of").without_end(),
            };
            let mut body = (api.question)();
            let addr = reply(broken());
            let whole = call(addr, "POST", api.path, VERSION, body.to_string()).await;
            assert_eq!(whole.status == 500, is_error, "{}", api.name);
            assert_eq!(whole.complete, is_error, "{}", api.name);
            body["stream"] = json!(true);
            let addr = reply(broken());
            let stream = call(addr, "POST", api.path, VERSION, body.to_string()).await;
            let all = events(&stream);
            assert_eq!(said(api, &all), "half of", "{}", api.name);
            assert!(!all.iter().any(api.is_end), "{all:?}");
            assert_eq!((api.is_error)(all.last().unwrap()), is_error, "{all:?}");
            assert_eq!(stream.body().contains("lost"), is_error);
            assert!(!stream.body().contains("\"stop\"") && !stream.body().contains("end_turn"));
        }
    }
}

#[tokio::test]
async fn tools_limits_and_usage() {
    let reply = || {
        ApiReply::new("Let me look.")
            .with_tool("weather", r#"{"city":"Oslo"}"#)
            .with_usage(3, 4)
    };
    let openai = OpenAiMock::start().await.unwrap();
    let responses = ResponsesMock::start().await.unwrap();
    let anthropic = AnthropicMock::start().await.unwrap();

    let mut body = (APIS[0].question)();
    openai.reply(reply()).reply(reply());
    openai.reply(ApiReply::new("cut").with_length_limit());
    let whole = post(&openai, APIS[0].path, &body).await.json();
    let choice = &whole["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    let function = &choice["message"]["tool_calls"][0]["function"];
    assert_eq!(
        function,
        &json!({"name": "weather", "arguments": "{\"city\":\"Oslo\"}"})
    );
    assert_eq!(whole["usage"]["total_tokens"], 7);
    body["stream"] = json!(true);
    body["stream_options"] = json!({"include_usage": true});
    let all = events(&post(&openai, APIS[0].path, &body).await);
    assert_eq!(all[all.len() - 2]["usage"]["total_tokens"], 7);
    assert_eq!(all[all.len() - 2]["choices"], json!([]));
    assert!(all[0].as_object().unwrap().contains_key("usage"));
    let cut = events(&post(&openai, APIS[0].path, &body).await);
    assert!(
        cut.iter()
            .any(|event| event["choices"][0]["finish_reason"] == "length")
    );

    let mut body = (APIS[1].question)();
    responses.reply(reply()).reply(reply());
    let whole = post(&responses, APIS[1].path, &body).await.json();
    assert_eq!(whole["output"][1]["type"], "function_call");
    assert_eq!(whole["output"][1]["arguments"], r#"{"city":"Oslo"}"#);
    assert_eq!(whole["usage"]["total_tokens"], 7);
    body["stream"] = json!(true);
    let all = events(&post(&responses, APIS[1].path, &body).await);
    let numbers: Vec<_> = all
        .iter()
        .map(|event| event["sequence_number"].as_u64())
        .collect();
    assert_eq!(numbers, (0..all.len() as u64).map(Some).collect::<Vec<_>>());
    assert_eq!(
        all.last().unwrap()["response"]["output"],
        whole["output"].clone().tap_ids(2)
    );

    let mut body = (APIS[2].question)();
    anthropic.reply(reply()).reply(reply());
    let whole = post(&anthropic, APIS[2].path, &body).await.json();
    assert_eq!(whole["stop_reason"], "tool_use");
    assert_eq!(whole["content"][1]["input"], json!({"city": "Oslo"}));
    body["stream"] = json!(true);
    let all = events(&post(&anthropic, APIS[2].path, &body).await);
    let count = |kind: &str| all.iter().filter(|event| event["type"] == kind).count();
    assert_eq!(
        (count("content_block_start"), count("content_block_stop")),
        (2, 2)
    );
}

/// The ids of another reply of the same server.
trait TapIds {
    fn tap_ids(self, number: u64) -> Value;
}

impl TapIds for Value {
    fn tap_ids(self, number: u64) -> Value {
        let text = self
            .to_string()
            .replace("_mock1_", &format!("_mock{number}_"));
        serde_json::from_str(&text).unwrap()
    }
}

#[tokio::test]
async fn keys_and_models() {
    for (name, api) in [
        ("openai", &APIS[0]),
        ("responses", &APIS[1]),
        ("anthropic", &APIS[2]),
    ] {
        let mock: AnyMock = match name {
            "openai" => OpenAiMock::builder()
                .api_key("sk-1")
                .model("m")
                .start()
                .await
                .unwrap()
                .into(),
            "responses" => ResponsesMock::builder()
                .api_key("sk-1")
                .model("m")
                .start()
                .await
                .unwrap()
                .into(),
            _ => AnthropicMock::builder()
                .api_key("sk-1")
                .model("m")
                .start()
                .await
                .unwrap()
                .into(),
        };
        for (header, value, model, status) in [
            ("authorization", "Bearer sk-1", "m", 200),
            ("x-api-key", "sk-1", "m", 200),
            ("authorization", "Bearer sk-2", "m", 401),
            ("authorization", "Basic sk-1", "m", 401),
            ("x-other", "sk-1", "m", 401),
            ("authorization", "Bearer sk-1", "n", 404),
        ] {
            let mut body = (api.question)();
            body["model"] = json!(model);
            let headers = [VERSION[0], (header, value)];
            let reply = call(mock.addr(), "POST", api.path, &headers, body.to_string()).await;
            assert_eq!(reply.status, status, "{name} {header}: {value} {model}");
            assert_eq!((api.is_error)(&reply.json()), status != 200);
            assert!(!reply.body().contains("sk-"), "{reply:?}");
        }
    }
}

/// What the servers refuse, and the words of the refusal.
#[tokio::test]
async fn refusals() {
    let user = || json!([{"role": "user", "content": "hi"}]);
    let cases: [(usize, Value, &str); 26] = [
        (0, json!({"messages": user()}), "model parameter"),
        (0, json!({"model": "m"}), "'messages'"),
        (0, json!({"model": "m", "messages": []}), "empty array"),
        (
            0,
            json!({"model": "m", "messages": [{"content": "a"}]}),
            "role",
        ),
        (
            0,
            json!({"model": "m", "messages": [{"role": "me", "content": "a"}]}),
            "'me'",
        ),
        (
            0,
            json!({"model": "m", "messages": [{"role": "user"}]}),
            "content",
        ),
        (
            0,
            json!({"model": "m", "messages": [{"role": "tool", "content": "a", "tool_call_id": "x"}]}),
            "tool_calls",
        ),
        (
            0,
            json!({"model": "m", "messages": [{"role": "assistant", "tool_calls": [{"id": "x"}]}, {"role": "user", "content": "a"}]}),
            "did not have response",
        ),
        (
            0,
            json!({"model": "m", "messages": user(), "temperature": 2.5}),
            "temperature",
        ),
        (
            0,
            json!({"model": "m", "messages": user(), "max_tokens": 0}),
            "max_tokens",
        ),
        (
            0,
            json!({"model": "m", "messages": user(), "stream": "yes"}),
            "boolean",
        ),
        (
            0,
            json!({"model": "m", "messages": user(), "stream_options": {}}),
            "stream_options",
        ),
        (
            0,
            json!({"model": "m", "messages": user(), "top_k": 3}),
            "top_k",
        ),
        (0, json!([]), "parse"),
        (1, json!({"input": "a"}), "'model'"),
        (1, json!({"model": "m"}), "'input'"),
        (
            1,
            json!({"model": "m", "input": "a", "messages": []}),
            "Unknown parameter",
        ),
        (
            1,
            json!({"model": "m", "input": "a", "max_output_tokens": 1}),
            ">= 16",
        ),
        (
            1,
            json!({"model": "m", "input": "a", "previous_response_id": "resp_mock9"}),
            "not found",
        ),
        (
            1,
            json!({"model": "m", "input": [{"type": "nonsense"}]}),
            "nonsense",
        ),
        (
            2,
            json!({"model": "m", "messages": user()}),
            "max_tokens: Field required",
        ),
        (
            2,
            json!({"model": "m", "max_tokens": 1, "messages": []}),
            "at least one",
        ),
        (
            2,
            json!({"model": "m", "max_tokens": 1, "messages": [{"role": "system", "content": "a"}]}),
            "top-level",
        ),
        (
            2,
            json!({"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": ""}]}),
            "non-empty",
        ),
        (
            2,
            json!({"model": "m", "max_tokens": 1, "messages": user(), "temperature": 1.5}),
            "temperature",
        ),
        (
            2,
            json!({"model": "m", "max_tokens": 1, "messages": user(), "n": 2}),
            "Extra inputs",
        ),
    ];
    for (api, body, words) in cases {
        let api = &APIS[api];
        let mock = AnyMock::by_name(api.name).await.unwrap();
        let reply = post(&mock, api.path, &body).await;
        assert_eq!(reply.status, 400, "{body}: {reply:?}");
        assert!((api.is_error)(&reply.json()), "{body}: {reply:?}");
        assert!(reply.body().contains(words), "{body}: {}", reply.body());
        assert_eq!(mock.requests().len(), 1);
    }
    let mock = AnthropicMock::start().await.unwrap();
    let body = (APIS[2].question)().to_string();
    let reply = call(mock.addr(), "POST", "/v1/messages", &[], body).await;
    assert!(reply.body().contains("anthropic-version"), "{reply:?}");
    // Clients that are newer than the mock are served too.
    for (version, status) in [
        ("2023-01-01", 200),
        ("2023-06-01", 200),
        ("2026-10-21", 200),
        ("2022-12-31", 400),
        ("2026-13-01", 400),
        ("2026-1-1", 400),
        ("2023-06-01x", 400),
        ("latest", 400),
        ("", 400),
    ] {
        let headers = [("anthropic-version", version)];
        let body = (APIS[2].question)().to_string();
        let reply = call(mock.addr(), "POST", "/v1/messages", &headers, body).await;
        assert_eq!(reply.status, status, "{version}: {reply:?}");
        assert_eq!(
            reply.body().contains("is not a valid version"),
            status == 400
        );
    }
    assert_eq!(mock.received().len(), 3);
}

#[tokio::test]
async fn what_reaches_the_model() {
    let openai = OpenAiMock::start().await.unwrap();
    let body = json!({"model": "m", "stream": true, "messages": [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:,"}}]},
    ]});
    post(&openai, APIS[0].path, &body).await;
    let responses = ResponsesMock::start().await.unwrap();
    let body = json!({"model": "m", "instructions": "Be brief.", "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "a"}]},
    ]});
    let first = post(&responses, APIS[1].path, &body).await.json();
    let next = json!({"model": "m", "input": "b", "previous_response_id": first["id"]});
    assert_eq!(post(&responses, APIS[1].path, &next).await.status, 200);
    let anthropic = AnthropicMock::start().await.unwrap();
    let body = json!({"model": "m", "max_tokens": 9, "system": "Be brief.",
        "messages": [{"role": "user", "content": "a"}]});
    post(&anthropic, APIS[2].path, &body).await;
    for (received, stream) in [
        (openai.received(), true),
        (responses.received(), false),
        (anthropic.received(), false),
    ] {
        let first = &received[0];
        assert_eq!((first.model.as_str(), first.stream), ("m", stream));
        let texts: Vec<_> = first
            .messages
            .iter()
            .map(|message| message.content.as_str())
            .collect();
        assert_eq!(texts, ["Be brief.", "a"]);
    }
}
