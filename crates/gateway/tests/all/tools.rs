//! Tools and formats of answers in every dialect, over a provider that has them.

use std::sync::{Arc, Mutex};

use chatwire_core::{
    ChatRequest, Error, ErrorKind, Finish, FinishReason, Part, ProgressKind, ReplyEvent,
    ReplyStream, ResponseFormat, Role, ToolCall, ToolChoice,
};
use futures::stream;
use serde_json::{Value, json};

use crate::support::*;

type Seen = Arc<Mutex<Vec<ChatRequest>>>;

/// A provider that calls a tool if it may, after one more question, and
/// otherwise says a text.
fn caller(has_tools: bool, breaks: bool) -> (Arc<Scripted>, Seen) {
    let seen = Seen::default();
    let remember = Arc::clone(&seen);
    let mut info = info();
    info.capabilities.tools = has_tools;
    info.capabilities.response_format = true;
    info.capabilities.max_tokens = true;
    let provider = scripted_as(info, move |request| {
        remember.lock().unwrap().push(request.clone());
        let mut events = Vec::new();
        if request.offers_tools() {
            events.push(Ok(ReplyEvent::Progress {
                kind: ProgressKind::Emulated,
                text: "tools; questions=2".into(),
            }));
            events.push(text("Well"));
            let call = ToolCall::new("call_7", "weather", "{\"city\":\"Paris\"}");
            events.push(Ok(ReplyEvent::ToolCall(call)));
            events.push(match breaks {
                true => Err(Error::new(ErrorKind::Truncated, "the call is cut")),
                false => Ok(ReplyEvent::Finish(Finish::new(FinishReason::ToolCalls))),
            });
        } else {
            events.extend([text("fine"), finish()]);
        }
        async { Ok(ReplyStream::from_events(stream::iter(events))) }
    });
    (provider, seen)
}

/// A question with a tool in every dialect, and the same with a choice that a
/// call must follow.
fn questions() -> [(&'static str, Value, Value); 4] {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let messages = json!([{"role": "user", "content": "Weather?"}]);
    let function =
        json!({"type": "function", "function": {"name": "weather", "parameters": schema}});
    let flat = json!({"type": "function", "name": "weather", "parameters": schema});
    let required = json!({"tool_choice": "required"});
    let model = "home/m";
    [
        (
            "/v1/chat/completions",
            json!({"model": model, "messages": messages, "tools": [function]}),
            required.clone(),
        ),
        (
            "/v1/responses",
            json!({"model": model, "input": "Weather?", "tools": [flat]}),
            required,
        ),
        (
            "/v1/messages",
            json!({"model": model, "max_tokens": 9, "messages": messages,
                   "tools": [{"name": "weather", "input_schema": schema}]}),
            json!({"tool_choice": {"type": "any"}}),
        ),
        (
            "/api/chat",
            json!({"model": model, "messages": messages, "tools": [function]}),
            json!({"tool_choice": "required"}),
        ),
    ]
}

/// What says in the whole answer of that dialect that a tool was called.
fn call_of(path: &str, body: &Value) -> (Value, Value, Value, Value) {
    let arguments = |text: &Value| serde_json::from_str(text.as_str().unwrap()).unwrap();
    match path {
        "/v1/chat/completions" => {
            let choice = &body["choices"][0];
            let call = &choice["message"]["tool_calls"][0];
            let function = &call["function"];
            (
                call["id"].clone(),
                function["name"].clone(),
                arguments(&function["arguments"]),
                choice["finish_reason"].clone(),
            )
        }
        "/v1/responses" => {
            let call = &body["output"][1];
            (
                call["call_id"].clone(),
                call["name"].clone(),
                arguments(&call["arguments"]),
                body["status"].clone(),
            )
        }
        "/v1/messages" => {
            let call = &body["content"][1];
            (
                call["id"].clone(),
                call["name"].clone(),
                call["input"].clone(),
                body["stop_reason"].clone(),
            )
        }
        _ => {
            let call = &body["message"]["tool_calls"][0];
            (
                call["id"].clone(),
                call["function"]["name"].clone(),
                call["function"]["arguments"].clone(),
                body["done_reason"].clone(),
            )
        }
    }
}

#[tokio::test]
async fn every_dialect_calls_tools() {
    let (provider, seen) = caller(true, false);
    let server = start(home(provider)).await;
    for ((path, body, required), (id, reason)) in questions().into_iter().zip([
        ("call_7", "tool_calls"),
        ("call_7", "completed"),
        ("toolu_7", "tool_use"),
        ("call_7", "stop"),
    ]) {
        for (members, choice) in [
            (json!({}), ToolChoice::Auto),
            (required, ToolChoice::Required),
        ] {
            let body = with(body.clone(), members);
            let whole = server
                .post(path, &with(body.clone(), json!({"stream": false})))
                .await;
            assert_eq!(whole.status, 200, "{path} {whole:?}");
            let emulated = whole.header("x-chatwire-emulated");
            assert_eq!(emulated.as_deref(), Some("tools; questions=2"), "{path}");
            assert_eq!(whole.header("x-chatwire-ignored"), None, "{path}");
            let value: Value = serde_json::from_str(&whole.body).unwrap();
            let arguments = json!({"city": "Paris"});
            let expected = (json!(id), json!("weather"), arguments, json!(reason));
            assert_eq!(call_of(path, &value), expected, "{path} {value}");
            let request = seen.lock().unwrap().pop().unwrap();
            assert_eq!(request.tool_choice(), &choice, "{path}");
            assert_eq!(request.tools()[0].name(), "weather");

            let streamed = server
                .post(path, &with(body, json!({"stream": true})))
                .await;
            assert_eq!(streamed.header("x-chatwire-emulated"), emulated, "{path}");
            assert!(streamed.body.contains("weather"), "{path} {streamed:?}");
            assert!(streamed.body.contains("Paris"), "{path} {streamed:?}");
            let is_reason = streamed.body.contains(&format!("\"{reason}\""));
            assert!(is_reason, "{path} {streamed:?}");
        }
    }
    let metrics = server.get("/metrics").await.body;
    let counter = "chatwire_emulated_questions_total{endpoint=\"home\",mode=\"tools\"} 32";
    assert!(metrics.contains(counter), "{metrics}");
}

/// A reply that is cut after a call does not look complete.
#[tokio::test]
async fn a_cut_call_is_an_error() {
    let (provider, _) = caller(true, true);
    let server = start(home(provider)).await;
    for (path, body, _) in questions() {
        let whole = server
            .post(path, &with(body.clone(), json!({"stream": false})))
            .await;
        assert_eq!(whole.status, 502, "{path} {whole:?}");
        let streamed = server
            .post(path, &with(body, json!({"stream": true})))
            .await;
        assert!(
            streamed.body.contains("the call is cut"),
            "{path} {streamed:?}"
        );
        for end in [
            "[DONE]",
            "response.completed",
            "message_stop",
            "\"done\":true",
            "\"tool_use\",\"stop_sequence",
            "\"finish_reason\":\"tool_calls\"",
        ] {
            assert!(!streamed.body.contains(end), "{path} {end} {streamed:?}");
        }
    }
}

#[tokio::test]
async fn without_tools_they_are_left_out_or_refused() {
    let (provider, seen) = caller(false, false);
    let server = start(home(provider)).await;
    for (path, mut body, required) in questions() {
        // One alone could be called.
        let mut other = body["tools"][0].clone();
        match other.get_mut("function") {
            Some(function) => function["name"] = json!("time"),
            None => other["name"] = json!("time"),
        }
        body["tools"].as_array_mut().unwrap().push(other);
        let body = with(body, json!({"stream": false}));
        let answer = server.post(path, &body).await;
        assert_eq!(answer.status, 200, "{path} {answer:?}");
        assert_eq!(
            answer.header("x-chatwire-ignored").as_deref(),
            Some("tools"),
            "{path}"
        );
        assert!(seen.lock().unwrap().pop().unwrap().tools().is_empty());
        let answer = server.post(path, &with(body, required)).await;
        assert_eq!(answer.status, 400, "{path} {answer:?}");
        assert!(answer.body.contains("tool_choice"), "{path} {answer:?}");
        assert!(seen.lock().unwrap().is_empty());
    }
}

/// The client's answer to a call reaches a model with tools as parts, and one
/// without as text.
#[tokio::test]
async fn results_go_back_to_the_model() {
    let function = json!({"name": "weather", "arguments": "{}"});
    let messages = json!([
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": null,
         "tool_calls": [{"id": "call_7", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "call_7", "content": "fine"},
    ]);
    for (has_tools, offered) in [(true, true), (true, false), (false, true), (false, false)] {
        let (provider, seen) = caller(has_tools, false);
        let server = start(home(provider)).await;
        let mut body = json!({"model": "home/m", "messages": messages});
        if offered {
            body["tools"] = json!([{"type": "function", "function": {"name": "weather"}}]);
        }
        assert_eq!(server.ask(&body).await.status, 200);
        let request = seen.lock().unwrap().pop().unwrap();
        let messages = request.messages();
        let case = (has_tools, offered);
        if has_tools {
            assert!(
                matches!(messages[1].parts(), [Part::ToolCall(_)]),
                "{case:?}"
            );
            assert_eq!(messages[2].role(), &Role::Tool);
        } else {
            assert_eq!(messages[1].text(), "[Tool call: weather {}]", "{case:?}");
            assert_eq!(
                messages[2].text(),
                "[Tool result: weather]\nfine",
                "{case:?}"
            );
            assert_eq!(messages[2].role(), &Role::User);
        }
    }
}

#[tokio::test]
async fn formats_reach_the_model() {
    let (provider, seen) = caller(false, false);
    let server = start(home(provider)).await;
    let schema = json!({"type": "object"});
    let hi = json!([{"role": "user", "content": "Hi"}]);
    let format = json!({"type": "json_schema", "name": "n", "schema": schema});
    let inner = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    for (path, body) in [
        (
            "/v1/chat/completions",
            json!({"messages": hi, "response_format": inner}),
        ),
        (
            "/v1/responses",
            json!({"input": "Hi", "text": {"format": format}}),
        ),
        (
            "/v1/messages",
            json!({"max_tokens": 9, "messages": hi, "output_config": {"format": format}}),
        ),
        ("/api/chat", json!({"messages": hi, "format": schema})),
        ("/api/generate", json!({"prompt": "Hi", "format": schema})),
    ] {
        let answer = server
            .post(path, &with(body, json!({"model": "home/m"})))
            .await;
        assert_eq!(answer.status, 200, "{path} {answer:?}");
        assert_eq!(answer.header("x-chatwire-ignored"), None, "{path}");
        let request = seen.lock().unwrap().pop().unwrap();
        let ResponseFormat::JsonSchema(asked) = request.response_format() else {
            panic!("{path}: {:?}", request.response_format());
        };
        assert_eq!(asked.schema(), &schema, "{path}");
    }
}

/// A model that gave no valid answer is not asked again by clients that repeat.
#[tokio::test]
async fn an_answer_that_is_never_valid() {
    let error = Error::new(ErrorKind::InvalidOutput, "the answer is no JSON");
    let server = start(home(fails(error))).await;
    let answer = server.ask(&question()).await;
    let error = answer.assert_error(400, "invalid_output");
    assert!(error["message"].as_str().unwrap().contains("no JSON"));
    assert_eq!(answer.header("x-should-retry").as_deref(), Some("false"));
}
