use chatwire_core::{ChatRequest, Parameter};
use serde_json::Value;

use super::messages;
use crate::dialects::members::Members;
use crate::dialects::parameters::{
    ignored, only_one_answer, read_include_usage, read_model, read_temperature, response_format,
    stop_sequences, validated,
};
use crate::dialects::tools::Offer;
use crate::error::ApiError;
use crate::request::{GatewayRequest, Names};

/// A request for a chat completion.
#[derive(Debug)]
pub(super) struct ChatCompletionRequest {
    pub(super) request: GatewayRequest,
    /// Whether a stream ends with the tokens it took.
    pub(super) include_usage: bool,
    /// Whether a call is written as the older API has it.
    pub(super) calls_functions: bool,
}

impl ChatCompletionRequest {
    /// Reads the body of a request, and refuses what cannot be honoured.
    pub(super) fn parse(body: &[u8]) -> Result<ChatCompletionRequest, ApiError> {
        let mut members = Members::parse(body)?;
        let model = read_model(&mut members)?;
        only_one_answer(&mut members, "n")?;
        let mut tools = Offer::read(&mut members, "tools", "tool_choice")?;
        tools.read_parallel(&mut members)?;
        let mut functions = Offer::read(&mut members, "functions", "function_call")?;
        functions.one_at_a_time();
        let calls_functions = tools.is_empty() && !functions.is_empty();
        let offer = if calls_functions { functions } else { tools };
        let format = members.read("response_format", |format| response_format(&format))?;
        let stop = members.read("stop", stop_sequences)?.unwrap_or_default();
        let stream = members.read("stream", |stream| stream.boolean())?;
        let include_usage = read_include_usage(&mut members)?;
        let (messages, image) = messages::read(&members.require("messages")?)?;
        let chat = validated(ChatRequest::new(messages), "messages")?;
        let (chat, max_tokens_name) = read_parameters(chat, &mut members)?;
        let chat = chat.with_response_format(format.unwrap_or_default());
        let (chat, tools) = offer.add_to(chat);
        Ok(ChatCompletionRequest {
            request: GatewayRequest {
                model,
                chat,
                is_question: true,
                stream: stream.unwrap_or(false),
                stop,
                names: Names {
                    max_tokens: max_tokens_name,
                    tools: tools.parameter.unwrap_or("tools"),
                    ..Names::default()
                },
                image,
                ignored: ignored(Vec::new(), members.rest(), is_default),
                tools,
            },
            include_usage,
            calls_functions,
        })
    }
}

/// Adds the parameters, and returns what the client calls the limit of tokens.
fn read_parameters(
    mut chat: ChatRequest,
    members: &mut Members<'_>,
) -> Result<(ChatRequest, &'static str), ApiError> {
    chat = read_temperature(chat, members)?;
    // The newer name counts when both are there.
    let older = members.read("max_tokens", |limit| limit.limit())?;
    let newer = members.read("max_completion_tokens", |limit| limit.limit())?;
    let (name, limit) = match (newer, older) {
        (Some(newer), _) => ("max_completion_tokens", newer),
        (None, older) => (Parameter::MaxTokens.as_str(), older.flatten()),
    };
    if let Some(limit) = limit {
        chat = validated(chat.with_max_tokens(limit), name)?;
    }
    Ok((chat, name))
}

/// Whether a parameter has a value that asks for what happens anyway.
fn is_default(name: &str, value: &Value) -> bool {
    let number = |wanted: f64| value.as_f64() == Some(wanted);
    let word = |wanted: &[&str]| value.as_str().is_some_and(|value| wanted.contains(&value));
    let empty = match value {
        Value::Array(values) => values.is_empty(),
        Value::Object(values) => values.is_empty(),
        _ => false,
    };
    match name {
        "top_p" => number(1.0),
        "frequency_penalty" | "presence_penalty" | "top_logprobs" => number(0.0),
        "logprobs" | "store" => value == &Value::Bool(false),
        "logit_bias" | "metadata" => empty,
        "modalities" => value == &serde_json::json!(["text"]),
        "service_tier" => word(&["auto", "default"]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use chatwire_core::{JsonSchema, ResponseFormat, ToolChoice};

    use super::*;

    fn parse_body(body: &[u8]) -> Result<GatewayRequest, ApiError> {
        Ok(ChatCompletionRequest::parse(body)?.request)
    }

    fn parse(members: &str) -> Result<GatewayRequest, ApiError> {
        let hello = r#""model":"m","messages":[{"role":"user","content":"Hi"}]"#;
        let comma = if members.is_empty() { "" } else { "," };
        parse_body(format!("{{{hello}{comma}{members}}}").as_bytes())
    }

    /// The status, `param` and `code` of the refusal.
    fn refusal(error: ApiError) -> (u16, Value, Value) {
        (
            error.status.as_u16(),
            error.param.as_deref().into(),
            error.code.into(),
        )
    }

    #[test]
    fn what_is_refused_names_its_parameter() {
        for (members, param) in [
            (r#""n":2"#, "n"),
            (r#""n":0"#, "n"),
            (r#""tool_choice":"required""#, "tool_choice"),
            (r#""parallel_tool_calls":1"#, "parallel_tool_calls"),
            (
                r#""tool_choice":{"type":"function","function":{"name":"f"}}"#,
                "tool_choice",
            ),
            (
                r#""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required"}}"#,
                "tool_choice",
            ),
            (r#""function_call":{"name":"f"}"#, "function_call"),
            (r#""tools":{}"#, "tools"),
            (
                r#""response_format":{"type":"json_schema","json_schema":{}}"#,
                "response_format.json_schema.schema",
            ),
            (r#""response_format":{"type":"grammar"}"#, "response_format"),
            (r#""temperature":3"#, "temperature"),
            (r#""temperature":"warm""#, "temperature"),
            (r#""max_tokens":0"#, "max_tokens"),
            (r#""max_tokens":-2"#, "max_tokens"),
            (r#""max_tokens":1.5"#, "max_tokens"),
            (r#""max_completion_tokens":0"#, "max_completion_tokens"),
            (r#""stream":"yes""#, "stream"),
            (r#""stop":5"#, "stop"),
            (
                r#""stream_options":{"include_usage":1}"#,
                "stream_options.include_usage",
            ),
            (r#""messages":[]"#, "messages"),
            (r#""messages":[{"content":"x"}]"#, "messages[0].role"),
            (
                r#""messages":[{"role":"critic","content":"x"}]"#,
                "messages[0].role",
            ),
            (
                r#""messages":[{"role":"user","content":[{"type":"input_audio"}]}]"#,
                "messages[0].content[0]",
            ),
            (
                r#""messages":[{"role":"assistant","tool_calls":[{"function":{}}]}]"#,
                "messages[0].tool_calls[0].function.name",
            ),
            (r#""messages":[{"role":"user","content":" "}]"#, "messages"),
            (
                r#""messages":[{"role":"user","content":5}]"#,
                "messages[0].content",
            ),
            (
                r#""messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]"#,
                "messages[0].content[0].image_url.url",
            ),
            (r#""model":"""#, "model"),
            (r#""model":null"#, "model"),
        ] {
            let (status, got, _) = refusal(parse(members).unwrap_err());
            assert_eq!((status, got), (400, Value::from(param)), "{members}");
        }
    }

    #[test]
    fn what_is_not_json_is_called_so() {
        for body in [
            &b""[..],
            b"{",
            b"[]",
            b"{} {}",
            b"\xff",
            br#"{"model":"\ud800"}"#,
        ] {
            let (status, _, code) = refusal(parse_body(body).unwrap_err());
            assert_eq!(status, 400);
            assert!(code.is_string());
        }
        let (_, param, code) = refusal(parse_body(br#"{"model":"m","#).unwrap_err());
        assert_eq!((param, code), (Value::Null, Value::from("invalid_json")));
    }

    #[test]
    fn what_is_not_honoured_is_named() {
        for (members, ignored) in [
            ("", &[][..]),
            (r#""top_p":0.5,"seed":1"#, &["top_p", "seed"]),
            (r#""top_p":1,"presence_penalty":0,"logprobs":false"#, &[]),
            (r#""user":null,"metadata":{}"#, &[]),
            (r#""tools":[],"parallel_tool_calls":true"#, &[]),
            (r#""response_format":{"type":"json_object"}"#, &[]),
            (r#""response_format":{"type":"text"}"#, &[]),
            ("\"a,b\\r\\n\":1", &["a?b??"]),
        ] {
            assert_eq!(parse(members).unwrap().ignored, ignored, "{members}");
        }
    }

    #[test]
    fn tools_and_formats() {
        let tool = r#"{"type":"function","function":{"name":"a","parameters":{"type":"object"}}}"#;
        for (members, tools, ignored_with, ignored_without) in [
            (String::new(), &[][..], &[][..], &[][..]),
            (format!(r#""tools":[{tool}]"#), &["a"], &[], &["tools"]),
            (
                format!(r#""tools":[{tool},{{"type":"web_search"}}],"tool_choice":"auto""#),
                &["a"],
                &["tools.web_search"],
                &["tools"],
            ),
            (
                format!(r#""tools":[{tool}],"tool_choice":"none""#),
                &[],
                &[],
                &[],
            ),
            (
                r#""functions":[{"name":"b"}]"#.into(),
                &["b"],
                &[],
                &["functions"],
            ),
        ] {
            let request = parse(&members).unwrap();
            let names: Vec<&str> = request
                .chat
                .tools()
                .iter()
                .map(|tool| tool.name())
                .collect();
            assert_eq!(names, tools, "{members}");
            assert_eq!(request.tools.ignored(true), ignored_with, "{members}");
            assert_eq!(request.tools.ignored(false), ignored_without, "{members}");
            assert!(request.tools.required.is_none(), "{members}");
        }
        let request = parse(&format!(
            r#""tools":[{tool}],"tool_choice":"required","parallel_tool_calls":false"#
        ));
        let request = request.unwrap();
        assert_eq!(request.chat.tool_choice(), &ToolChoice::Required);
        assert_eq!(request.chat.parallel_tool_calls(), Some(false));
        assert_eq!(request.tools.required.as_deref(), Some("tool_choice"));
        let request = parse(
            r#""response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,
               "description":"d","schema":{"type":"object"}}}"#,
        );
        let expected = JsonSchema::new("n", serde_json::json!({"type": "object"}))
            .with_description("d")
            .with_strict(true);
        let expected = ResponseFormat::JsonSchema(expected);
        assert_eq!(request.unwrap().chat.response_format(), &expected);
        let request = parse(r#""response_format":{"type":"json_object"}"#).unwrap();
        assert_eq!(request.chat.response_format(), &ResponseFormat::JsonObject);
    }

    #[test]
    fn names_of_the_same_thing() {
        let request = parse(r#""max_completion_tokens":7,"max_tokens":9,"stop":"x""#).unwrap();
        assert_eq!(request.chat.max_tokens(), Some(7));
        assert_eq!(request.stop, ["x"]);
        let request = parse(
            r#""messages":[{"role":"developer","content":"Be brief."},
               {"role":"user","content":[{"type":"text","text":"H"},{"type":"text","text":"i"}]}]"#,
        )
        .unwrap();
        assert_eq!(request.chat.messages().system_prompt(), "Be brief.");
        assert_eq!(request.chat.messages()[1].text(), "Hi");
    }

    /// What clients are seen to send, beyond what the specification says.
    #[test]
    fn requests_of_real_clients() {
        let messages = |request: GatewayRequest| -> Vec<String> {
            let line = |m: &chatwire_core::Message| format!("{}: {}", m.role(), m.text());
            let messages = request.chat.without_tools();
            messages.messages().iter().map(line).collect()
        };
        for (members, limit) in [
            (r#""max_tokens":4096.0"#, Some(4096)),
            (r#""max_tokens":-1"#, None),
            (r#""max_tokens":-1,"max_completion_tokens":5"#, Some(5)),
            (r#""max_completion_tokens":null"#, None),
        ] {
            assert_eq!(
                parse(members).unwrap().chat.max_tokens(),
                limit,
                "{members}"
            );
        }
        let request = parse(
            r#""messages":[{"role":"user","content":"Weather?"},
              {"role":"assistant","content":null,"refusal":null,"tool_calls":[
                {"id":"c","type":"function","function":{"name":"weather","arguments":"{}"}}]},
              {"role":"tool","tool_call_id":"c","content":[{"type":"text","text":"fine"}]},
              {"role":"assistant","function_call":{"name":"time","arguments":"{}"}},
              {"role":"function","name":"time","content":"noon"},
              {"role":"assistant"}]"#,
        );
        assert_eq!(
            messages(request.unwrap()),
            [
                "user: Weather?",
                "assistant: [Tool call: weather {}]",
                "user: [Tool result: weather]\nfine",
                "assistant: [Tool call: time {}]",
                "user: [Tool result: time]\nnoon",
            ]
        );
        let image = "data:image/png;base64,iVBORw0KGgo=";
        let request = parse(&format!(
            r#""messages":[{{"role":"user","content":["See",{{"type":"image_url","image_url":{{"url":"{image}"}}}}]}}]"#
        ));
        assert_eq!(request.unwrap().chat.messages()[0].images().count(), 1);
    }

    /// An error repeats no more of a value than helps to find it.
    #[test]
    fn long_values_are_not_repeated() {
        for members in [
            format!(r#""response_format":{{"type":"{}"}}"#, "x".repeat(10_000)),
            format!(r#""messages":[{{"role":"{}"}}]"#, "x".repeat(10_000)),
        ] {
            assert!(parse(&members).unwrap_err().message.len() < 400);
        }
    }
}
