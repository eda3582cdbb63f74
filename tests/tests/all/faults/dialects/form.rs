//! How an answer and an error look in each dialect.

use serde_json::{Value, json};

/// A path that answers questions.
pub(super) struct Form {
    pub(super) path: &'static str,
    /// The question `hi`, beside the model and whether it is streamed.
    question: fn() -> Value,
    /// What makes it a question with the tool `f`, or for JSON that is valid by
    /// [`schema`], where the dialect has that.
    tools: Option<fn() -> Value>,
    format: Option<fn() -> Value>,
    /// The text of a whole reply.
    pub(super) text: fn(&Value) -> Option<&str>,
    /// Whether this is an error.
    pub(super) is_error: fn(&Value) -> bool,
    /// Takes a stream apart.
    events: fn(&str) -> Vec<Value>,
    /// The text of an event of a stream.
    delta: fn(&Value) -> Option<&str>,
    /// Whether an event says that the reply is complete.
    is_success: fn(&Value) -> bool,
    /// Whether an event says that it failed.
    is_failure: fn(&Value) -> bool,
}

/// What a stream came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Complete,
    Failed,
    /// It looks like neither, or like both.
    Unclear,
}

impl Form {
    pub(super) fn body(&self, model: &str, stream: bool) -> Value {
        let mut body = (self.question)();
        body["model"] = json!(model);
        body["stream"] = json!(stream);
        body
    }

    /// The same question with a tool; `None` if the dialect has none.
    pub(super) fn body_with_tools(&self, model: &str, stream: bool) -> Option<Value> {
        Some(with(self.body(model, stream), self.tools?()))
    }

    /// The same question for JSON; `None` if the dialect has no formats.
    pub(super) fn body_with_format(&self, model: &str, stream: bool) -> Option<Value> {
        Some(with(self.body(model, stream), self.format?()))
    }

    pub(super) fn streamed_text(&self, body: &str) -> String {
        let events = (self.events)(body);
        events.iter().filter_map(self.delta).collect()
    }

    /// The sign of success must be there once, at the end and without that of
    /// a failure, or the other way round.
    pub(super) fn outcome(&self, body: &str) -> Outcome {
        let events = (self.events)(body);
        let ends: Vec<bool> = events
            .iter()
            .filter(|event| (self.is_success)(event) || (self.is_failure)(event))
            .map(self.is_failure)
            .collect();
        let is_last_failure = events.last().is_some_and(self.is_failure);
        match ends.as_slice() {
            [false, ..] if !ends.contains(&true) => Outcome::Complete,
            [true] if is_last_failure => Outcome::Failed,
            _ => Outcome::Unclear,
        }
    }
}

/// Every path that answers questions.
pub(super) static FORMS: [Form; 6] = [
    Form {
        path: "/v1/chat/completions",
        question: || json!({"messages": [{"role": "user", "content": "hi"}]}),
        tools: Some(|| json!({"tools": [{"type": "function", "function": {"name": "f"}}]})),
        format: Some(|| {
            let schema = json!({"name": "n", "schema": schema()});
            json!({"response_format": {"type": "json_schema", "json_schema": schema}})
        }),
        text: |reply| reply["choices"][0]["message"]["content"].as_str(),
        is_error: openai_error,
        events: sse,
        delta: |event| event["choices"][0]["delta"]["content"].as_str(),
        is_success: |event| {
            event == &json!("[DONE]") || event["choices"][0]["finish_reason"].is_string()
        },
        is_failure: openai_error,
    },
    Form {
        path: "/v1/responses",
        question: || json!({"input": "hi"}),
        tools: Some(|| json!({"tools": [{"type": "function", "name": "f"}]})),
        format: Some(|| {
            let format = json!({"type": "json_schema", "name": "n", "schema": schema()});
            json!({"text": {"format": format}})
        }),
        text: |reply| reply["output"][0]["content"][0]["text"].as_str(),
        is_error: openai_error,
        events: sse,
        delta: |event| {
            let is_delta = event["type"] == "response.output_text.delta";
            event["delta"].as_str().filter(|_| is_delta)
        },
        is_success: |event| {
            let name = event["type"].as_str().unwrap_or_default();
            matches!(name, "response.completed" | "response.incomplete") || name.ends_with(".done")
        },
        is_failure: |event| {
            event["type"] == "response.failed"
                && event["response"]["status"] == "failed"
                && event["response"]["error"]["message"].is_string()
        },
    },
    Form {
        path: "/v1/messages",
        question: || json!({"max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}),
        tools: Some(|| json!({"tools": [{"name": "f", "input_schema": {"type": "object"}}]})),
        format: Some(|| {
            let format = json!({"type": "json_schema", "schema": schema()});
            json!({"output_config": {"format": format}})
        }),
        text: |reply| reply["content"][0]["text"].as_str(),
        is_error: anthropic_error,
        events: sse,
        delta: |event| event["delta"]["text"].as_str(),
        is_success: |event| {
            event["type"] == "message_stop" || event["delta"]["stop_reason"].is_string()
        },
        is_failure: anthropic_error,
    },
    Form {
        path: "/v1/completions",
        question: || json!({"prompt": "hi"}),
        tools: None,
        format: None,
        text: |reply| reply["choices"][0]["text"].as_str(),
        is_error: openai_error,
        events: sse,
        delta: |event| event["choices"][0]["text"].as_str(),
        is_success: |event| {
            event == &json!("[DONE]") || event["choices"][0]["finish_reason"].is_string()
        },
        is_failure: openai_error,
    },
    Form {
        path: "/api/chat",
        question: || json!({"messages": [{"role": "user", "content": "hi"}]}),
        tools: Some(|| json!({"tools": [{"type": "function", "function": {"name": "f"}}]})),
        format: Some(|| json!({"format": schema()})),
        text: |reply| reply["message"]["content"].as_str(),
        is_error: ollama_error,
        events: lines,
        delta: |line| line["message"]["content"].as_str(),
        is_success: |line| line["done"] == true,
        is_failure: ollama_error,
    },
    Form {
        path: "/api/generate",
        question: || json!({"prompt": "hi"}),
        tools: None,
        format: Some(|| json!({"format": schema()})),
        text: |reply| reply["response"].as_str(),
        is_error: ollama_error,
        events: lines,
        delta: |line| line["response"].as_str(),
        is_success: |line| line["done"] == true,
        is_failure: ollama_error,
    },
];

/// What JSON is asked for.
fn schema() -> Value {
    json!({"type": "object", "required": ["a"]})
}

/// The members of both.
fn with(mut value: Value, more: Value) -> Value {
    for (name, member) in more.as_object().into_iter().flatten() {
        value[name] = member.clone();
    }
    value
}

fn openai_error(value: &Value) -> bool {
    let error = &value["error"];
    error["message"].is_string() && error["type"].is_string() && error["code"].is_string()
}

fn anthropic_error(value: &Value) -> bool {
    value["type"] == "error"
        && value["error"]["type"].is_string()
        && value["error"]["message"].is_string()
}

fn ollama_error(value: &Value) -> bool {
    value["error"].is_string()
}

/// The data of whole events.
fn sse(body: &str) -> Vec<Value> {
    let whole = body.rfind("\n\n").map_or("", |end| &body[..end]);
    let lines = whole.lines().filter_map(|line| line.strip_prefix("data: "));
    lines
        .map(|data| serde_json::from_str(data).unwrap_or_else(|_| json!(data)))
        .collect()
}

/// Whole lines.
fn lines(body: &str) -> Vec<Value> {
    let whole = body.rfind('\n').map_or("", |end| &body[..end]);
    let line = |line: &str| serde_json::from_str(line).unwrap();
    whole.lines().map(line).collect()
}
