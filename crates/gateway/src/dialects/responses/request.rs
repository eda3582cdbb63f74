use chatwire_core::{ChatRequest, ResponseFormat, Tool, ToolChoice};
use serde_json::{Map, Value, json};

use super::input;
use super::response::{RESPONSE_PREFIX, ResponseSettings};
use crate::dialects::conversation::{Conversation, RepeatedCall};
use crate::dialects::members::{JsonValue, Members};
use crate::dialects::parameters::{
    ignored, read_limit, read_model, read_temperature, response_format, validated,
};
use crate::dialects::recall::Recall;
use crate::dialects::tools::{Offer, prefixed};
use crate::error::{ApiError, quoted};
use crate::request::{GatewayRequest, Names};

/// How large the metadata of a request may be, in bytes of JSON.
const MAX_METADATA: usize = 16 * 1024;

/// A request for a response.
#[derive(Debug)]
pub(super) struct ResponseRequest {
    pub(super) request: GatewayRequest,
    pub(super) settings: ResponseSettings,
    /// The conversation without its instructions, if it is to be kept.
    pub(super) kept: Option<Conversation>,
}

impl ResponseRequest {
    /// Reads the body of a request, and refuses what cannot be honoured.
    pub(super) fn parse(body: &[u8], recall: &dyn Recall) -> Result<ResponseRequest, ApiError> {
        let mut members = Members::parse(body)?;
        let model = read_model(&mut members)?;
        for name in ["conversation", "prompt"] {
            if let Some(value) = members.take(name) {
                return Err(value.invalid("refers to something that is not kept here"));
            }
        }
        if let Some(background) = members.take("background")
            && background.boolean()?
        {
            return Err(background.invalid("must be false: nothing is answered in the background"));
        }
        let mut offer = Offer::read(&mut members, "tools", "tool_choice")?;
        offer.read_parallel(&mut members)?;
        let text = members.read("text", |text| read_text(&text))?;
        let text = text.unwrap_or_default();
        let mut without_effect = Vec::new();
        if text.is_wordiness_set {
            without_effect.push("text.verbosity".to_owned());
        }
        let stream = members.read("stream", |stream| stream.boolean())?;
        // It can only ask for padding, which no stream here has.
        members.take("stream_options");

        let previous = members.take("previous_response_id");
        let mut conversation = match &previous {
            Some(previous) => continued(previous, recall)?,
            None => Conversation::default(),
        };
        let image = input::read(&members.require("input")?, &mut conversation, recall)?;
        let settings = read_settings(&mut members, previous.as_ref())?;
        let kept = settings.store.then(|| conversation.clone());
        if let Some(instructions) = &settings.instructions {
            conversation.instruct(instructions.clone());
        }
        let chat = validated(ChatRequest::new(conversation.into_messages()), "input")?;
        let chat = read_temperature(chat, &mut members)?;
        let chat = read_limit(chat, &mut members, "max_output_tokens")?;
        let chat = chat.with_response_format(text.format);
        let settings = ResponseSettings {
            tools: offer.tools().iter().map(tool_object).collect(),
            tool_choice: choice_object(offer.choice()),
            parallel_tool_calls: Some(offer.is_parallel()),
            format: text.object,
            ..settings
        };
        let (chat, tools) = offer.add_to(chat);
        Ok(ResponseRequest {
            settings: ResponseSettings {
                temperature: chat.decimal_temperature(),
                max_output_tokens: chat.max_tokens(),
                ..settings
            },
            request: GatewayRequest {
                model,
                chat,
                is_question: true,
                stream: stream.unwrap_or(false),
                stop: Vec::new(),
                names: Names {
                    messages: "input",
                    max_tokens: "max_output_tokens",
                    response_format: "text.format",
                    ..Names::default()
                },
                image,
                ignored: ignored(without_effect, members.rest(), is_default),
                tools,
            },
            kept,
        })
    }
}

/// The conversation that an earlier response ended.
fn continued(previous: &JsonValue<'_>, recall: &dyn Recall) -> Result<Conversation, ApiError> {
    let id = previous.string()?;
    let reply = id
        .strip_prefix(RESPONSE_PREFIX)
        .and_then(|id| recall.recall(id))
        .ok_or_else(|| {
            ApiError::not_kept(
                previous.path().to_owned(),
                format!(
                    "previous_response_id is {}, which is not kept here: send the whole \
                     conversation as input",
                    quoted(&id)
                ),
            )
        })?;
    let mut conversation = reply.conversation.clone();
    // The client knows the calls by the ids that it got.
    let call = |call| {
        let mut call = RepeatedCall::from(call);
        call.id = call.id.map(|id| prefixed("call_", &id));
        call
    };
    let calls = reply.calls.iter().map(call).collect();
    conversation.push_assistant(vec![reply.text.as_str().into()], calls);
    Ok(conversation)
}

/// Reads what the response repeats.
fn read_settings(
    members: &mut Members<'_>,
    previous: Option<&JsonValue<'_>>,
) -> Result<ResponseSettings, ApiError> {
    let instructions = members.read("instructions", |text| text.string())?;
    Ok(ResponseSettings {
        instructions: instructions.filter(|text| !text.trim().is_empty()),
        metadata: members
            .read("metadata", |metadata| read_metadata(&metadata))?
            .unwrap_or_default(),
        previous_response_id: previous.map(JsonValue::string).transpose()?,
        store: members
            .read("store", |store| store.boolean())?
            .unwrap_or(true),
        temperature: None,
        max_output_tokens: None,
        ..ResponseSettings::default()
    })
}

fn read_metadata(metadata: &JsonValue<'_>) -> Result<Map<String, Value>, ApiError> {
    if metadata.json().len() > MAX_METADATA {
        return Err(metadata.invalid(&format!("is larger than {MAX_METADATA} bytes")));
    }
    let members = metadata.object()?.rest();
    let text = |(name, raw): (String, &serde_json::value::RawValue)| {
        let value: Value = serde_json::from_str(raw.get()).unwrap_or_default();
        match value {
            Value::String(_) => Ok((name, value)),
            _ => Err(metadata.invalid("must have only strings as its values")),
        }
    };
    members.map(text).collect()
}

/// What is asked of the text of a response.
#[derive(Debug, Default)]
struct TextForm {
    format: ResponseFormat,
    /// The format as the response repeats it, if it is not plain.
    object: Option<Value>,
    /// How wordy it should be has no effect.
    is_wordiness_set: bool,
}

fn read_text(text: &JsonValue<'_>) -> Result<TextForm, ApiError> {
    let mut text = text.object()?;
    let mut form = TextForm::default();
    if let Some(format) = text.take("format") {
        form.format = response_format(&format)?;
        if form.format != ResponseFormat::Text {
            form.object = serde_json::from_str(format.json()).ok();
        }
    }
    let verbosity = text.read("verbosity", |verbosity| verbosity.string())?;
    form.is_wordiness_set = verbosity.is_some_and(|how| how != "medium");
    Ok(form)
}

/// A tool as the response repeats it.
fn tool_object(tool: &Tool) -> Value {
    json!({
        "type": "function",
        "name": tool.name(),
        "description": tool.description(),
        "parameters": tool.parameters(),
        "strict": tool.strict(),
    })
}

/// The choice as the response repeats it; `None` for the usual one.
fn choice_object(choice: &ToolChoice) -> Option<Value> {
    match choice {
        ToolChoice::None => Some(json!("none")),
        ToolChoice::Required => Some(json!("required")),
        ToolChoice::Tool(name) => Some(json!({ "type": "function", "name": name })),
        _ => None,
    }
}

/// Whether a parameter has a value that asks for what happens anyway.
fn is_default(name: &str, value: &Value) -> bool {
    let word = |wanted: &[&str]| value.as_str().is_some_and(|value| wanted.contains(&value));
    match name {
        "top_p" => value.as_f64() == Some(1.0),
        "top_logprobs" => value.as_f64() == Some(0.0),
        "include" => value.as_array().is_some_and(Vec::is_empty),
        "service_tier" => word(&["auto", "default"]),
        "truncation" => word(&["disabled"]),
        "reasoning" => value
            .as_object()
            .is_some_and(|members| members.values().all(Value::is_null)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dialects::recall::{KeptReply, Nothing};

    fn parse(members: &str) -> Result<ResponseRequest, ApiError> {
        ResponseRequest::parse(format!(r#"{{"model":"m",{members}}}"#).as_bytes(), &Nothing)
    }

    /// The messages as `role: text`.
    fn messages(request: &GatewayRequest) -> Vec<String> {
        let line = |m: &chatwire_core::Message| format!("{}: {}", m.role(), m.text());
        let chat = request.chat.clone().without_tools();
        chat.messages().iter().map(line).collect()
    }

    #[test]
    fn inputs_and_what_is_asked() {
        for (members, expected) in [
            (r#""input":"Hi""#, &["user: Hi"][..]),
            (
                r#""input":"Hi","instructions":"Be brief.""#,
                &["system: Be brief.", "user: Hi"],
            ),
            (r#""input":[{"role":"user","content":"Hi"}]"#, &["user: Hi"]),
            (
                r#""input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"Be kind."}]},
                   {"type":"message","role":"user","content":[{"type":"input_text","text":"H"},{"type":"input_text","text":"i"}]}]"#,
                &["developer: Be kind.", "user: Hi"],
            ),
            (
                r#""input":[{"role":"user","content":"Hi"},
                   {"type":"message","id":"msg_1","status":"completed","role":"assistant",
                    "content":[{"type":"output_text","text":"Hello","annotations":[],"logprobs":[]}]},
                   {"role":"user","content":"Why?"}]"#,
                &["user: Hi", "assistant: Hello", "user: Why?"],
            ),
            (
                r#""input":[{"role":"user","content":"Weather?"},
                   {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"x"},
                   {"type":"function_call","id":"fc_1","call_id":"c","name":"weather","arguments":"{}"},
                   {"type":"function_call_output","call_id":"c","output":"fine"},
                   {"type":"custom_tool_call","call_id":"d","name":"patch","input":"*** x"},
                   {"type":"custom_tool_call_output","call_id":"d","output":[{"type":"input_text","text":"done"}]},
                   {"type":"local_shell_call","call_id":"e","action":{"type":"exec","command":["ls"]}},
                   {"type":"local_shell_call_output","call_id":"e","output":"a b"}]"#,
                &[
                    "user: Weather?",
                    "assistant: [Tool call: weather {}]",
                    "user: [Tool result: weather]\nfine",
                    "assistant: [Tool call: patch *** x]",
                    "user: [Tool result: patch]\ndone",
                    "assistant: [Tool call: shell {\"type\":\"exec\",\"command\":[\"ls\"]}]",
                    "user: [Tool result: shell]\na b",
                ],
            ),
        ] {
            let request = parse(members).unwrap().request;
            assert_eq!(messages(&request), expected, "{members}");
        }
    }

    #[test]
    fn an_image_is_read_and_named() {
        let request = parse(
            r#""input":[{"role":"user","content":[{"type":"input_text","text":"See"},
               {"type":"input_image","detail":"auto","image_url":"data:image/png;base64,iVBORw0KGgo="}]}]"#,
        );
        let request = request.unwrap().request;
        assert_eq!(request.chat.messages()[0].images().count(), 1);
        assert_eq!(request.image.as_deref(), Some("input[0].content"));
    }

    #[test]
    fn what_is_refused_names_its_parameter() {
        for (members, param) in [
            (r#""stream":false"#, "input"),
            (r#""input":"""#, "input"),
            (r#""input":[]"#, "input"),
            (r#""input":7"#, "input"),
            (r#""input":[7]"#, "input[0]"),
            (r#""input":[{"type":"message"}]"#, "input[0].role"),
            (r#""input":[{"role":"x","content":""}]"#, "input[0].role"),
            (r#""input":[{"type":"computer_call"}]"#, "input[0].type"),
            (
                r#""input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]"#,
                "input[0].content[0].type",
            ),
            (
                r#""input":[{"role":"user","content":[{"type":"input_audio"}]}]"#,
                "input[0].content[0].type",
            ),
            (
                r#""input":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]"#,
                "input[0].content[0]",
            ),
            (
                r#""input":[{"role":"user","content":[{"type":"input_image","image_url":"https://x/y.png"}]}]"#,
                "input[0].content[0].image_url",
            ),
            (
                r#""input":[{"type":"function_call_output","call_id":"c"}]"#,
                "input[0].output",
            ),
            (r#""input":"x","tool_choice":"required""#, "tool_choice"),
            (
                r#""input":"x","tool_choice":{"type":"function","name":"f"}"#,
                "tool_choice",
            ),
            (
                r#""input":"x","text":{"format":{"type":"json_schema"}}"#,
                "text.format.schema",
            ),
            (
                r#""input":"x","text":{"format":{"type":"x"}}"#,
                "text.format",
            ),
            (r#""input":"x","background":true"#, "background"),
            (r#""input":"x","conversation":"c""#, "conversation"),
            (r#""input":"x","prompt":{"id":"p"}"#, "prompt"),
            (r#""input":"x","temperature":3"#, "temperature"),
            (r#""input":"x","max_output_tokens":0"#, "max_output_tokens"),
            (r#""input":"x","metadata":{"a":1}"#, "metadata"),
            (r#""input":"x","store":"yes""#, "store"),
            (r#""input":"x","stream":1"#, "stream"),
            (r#""input":"x","instructions":[]"#, "instructions"),
        ] {
            let error = parse(members).unwrap_err();
            assert_eq!(error.status, 400, "{members}");
            assert_eq!(error.param.as_deref(), Some(param), "{members}");
        }
        let long = "x".repeat(MAX_METADATA);
        let error = parse(&format!(r#""input":"x","metadata":{{"a":"{long}"}}"#)).unwrap_err();
        assert!(error.message.len() < 200);
    }

    /// What Codex and the agents of OpenAI send by default must not fail.
    #[test]
    fn what_is_not_honoured_is_named() {
        for (members, ignored) in [
            ("", &[][..]),
            (
                r#","tools":[{"type":"function","name":"f"}],"tool_choice":"auto","parallel_tool_calls":false,
                  "include":[],"stream_options":{"include_obfuscation":false},"truncation":"disabled",
                  "service_tier":"auto","reasoning":{"effort":null,"summary":null},"text":{"format":{"type":"text"}},
                  "top_p":1,"user":null"#,
                &[],
            ),
            (
                r#","include":["reasoning.encrypted_content"],"prompt_cache_key":"k",
                  "reasoning":{"effort":"low"},"text":{"verbosity":"low"},"tools":[]"#,
                &["text.verbosity", "include", "prompt_cache_key", "reasoning"],
            ),
            (r#","text":{"format":{"type":"json_object"}}"#, &[]),
        ] {
            let request = parse(&format!(r#""input":"x"{members}"#)).unwrap().request;
            assert_eq!(request.ignored, ignored, "{members}");
        }
    }

    #[test]
    fn tools_and_formats() {
        let request = parse(
            r#""input":"x","tools":[{"type":"function","name":"f","description":"F","parameters":{},"strict":true},
               {"type":"custom","name":"apply_patch","format":{"type":"grammar"}},{"type":"web_search"}],
               "tool_choice":{"type":"function","name":"f"},"parallel_tool_calls":false,
               "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true}}"#,
        )
        .unwrap();
        let chat = request.request.chat;
        assert_eq!(chat.tools()[0].name(), "f");
        assert_eq!(chat.tool_choice(), &ToolChoice::Tool("f".into()));
        assert_eq!(chat.parallel_tool_calls(), Some(false));
        let schema = chatwire_core::JsonSchema::new("n", json!({"type": "object"}));
        let schema = ResponseFormat::JsonSchema(schema.with_strict(true));
        assert_eq!(chat.response_format(), &schema);
        let tools = request.request.tools;
        assert_eq!(
            tools.ignored(true),
            ["tools.apply_patch", "tools.web_search"]
        );
        assert_eq!(tools.ignored(false), ["tools"]);
        assert_eq!(tools.required.as_deref(), Some("tool_choice"));
        let settings = request.settings;
        let tool = json!({"type": "function", "name": "f", "description": "F",
                          "parameters": {}, "strict": true});
        assert_eq!(settings.tools, [tool]);
        assert_eq!(
            settings.tool_choice,
            Some(json!({"type": "function", "name": "f"}))
        );
        assert_eq!(settings.parallel_tool_calls, Some(false));
        assert_eq!(settings.format.unwrap()["name"], "n");
    }

    #[test]
    fn what_the_response_repeats() {
        let request = parse(
            r#""input":"x","instructions":"I","metadata":{"a":"b"},"store":false,
               "temperature":0.5,"max_output_tokens":9,"stream":true"#,
        )
        .unwrap();
        let settings = request.settings;
        assert!(request.request.stream && request.kept.is_none() && !settings.store);
        assert_eq!(settings.instructions.as_deref(), Some("I"));
        assert_eq!(
            Value::from(settings.metadata),
            serde_json::json!({"a": "b"})
        );
        assert_eq!(settings.temperature, Some(0.5));
        assert_eq!(settings.max_output_tokens, Some(9));
        assert!(parse(r#""input":"x""#).unwrap().kept.is_some());
    }

    /// One reply that is kept under the id `1`.
    struct One;

    impl Recall for One {
        fn recall(&self, id: &str) -> Option<Arc<KeptReply>> {
            let earlier = parse(r#""input":"Hi","instructions":"Be brief.""#).unwrap();
            (id == "1").then(|| {
                Arc::new(KeptReply {
                    id: "1".into(),
                    body: Vec::new(),
                    conversation: earlier.kept.unwrap(),
                    text: "Hello".into(),
                    calls: vec![chatwire_core::ToolCall::new("7", "weather", "{}")],
                })
            })
        }
    }

    const CALLED: &str = "assistant: Hello\n\n[Tool call: weather {}]";

    #[test]
    fn earlier_responses_are_continued() {
        let parse = |members: &str| {
            ResponseRequest::parse(format!(r#"{{"model":"m",{members}}}"#).as_bytes(), &One)
        };
        for (members, expected) in [
            (
                r#""previous_response_id":"resp_1","input":"Why?""#,
                &["user: Hi", CALLED, "user: Why?"][..],
            ),
            (
                r#""previous_response_id":"resp_1","input":"Why?","instructions":"Be kind.""#,
                &["system: Be kind.", "user: Hi", CALLED, "user: Why?"],
            ),
            (
                r#""previous_response_id":"resp_1",
                   "input":[{"type":"function_call_output","call_id":"call_7","output":"fine"}]"#,
                &["user: Hi", CALLED, "user: [Tool result: weather]\nfine"],
            ),
            (
                r#""input":[{"role":"user","content":"Hi"},{"type":"item_reference","id":"fc_1_0"},
                   {"type":"function_call_output","call_id":"7","output":"fine"}]"#,
                &[
                    "user: Hi",
                    "assistant: [Tool call: weather {}]",
                    "user: [Tool result: weather]\nfine",
                ],
            ),
            (
                r#""input":[{"role":"user","content":"Hi"},{"type":"item_reference","id":"msg_1"},
                   {"role":"user","content":"Why?"}]"#,
                &["user: Hi", "assistant: Hello", "user: Why?"],
            ),
        ] {
            let request = parse(members).unwrap();
            assert_eq!(messages(&request.request), expected, "{members}");
        }
        for (members, param) in [
            (
                r#""previous_response_id":"resp_2","input":"x""#,
                "previous_response_id",
            ),
            (
                r#""previous_response_id":"1","input":"x""#,
                "previous_response_id",
            ),
            (
                r#""input":[{"type":"item_reference","id":"msg_2"}]"#,
                "input[0].id",
            ),
            (
                r#""input":[{"type":"item_reference","id":"fc_1_1"}]"#,
                "input[0].id",
            ),
        ] {
            let error = parse(members).unwrap_err();
            assert_eq!(error.status, 404, "{members}");
            assert_eq!(error.param.as_deref(), Some(param), "{members}");
            assert!(error.message.contains(param), "{members}");
        }
    }
}
