//! Answers in a form, and calls of tools, from a model that only writes text.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use chatwire_core::{
    ChatRequest, Error, ErrorKind, Finish, FinishReason, ReplyEvent, ReplyStream, Usage,
};
use chatwire_gateway::Gateway;
use futures::stream;
use serde_json::{Value, json};

use crate::support::*;

type Seen = Arc<Mutex<Vec<ChatRequest>>>;

/// A model that writes these texts, one after the other; `MARKER` stands for the
/// one that it was told. It takes neither formats nor tools.
fn writes(texts: &[&str]) -> (Arc<Scripted>, Seen) {
    let seen = Seen::default();
    let remember = Arc::clone(&seen);
    let texts: VecDeque<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let texts = Mutex::new(texts);
    let mut info = info();
    info.capabilities.system = true;
    info.capabilities.history = true;
    info.capabilities.max_tokens = true;
    let checked = info.clone();
    let provider = scripted_as(info, move |request| {
        let refused = checked.check(request).err();
        remember.lock().unwrap().push(request.clone());
        let said: String = request.messages().iter().map(|one| one.text()).collect();
        let marker = said
            .split("<call-")
            .nth(1)
            .and_then(|it| it.split('>').next());
        let text = texts.lock().unwrap().pop_front();
        let text = text.map(|text| text.replace("MARKER", marker.unwrap_or_default()));
        async move {
            if let Some(error) = refused {
                return Err(error);
            }
            let text = text.ok_or_else(|| Error::new(ErrorKind::Protocol, "no text is left"))?;
            let usage = Usage::new()
                .with_prompt_tokens(Some(10))
                .with_completion_tokens(Some(2))
                .with_total_tokens(Some(12));
            let finish = Finish::new(FinishReason::Stop).with_usage(Some(usage));
            let events = [Ok(ReplyEvent::Text(text)), Ok(ReplyEvent::Finish(finish))];
            Ok(ReplyStream::from_events(stream::iter(events)))
        }
    });
    (provider, seen)
}

const CALL: &str =
    r#"<call-MARKER>{"name": "weather", "arguments": {"city": "Paris"}}</call-MARKER>"#;

/// A dialect, and where its whole answers have what is asked for here.
struct Form {
    path: &'static str,
    /// The question without a format and tools.
    question: Value,
    /// A member for the format, made of a schema.
    format: fn(Value) -> Value,
    /// Members for tools of these names, of which the first must be called.
    forced: fn(&[&str]) -> Value,
    /// The same where the model decides.
    offered: fn(&[&str]) -> Value,
    text: fn(&Value) -> &Value,
    /// The name and the arguments of the first call.
    call: fn(&Value) -> (Value, Value),
    /// All tokens.
    tokens: fn(&Value) -> u64,
}

fn city() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
}

fn functions(names: &[&str]) -> Value {
    let function =
        |name: &&str| json!({"type": "function", "function": {"name": name, "parameters": city()}});
    names.iter().map(function).collect()
}

fn flat(names: &[&str]) -> Value {
    let function = |name: &&str| json!({"type": "function", "name": name, "parameters": city()});
    names.iter().map(function).collect()
}

fn anthropic(names: &[&str]) -> Value {
    let tool = |name: &&str| json!({"name": name, "input_schema": city()});
    names.iter().map(tool).collect()
}

fn parsed(arguments: &Value) -> Value {
    serde_json::from_str(arguments.as_str().unwrap()).unwrap()
}

fn forms() -> [Form; 4] {
    let messages = json!([{"role": "user", "content": "Weather?"}]);
    [
        Form {
            path: "/v1/chat/completions",
            question: json!({"messages": messages}),
            format: |schema| json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}}),
            forced: |names| {
                json!({"tools": functions(names),
                       "tool_choice": {"type": "function", "function": {"name": names[0]}}})
            },
            offered: |names| json!({"tools": functions(names)}),
            text: |body| &body["choices"][0]["message"]["content"],
            call: |body| {
                let function = &body["choices"][0]["message"]["tool_calls"][0]["function"];
                (function["name"].clone(), parsed(&function["arguments"]))
            },
            tokens: |body| body["usage"]["total_tokens"].as_u64().unwrap(),
        },
        Form {
            path: "/v1/responses",
            question: json!({"input": "Weather?"}),
            format: |schema| json!({"text": {"format": {"type": "json_schema", "name": "n", "schema": schema}}}),
            forced: |names| {
                json!({"tools": flat(names),
                       "tool_choice": {"type": "function", "name": names[0]}})
            },
            offered: |names| json!({"tools": flat(names)}),
            text: |body| &body["output"][0]["content"][0]["text"],
            call: |body| {
                let call = &body["output"][0];
                (call["name"].clone(), parsed(&call["arguments"]))
            },
            tokens: |body| body["usage"]["total_tokens"].as_u64().unwrap(),
        },
        Form {
            path: "/v1/messages",
            question: json!({"max_tokens": 99, "messages": messages}),
            format: |schema| json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}}),
            forced: |names| {
                json!({"tools": anthropic(names),
                       "tool_choice": {"type": "tool", "name": names[0]}})
            },
            offered: |names| json!({"tools": anthropic(names)}),
            text: |body| &body["content"][0]["text"],
            call: |body| {
                let call = &body["content"][0];
                (call["name"].clone(), call["input"].clone())
            },
            tokens: |body| {
                let usage = &body["usage"];
                usage["input_tokens"].as_u64().unwrap() + usage["output_tokens"].as_u64().unwrap()
            },
        },
        Form {
            path: "/api/chat",
            question: json!({"messages": messages}),
            format: |schema| json!({"format": schema}),
            forced: |names| json!({"tools": functions(&names[..1]), "tool_choice": "required"}),
            offered: |names| json!({"tools": functions(names)}),
            text: |body| &body["message"]["content"],
            call: |body| {
                let function = &body["message"]["tool_calls"][0]["function"];
                (function["name"].clone(), function["arguments"].clone())
            },
            tokens: |body| {
                body["prompt_eval_count"].as_u64().unwrap() + body["eval_count"].as_u64().unwrap()
            },
        },
    ]
}

/// What a request wants beside its question.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Want {
    Format,
    Forced,
    Offered,
}

impl Want {
    fn mode(self) -> &'static str {
        match self {
            Want::Format => "json_schema",
            Want::Forced | Want::Offered => "tools",
        }
    }

    fn body(self, form: &Form, stream: bool) -> Value {
        let members = match self {
            Want::Format => (form.format)(city()),
            Want::Forced => (form.forced)(&["weather", "time"]),
            Want::Offered => (form.offered)(&["weather", "time"]),
        };
        let body = with(form.question.clone(), members);
        with(body, json!({"model": "home/m", "stream": stream}))
    }
}

async fn home_with(provider: Arc<Scripted>, tools: bool) -> Server {
    let builder = Gateway::builder().retries(0);
    start(match tools {
        true => builder.endpoint_with_tools("home", provider),
        false => builder.endpoint("home", provider),
    })
    .await
}

/// Formats and forced calls need no setting.
#[tokio::test]
async fn every_dialect_gets_what_it_asks_for() {
    for form in forms() {
        for (want, tools, answers, questions) in [
            (Want::Format, false, &["{\"city\": \"Paris\"}"][..], 1),
            (
                Want::Format,
                true,
                &[
                    "It is {\"city\": 7}.",
                    "```json\n{\"city\": \"Paris\"}\n```",
                ],
                2,
            ),
            (Want::Forced, false, &["{\"city\": \"Paris\"}"], 1),
            (
                Want::Forced,
                true,
                &["No.", "{}", "{\"city\": \"Paris\",}"],
                3,
            ),
            (Want::Offered, true, &[CALL], 1),
            (
                Want::Offered,
                true,
                &["<call-MARKER>{\"name\": \"rain\"}</call-MARKER>", CALL],
                2,
            ),
        ] {
            for stream in [false, true] {
                let case = format!("{} {want:?} {questions} {stream}", form.path);
                let (provider, seen) = writes(answers);
                let server = home_with(provider, tools).await;
                let answer = server.post(form.path, &want.body(&form, stream)).await;
                assert_eq!(answer.status, 200, "{case} {answer:?}");
                let emulated = format!("{}; questions={questions}", want.mode());
                let header = answer.header("x-chatwire-emulated");
                assert_eq!(header, Some(emulated), "{case}");
                assert_eq!(answer.header("x-chatwire-ignored"), None, "{case}");
                assert_eq!(seen.lock().unwrap().len(), questions, "{case}");
                if stream {
                    assert!(answer.body.contains("Paris"), "{case} {answer:?}");
                    assert!(!answer.body.contains("call-"), "{case} {answer:?}");
                    continue;
                }
                let body = answer.json();
                assert_eq!((form.tokens)(&body), 12 * questions as u64, "{case} {body}");
                let paris = json!({"city": "Paris"});
                if want == Want::Format {
                    assert_eq!(parsed((form.text)(&body)), paris, "{case} {body}");
                } else {
                    let expected = (json!("weather"), paris);
                    assert_eq!((form.call)(&body), expected, "{case} {body}");
                }
            }
        }
    }
}

/// Words may be out before a call turns out not to be valid. The head of a stream
/// cannot say how many questions follow, but the metric counts them.
#[tokio::test]
async fn a_repair_after_words_is_counted() {
    let wrong = "Let me see. <call-MARKER>{\"name\": \"rain\"}</call-MARKER>";
    for form in forms() {
        for (stream, header) in [(false, "tools; questions=2"), (true, "tools; questions=1")] {
            let (provider, seen) = writes(&[wrong, CALL]);
            let server = home_with(provider, true).await;
            let body = Want::Offered.body(&form, stream);
            let answer = server.post(form.path, &body).await;
            let case = format!("{} {stream} {answer:?}", form.path);
            let emulated = answer.header("x-chatwire-emulated");
            assert_eq!(emulated.as_deref(), Some(header), "{case}");
            assert!(answer.body.contains("Let me see."), "{case}");
            assert!(answer.body.contains("Paris"), "{case}");
            assert!(!answer.body.contains("rain"), "{case}");
            assert_eq!(seen.lock().unwrap().len(), 2, "{case}");
            let metrics = server.get("/metrics").await.body;
            let counter = "emulated_questions_total{endpoint=\"home\",mode=\"tools\"} 2";
            assert!(metrics.contains(counter), "{case} {metrics}");
        }
    }
}

/// An answer that is still not valid is an error, streamed or not.
#[tokio::test]
async fn what_is_never_valid_is_an_error() {
    for form in forms() {
        for want in [Want::Format, Want::Forced, Want::Offered] {
            for stream in [false, true] {
                let case = format!("{} {want:?} {stream}", form.path);
                let broken = "<call-MARKER>{\"name\": \"rain\"}</call-MARKER>";
                let (provider, seen) = writes(&[broken; 4]);
                let server = home_with(provider, true).await;
                let answer = server.post(form.path, &want.body(&form, stream)).await;
                assert_eq!(answer.status, 400, "{case} {answer:?}");
                assert!(
                    answer.body.contains("after 3 questions"),
                    "{case} {answer:?}"
                );
                let header = answer.header("x-should-retry");
                assert_eq!(header.as_deref(), Some("false"), "{case}");
                assert_eq!(seen.lock().unwrap().len(), 3, "{case}");
            }
        }
    }
}

/// Makes the schema of a tool one that cannot be used, wherever the API has it.
fn spoil(tool: &mut Value) {
    let tool = match tool.get("function") {
        Some(_) => &mut tool["function"],
        None => tool,
    };
    let name = match tool.get("input_schema") {
        Some(_) => "input_schema",
        None => "parameters",
    };
    tool[name] = json!({"type": "object", "properties": {"city": {"type": "place"}}});
}

/// A schema that none can be valid by is the client's mistake, and costs nothing.
#[tokio::test]
async fn what_is_no_schema_is_refused_before_anything_is_asked() {
    for form in forms() {
        let (provider, seen) = writes(&["{}"]);
        let server = home_with(provider, true).await;
        let format = (form.format)(json!({"type": "number of cities"}));
        let mut offered = (form.offered)(&["rain"]);
        spoil(&mut offered["tools"][0]);
        let format_name = match form.path {
            "/v1/responses" => "text.format",
            _ => "response_format",
        };
        for (wanted, param) in [(format, format_name), (offered, "tools")] {
            let body = with(form.question.clone(), wanted);
            let body = with(body, json!({"model": "home/m", "stream": false}));
            let answer = server.post(form.path, &body).await;
            assert_eq!(answer.status, 400, "{} {answer:?}", form.path);
            assert!(answer.body.contains("no JSON schema"), "{answer:?}");
            // The other APIs have no place for it.
            if ["/v1/chat/completions", "/v1/responses"].contains(&form.path) {
                assert_eq!(parsed(&json!(answer.body))["error"]["param"], param);
            }
        }
        assert!(seen.lock().unwrap().is_empty(), "{}", form.path);
    }
}

/// Of several models, those are asked that can do what must be done.
#[tokio::test]
async fn a_call_is_left_to_the_endpoint_that_can_make_it() {
    let (plain, _) = writes(&["Well."; 8]);
    let (able, seen) = writes(&[CALL; 8]);
    let builder = Gateway::builder()
        .endpoint(
            "plain",
            Arc::clone(&plain) as Arc<dyn chatwire_core::Provider>,
        )
        .endpoint_with_tools("able", able)
        .alias("either", ["plain", "able"])
        .retries(0);
    let server = start(builder).await;
    let tools = functions(&["weather", "time"]);
    let body = with(question(), json!({"model": "either", "tools": tools}));
    let required = with(body.clone(), json!({"tool_choice": "required"}));
    let answer = server.ask(&required).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["model"], "able/m");
    assert_eq!(seen.lock().unwrap().len(), 1);
    // The first one answers in words, and says that it knows no tools.
    let answer = server.ask(&body).await;
    assert_eq!(answer.json()["model"], "plain/m");
    let ignored = answer.header("x-chatwire-ignored");
    assert_eq!(ignored.as_deref(), Some("tools"));
}
