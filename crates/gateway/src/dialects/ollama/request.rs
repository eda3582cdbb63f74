use chatwire_core::{ChatRequest, Image, JsonSchema, Part, ResponseFormat, Role};
use serde_json::Value;

use super::writer::Unasked;
use crate::dialects::conversation::{Conversation, RepeatedCall};
use crate::dialects::members::{JsonValue, Members};
use crate::dialects::parameters::{
    ignored, model_name, read_temperature, stop_sequences, validated,
};
use crate::dialects::tools::{Offer, read_schema};
use crate::error::{ApiError, quoted};
use crate::request::{GatewayRequest, Names, ToolUse};

/// The tag that clients add to a name without one.
const LATEST: &str = ":latest";

/// A request to chat, or to generate.
#[derive(Debug)]
pub(super) struct OllamaRequest {
    pub(super) request: GatewayRequest,
    /// What an empty conversation asks for instead of an answer.
    pub(super) unasked: Option<Unasked>,
}

impl OllamaRequest {
    /// Reads the body of a request to `/api/chat`.
    pub(super) fn chat(body: &[u8]) -> Result<OllamaRequest, ApiError> {
        let mut members = Members::parse(body)?;
        let mut conversation = Conversation::default();
        let mut image = None;
        let mut is_empty = true;
        for value in members
            .read("messages", |messages| messages.array())?
            .unwrap_or_default()
        {
            is_empty = false;
            let has_image = read_message(&value, &mut conversation)?;
            if image.is_none() && has_image {
                image = Some(format!("{}.images", value.path()));
            }
        }
        read(members, "messages", conversation, image, is_empty)
    }

    /// Reads the body of a request to `/api/generate`.
    pub(super) fn generate(body: &[u8]) -> Result<OllamaRequest, ApiError> {
        let mut members = Members::parse(body)?;
        if let Some(suffix) = members.take("suffix")
            && !suffix.string()?.is_empty()
        {
            return Err(suffix.invalid("asks for a text in the middle, which no provider can fill"));
        }
        let prompt = members.read("prompt", |prompt| prompt.string())?;
        let prompt = prompt.unwrap_or_default();
        let images = members.read("images", |images| read_images(&images))?;
        let mut parts = images.unwrap_or_default();
        let image = (!parts.is_empty()).then(|| "images".to_owned());
        let is_empty = prompt.is_empty() && parts.is_empty();
        parts.insert(0, Part::Text(prompt));
        let mut conversation = Conversation::default();
        conversation.push(Role::User, parts);
        let system = members.read("system", |system| system.string())?;
        if let Some(system) = system.filter(|system| !system.trim().is_empty()) {
            conversation.instruct(system);
        }
        read(members, "prompt", conversation, image, is_empty)
    }

    /// Reads the body of a request to `/api/show`.
    pub(super) fn show(body: &[u8]) -> Result<GatewayRequest, ApiError> {
        let mut members = Members::parse(body)?;
        let name = match members.take("model") {
            Some(model) => Some(model),
            None => members.take("name"),
        };
        Ok(unasked_request(read_name(name)?, ChatRequest::new("")))
    }
}

/// Reads what both kinds of requests have.
fn read(
    mut members: Members<'_>,
    messages_name: &'static str,
    conversation: Conversation,
    image: Option<String>,
    is_empty: bool,
) -> Result<OllamaRequest, ApiError> {
    let model = read_name(members.take("model"))?;
    let stream = members.read("stream", |stream| stream.boolean())?;
    let keep_alive = members.take("keep_alive");
    let chat = ChatRequest::new(conversation.into_messages());
    if is_empty {
        let is_zero = keep_alive.is_some_and(|time| matches!(time.json(), "0" | "\"0\""));
        return Ok(OllamaRequest {
            request: unasked_request(model, chat),
            unasked: Some(if is_zero {
                Unasked::Unload
            } else {
                Unasked::Load
            }),
        });
    }
    let format = members.read("format", |format| read_format(&format))?;
    let offer = match messages_name {
        // Only a conversation has a place for calls.
        "messages" => Offer::read(&mut members, "tools", "tool_choice")?,
        _ => Offer::default(),
    };
    let options = members.read("options", |options| options.object())?;
    let mut options = options.unwrap_or_default();
    let stop = options.read("stop", stop_sequences)?;
    let chat = validated(chat, messages_name)?;
    let chat = read_temperature(chat, &mut options)?;
    // -1 and -2 are no limit.
    let chat = match options.take("num_predict") {
        Some(limit) if limit.number()? >= 0.0 => {
            validated(chat.with_max_tokens(limit.count()?), limit.path())?
        }
        _ => chat,
    };
    let chat = chat.with_response_format(format.unwrap_or_default());
    let (chat, tools) = offer.add_to(chat);
    let rest = members.rest().chain(options.rest());
    Ok(OllamaRequest {
        request: GatewayRequest {
            model,
            chat,
            is_question: true,
            stream: stream.unwrap_or(true),
            stop: stop.unwrap_or_default(),
            names: names(messages_name),
            image,
            ignored: ignored(Vec::new(), rest, is_default),
            tools,
        },
        unasked: None,
    })
}

fn names(messages: &'static str) -> Names {
    Names {
        messages,
        max_tokens: "num_predict",
        response_format: "format",
        ..Names::default()
    }
}

fn unasked_request(model: String, chat: ChatRequest) -> GatewayRequest {
    GatewayRequest {
        model,
        chat,
        is_question: false,
        stream: false,
        stop: Vec::new(),
        names: names("messages"),
        image: None,
        ignored: Vec::new(),
        tools: ToolUse::default(),
    }
}

/// Reads the name of the model, without the tag that means nothing here.
fn read_name(model: Option<JsonValue<'_>>) -> Result<String, ApiError> {
    let model = model_name(model)?;
    Ok(match model.strip_suffix(LATEST) {
        Some(bare) => bare.to_owned(),
        None => model,
    })
}

/// Reads a message, and returns whether it has an image.
fn read_message(value: &JsonValue<'_>, conversation: &mut Conversation) -> Result<bool, ApiError> {
    let mut message = value.object()?;
    let role = message.require("role")?;
    let mut parts = Vec::new();
    if let Some(content) = message.take("content") {
        parts.push(Part::Text(content.string()?));
    }
    let images = message.read("images", |images| read_images(&images))?;
    let images = images.unwrap_or_default();
    let has_image = !images.is_empty();
    parts.extend(images);
    match role.string()?.as_str() {
        name @ ("system" | "user" | "developer") => conversation.push(Role::from(name), parts),
        "assistant" => {
            let calls = message.read("tool_calls", |calls| read_calls(&calls))?;
            conversation.push_assistant(parts, calls.unwrap_or_default());
        }
        "tool" => {
            let name = match message.take("tool_call_id") {
                Some(id) => Some(id),
                None => message.take("tool_name"),
            };
            let name = name.map(|name| name.string()).transpose()?;
            conversation.push_tool_result(name.as_deref(), parts, false);
        }
        other => {
            return Err(role.invalid(&format!(
                "is {}, where system, user, assistant or tool is expected",
                quoted(other)
            )));
        }
    }
    Ok(has_image)
}

/// Reads the calls of a message, whose arguments are JSON and no text.
fn read_calls(calls: &JsonValue<'_>) -> Result<Vec<RepeatedCall>, ApiError> {
    let mut read = Vec::new();
    for value in calls.array()? {
        let mut call = value.object()?;
        let mut function = call.require("function")?.object()?;
        let arguments = function.take("arguments");
        read.push(RepeatedCall {
            id: call.read("id", |id| id.string())?,
            name: function.require("name")?.string()?,
            arguments: arguments
                .map_or("", |arguments| arguments.json())
                .to_owned(),
        });
    }
    Ok(read)
}

/// Reads images, which are base64 without a media type.
fn read_images(images: &JsonValue<'_>) -> Result<Vec<Part>, ApiError> {
    let image = |value: &JsonValue<'_>| {
        let data = value.string()?;
        let refused = |error: chatwire_core::Error| {
            value.invalid(&format!("is not taken: {}", error.message()))
        };
        if data.starts_with("data:") {
            return Image::from_data_url(&data)
                .map(Part::Image)
                .map_err(refused);
        }
        // The URL only decodes the base64: the bytes tell what image it is.
        let image = Image::from_data_url(&format!("data:image/any;base64,{data}"));
        image
            .and_then(|image| Image::from_bytes(image.bytes().to_vec()))
            .map(Part::Image)
            .map_err(refused)
    };
    images.array()?.iter().map(image).collect()
}

/// Reads a format: a word, or a schema.
fn read_format(format: &JsonValue<'_>) -> Result<ResponseFormat, ApiError> {
    match format.kind() {
        "an object" => {
            let schema = JsonSchema::new("answer", read_schema(format)?);
            return Ok(ResponseFormat::JsonSchema(schema));
        }
        "a string" => {}
        _ => return Err(format.expected("json or a schema")),
    }
    match format.string()?.as_str() {
        "" => Ok(ResponseFormat::Text),
        "json" => Ok(ResponseFormat::JsonObject),
        other => Err(format.invalid(&format!("is {}, where json is expected", quoted(other)))),
    }
}

/// Whether a parameter has a value that asks for what happens anyway.
fn is_default(name: &str, value: &Value) -> bool {
    match name {
        "tools" => value.as_array().is_some_and(Vec::is_empty),
        "think" | "raw" | "logprobs" | "truncate" | "shift" => value == &Value::Bool(false),
        "template" | "system" => value.as_str() == Some(""),
        "context" => value.as_array().is_some_and(Vec::is_empty),
        "top_p" => value.as_f64() == Some(1.0),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(members: &str) -> Result<OllamaRequest, ApiError> {
        OllamaRequest::chat(format!(r#"{{"model":"m:latest",{members}}}"#).as_bytes())
    }

    fn generate(members: &str) -> Result<OllamaRequest, ApiError> {
        OllamaRequest::generate(format!(r#"{{"model":"m",{members}}}"#).as_bytes())
    }

    fn messages(request: &OllamaRequest) -> Vec<String> {
        let line = |m: &chatwire_core::Message| format!("{}: {}", m.role(), m.text());
        let chat = request.request.chat.clone().without_tools();
        chat.messages().iter().map(line).collect()
    }

    #[test]
    fn conversations_and_what_is_asked() {
        let request = chat(
            r#""messages":[{"role":"system","content":"Be brief."},
              {"role":"user","content":"Weather?"},
              {"role":"assistant","content":"","tool_calls":[{"function":{"name":"weather","arguments":{"city":"Paris"}}}]},
              {"role":"tool","tool_name":"weather","content":"fine"}],
              "options":{"temperature":0.5,"num_predict":9,"stop":["x"],"num_ctx":4096},"keep_alive":"5m","think":false"#,
        )
        .unwrap();
        assert_eq!(
            messages(&request),
            [
                "system: Be brief.",
                "user: Weather?",
                "assistant: [Tool call: weather {\"city\":\"Paris\"}]",
                "user: [Tool result: weather]\nfine",
            ]
        );
        let request = request.request;
        assert_eq!(request.model, "m");
        assert!(request.stream && request.is_question);
        assert_eq!(request.chat.max_tokens(), Some(9));
        assert_eq!(request.chat.decimal_temperature(), Some(0.5));
        assert_eq!(request.stop, ["x"]);
        assert_eq!(request.ignored, ["num_ctx"]);
        let request = generate(r#""prompt":"Hi","system":"Be brief.","stream":false"#).unwrap();
        assert_eq!(messages(&request), ["system: Be brief.", "user: Hi"]);
        assert!(!request.request.stream);
        for limit in ["-1", "-2"] {
            let members = format!(r#""prompt":"Hi","options":{{"num_predict":{limit}}}"#);
            let request = generate(&members).unwrap().request;
            assert_eq!(request.chat.max_tokens(), None);
        }
    }

    #[test]
    fn images_are_known_by_their_bytes() {
        let png = "iVBORw0KGgo=";
        for images in [
            format!(r#"["{png}"]"#),
            format!(r#"["data:image/png;base64,{png}"]"#),
        ] {
            let request = chat(&format!(
                r#""messages":[{{"role":"user","content":"See","images":{images}}}]"#
            ));
            let request = request.unwrap().request;
            let image = request.chat.messages()[0].images().next().unwrap();
            assert_eq!(image.media_type(), "image/png");
            assert_eq!(request.image.as_deref(), Some("messages[0].images"));
            let request = generate(&format!(r#""prompt":"See","images":{images}"#));
            assert_eq!(request.unwrap().request.image.as_deref(), Some("images"));
        }
    }

    #[test]
    fn an_empty_conversation_loads_the_model() {
        for (request, unasked) in [
            (chat(r#""messages":[]"#), Unasked::Load),
            (chat(r#""stream":true"#), Unasked::Load),
            (chat(r#""messages":[],"keep_alive":0"#), Unasked::Unload),
            (generate(r#""prompt":"""#), Unasked::Load),
            (generate(r#""keep_alive":"5m""#), Unasked::Load),
            (generate(r#""keep_alive":"0""#), Unasked::Unload),
        ] {
            let request = request.unwrap();
            assert_eq!(request.unasked, Some(unasked));
            assert!(!request.request.is_question);
        }
        for body in [r#"{"model":"a/b"}"#, r#"{"name":"a/b:latest"}"#] {
            let request = OllamaRequest::show(body.as_bytes()).unwrap();
            assert_eq!(request.model, "a/b");
            assert!(!request.is_question);
        }
    }

    #[test]
    fn what_is_refused_names_its_parameter() {
        for (request, param) in [
            (
                chat(r#""messages":[{"role":"user","content":""}]"#),
                "messages",
            ),
            (chat(r#""messages":[{"content":""}]"#), "messages[0].role"),
            (chat(r#""messages":[{"role":"x"}]"#), "messages[0].role"),
            (
                chat(r#""messages":[{"role":"user","content":"x","images":["?"]}]"#),
                "messages[0].images[0]",
            ),
            (
                generate(r#""prompt":"x","images":["aGVsbG8="]"#),
                "images[0]",
            ),
            (generate(r#""prompt":"x","suffix":"y""#), "suffix"),
            (generate(r#""prompt":"x","format":7"#), "format"),
            (
                chat(r#""messages":[{"role":"user","content":"x"}],"tools":[{}]"#),
                "tools[0].name",
            ),
            (generate(r#""prompt":"x","format":"xml""#), "format"),
            (generate(r#""prompt":7"#), "prompt"),
            (
                generate(r#""prompt":"x","options":{"temperature":9}"#),
                "options.temperature",
            ),
            (
                generate(r#""prompt":"x","options":{"num_predict":"y"}"#),
                "options.num_predict",
            ),
            (generate(r#""prompt":"x","stream":1"#), "stream"),
            (OllamaRequest::generate(b"{}"), "model"),
        ] {
            let error = request.unwrap_err();
            assert_eq!(error.status, 400, "{param}");
            assert_eq!(error.param.as_deref(), Some(param));
        }
        let request = generate(r#""prompt":"x","format":"json","tools":[{}]"#).unwrap();
        let request = request.request;
        assert_eq!(request.chat.response_format(), &ResponseFormat::JsonObject);
        assert_eq!(request.ignored, ["tools"]);
    }

    #[test]
    fn tools_and_formats() {
        let request = chat(
            r#""messages":[{"role":"user","content":"x"}],"format":{"type":"object"},
               "tools":[{"type":"function","function":{"name":"a","parameters":{"type":"object"}}}]"#,
        );
        let request = request.unwrap().request;
        assert_eq!(request.chat.tools()[0].name(), "a");
        assert_eq!(request.tools.ignored(false), ["tools"]);
        assert!(request.tools.ignored(true).is_empty() && request.ignored.is_empty());
        let schema = JsonSchema::new("answer", serde_json::json!({"type": "object"}));
        let format = ResponseFormat::JsonSchema(schema);
        assert_eq!(request.chat.response_format(), &format);
    }
}
