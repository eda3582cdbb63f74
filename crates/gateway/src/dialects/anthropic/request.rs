use chatwire_core::{ChatRequest, ResponseFormat};
use serde_json::Value;

use super::messages;
use crate::dialects::conversation::Conversation;
use crate::dialects::members::Members;
use crate::dialects::parameters::{
    ignored, read_limit, read_model, read_temperature, response_format, stop_sequences, validated,
};
use crate::dialects::tools::Offer;
use crate::error::ApiError;
use crate::request::{GatewayRequest, Names};

/// A request for a message.
#[derive(Debug)]
pub(super) struct MessagesRequest {
    pub(super) request: GatewayRequest,
}

impl MessagesRequest {
    /// Reads the body of a request, and refuses what cannot be honoured.
    pub(super) fn parse(body: &[u8]) -> Result<MessagesRequest, ApiError> {
        let mut members = Members::parse(body)?;
        let model = read_model(&mut members)?;
        let offer = Offer::read_anthropic(&mut members)?;
        let format = read_format(&mut members)?;
        let stop = members.read("stop_sequences", stop_sequences)?;
        let stream = members.read("stream", |stream| stream.boolean())?;
        let system = members.read("system", |system| messages::read_system(&system))?;
        let mut conversation = Conversation::default();
        let image = messages::read(&members.require("messages")?, &mut conversation)?;
        if let Some(system) = system.filter(|system| !system.trim().is_empty()) {
            conversation.instruct(system);
        }
        let chat = validated(ChatRequest::new(conversation.into_messages()), "messages")?;
        let chat = read_temperature(chat, &mut members)?;
        let chat = read_limit(chat, &mut members, "max_tokens")?;
        let chat = chat.with_response_format(format);
        let (chat, tools) = offer.add_to(chat);
        Ok(MessagesRequest {
            request: GatewayRequest {
                model,
                chat,
                is_question: true,
                stream: stream.unwrap_or(false),
                stop: stop.unwrap_or_default(),
                names: Names {
                    response_format: "output_config.format",
                    ..Names::default()
                },
                image,
                ignored: ignored(Vec::new(), members.rest(), is_default),
                tools,
            },
        })
    }
}

/// Reads the format of the answer, which the API had under another name before.
/// How much the model should think has no effect.
fn read_format(members: &mut Members<'_>) -> Result<ResponseFormat, ApiError> {
    let older = members.read("output_format", |format| response_format(&format))?;
    let newer = members.read("output_config", |config| {
        let mut config = config.object()?;
        config.read("format", |format| response_format(&format))
    })?;
    Ok(newer.flatten().or(older).unwrap_or_default())
}

/// Whether a parameter has a value that asks for what happens anyway.
fn is_default(name: &str, value: &Value) -> bool {
    let word = |wanted: &[&str]| value.as_str().is_some_and(|value| wanted.contains(&value));
    match name {
        "top_p" => value.as_f64() == Some(1.0),
        "service_tier" => word(&["auto", "standard_only"]),
        "thinking" => value.get("type").and_then(Value::as_str) == Some("disabled"),
        "mcp_servers" => value.as_array().is_some_and(Vec::is_empty),
        "metadata" => value.as_object().is_some_and(|members| members.is_empty()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use chatwire_core::ToolChoice;

    use super::*;

    fn parse(members: &str) -> Result<GatewayRequest, ApiError> {
        let body = format!(r#"{{"model":"m","max_tokens":100,{members}}}"#);
        Ok(MessagesRequest::parse(body.as_bytes())?.request)
    }

    const HELLO: &str = r#""messages":[{"role":"user","content":"Hi"}]"#;

    #[test]
    fn conversations_and_what_is_asked() {
        for (members, expected) in [
            (HELLO.to_owned(), &["user: Hi"][..]),
            (
                format!(r#"{HELLO},"system":"Be brief.""#),
                &["system: Be brief.", "user: Hi"],
            ),
            (
                format!(
                    r#"{HELLO},"system":[{{"type":"text","text":"Be brief.","cache_control":{{"type":"ephemeral"}}}},
                       {{"type":"text","text":"And kind."}}]"#
                ),
                &["system: Be brief.\n\nAnd kind.", "user: Hi"],
            ),
            (
                r#""messages":[
                  {"role":"user","content":[{"type":"text","text":"Weather?","cache_control":{"type":"ephemeral"}}]},
                  {"role":"assistant","content":[
                    {"type":"thinking","thinking":"hm","signature":"x"},{"type":"redacted_thinking","data":"x"},
                    {"type":"text","text":"Let me look."},
                    {"type":"tool_use","id":"t1","name":"weather","input":{"city":"Paris"}},
                    {"type":"tool_use","id":"t2","name":"time","input":{}}]},
                  {"role":"user","content":[
                    {"type":"tool_result","tool_use_id":"t1","content":"18 degrees"},
                    {"type":"tool_result","tool_use_id":"t2","is_error":true,
                     "content":[{"type":"text","text":"no"},{"type":"text","text":"clock"}]},
                    {"type":"text","text":"And now?"}]},
                  {"role":"assistant","content":"It is"}]"#
                    .to_owned(),
                &[
                    "user: Weather?",
                    "assistant: Let me look.\n\n[Tool call: weather {\"city\":\"Paris\"}]\n\n[Tool call: time {}]",
                    "user: [Tool result: weather]\n18 degrees",
                    "user: [Tool result: time]\nno\nclock",
                    "user: And now?",
                    "assistant: It is",
                    "user: Continue.",
                ],
            ),
            (
                r#""messages":[{"role":"user","content":[{"type":"document",
                    "source":{"type":"text","media_type":"text/plain","data":"A page."}}]}]"#
                    .to_owned(),
                &["user: A page."],
            ),
        ] {
            let request = parse(&members).unwrap();
            let line = |m: &chatwire_core::Message| format!("{}: {}", m.role(), m.text());
            let chat = request.chat.without_tools();
            let got: Vec<String> = chat.messages().iter().map(line).collect();
            assert_eq!(got, expected, "{members}");
        }
    }

    #[test]
    fn an_image_is_read_and_named() {
        let source = r#"{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}"#;
        for content in [
            format!(r#"[{{"type":"image","source":{source}}}]"#),
            format!(
                r#"[{{"type":"tool_result","tool_use_id":"t","content":[{{"type":"image","source":{source}}}]}}]"#
            ),
        ] {
            let request = parse(&format!(
                r#""messages":[{{"role":"user","content":{content}}}]"#
            ))
            .unwrap();
            let messages = request.chat.messages();
            assert_eq!(messages.iter().flat_map(|it| it.images()).count(), 1);
            assert_eq!(request.image.as_deref(), Some("messages[0].content"));
        }
    }

    #[test]
    fn what_is_refused_names_its_parameter() {
        let with_block =
            |block: &str| format!(r#""messages":[{{"role":"user","content":[{block}]}}]"#);
        for (members, param) in [
            (r#""stream":true"#.to_owned(), "messages"),
            (r#""messages":[]"#.to_owned(), "messages"),
            (
                r#""messages":[{"role":"user"}]"#.to_owned(),
                "messages[0].content",
            ),
            (
                r#""messages":[{"role":"tool","content":"x"}]"#.to_owned(),
                "messages[0].role",
            ),
            (
                r#""messages":[{"role":"user","content":7}]"#.to_owned(),
                "messages[0].content",
            ),
            (
                with_block(r#"{"type":"server_tool_use"}"#),
                "messages[0].content[0].type",
            ),
            (
                with_block(r#"{"type":"image","source":{"type":"url","url":"https://x/y.png"}}"#),
                "messages[0].content[0].source.url",
            ),
            (
                with_block(
                    r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"?"}}"#,
                ),
                "messages[0].content[0].source",
            ),
            (
                with_block(r#"{"type":"document","source":{"type":"base64"}}"#),
                "messages[0].content[0].source.type",
            ),
            (
                with_block(r#"{"type":"tool_result"}"#),
                "messages[0].content[0].tool_use_id",
            ),
            (format!(r#"{HELLO},"system":7"#), "system"),
            (
                format!(r#"{HELLO},"system":[{{"type":"image"}}]"#),
                "system[0].type",
            ),
            (
                format!(r#"{HELLO},"tool_choice":{{"type":"any"}}"#),
                "tool_choice",
            ),
            (
                format!(r#"{HELLO},"tool_choice":{{"type":"tool","name":"f"}}"#),
                "tool_choice",
            ),
            (format!(r#"{HELLO},"temperature":9"#), "temperature"),
            (format!(r#"{HELLO},"max_tokens":0"#), "max_tokens"),
            (format!(r#"{HELLO},"max_tokens":"x""#), "max_tokens"),
            (
                format!(r#"{HELLO},"stop_sequences":[7]"#),
                "stop_sequences[0]",
            ),
        ] {
            let error = parse(&members).unwrap_err();
            assert_eq!(error.status, 400, "{members}");
            assert_eq!(error.param.as_deref(), Some(param), "{members}");
        }
    }

    /// What Claude Code sends must not fail.
    #[test]
    fn what_is_not_honoured_is_named() {
        for (members, ignored) in [
            ("", &[][..]),
            (
                r#","tools":[{"name":"Bash","input_schema":{}}],"tool_choice":{"type":"auto"},
                  "output_config":{"effort":"high"},"metadata":{"user_id":"u"},"thinking":{"type":"enabled","budget_tokens":1024},
                  "context_management":{},"top_k":5"#,
                &["metadata", "thinking", "context_management", "top_k"],
            ),
            (
                r#","tools":[],"tool_choice":{"type":"none"},"thinking":{"type":"disabled"},"top_p":1,
                  "service_tier":"auto","mcp_servers":[],"metadata":{}"#,
                &[],
            ),
        ] {
            let request = parse(&format!("{HELLO}{members}")).unwrap();
            assert_eq!(request.ignored, ignored, "{members}");
        }
        let request = parse(&format!(
            r#"{HELLO},"tools":[{{"name":"Bash","input_schema":{{}}}},
               {{"type":"web_search_20250305","name":"web_search"}}],"tool_choice":{{"type":"any"}}"#
        ))
        .unwrap();
        assert_eq!(request.chat.tools()[0].name(), "Bash");
        assert_eq!(request.chat.tool_choice(), &ToolChoice::Required);
        assert_eq!(request.tools.required.as_deref(), Some("tool_choice"));
        assert_eq!(request.tools.ignored(true), ["tools.web_search"]);
        assert_eq!(request.tools.ignored(false), ["tools"]);
        for member in ["output_format", "output_config"] {
            let format = r#"{"type":"json_schema","schema":{"type":"object"}}"#;
            let format = match member {
                "output_config" => format!(r#"{{"format":{format}}}"#),
                _ => format.to_owned(),
            };
            let request = parse(&format!(r#"{HELLO},"{member}":{format}"#)).unwrap();
            let format = request.chat.response_format();
            assert!(matches!(format, ResponseFormat::JsonSchema(_)), "{member}");
        }
        let request = parse(&format!(
            r#"{HELLO},"stop_sequences":["a","b"],"stream":true"#
        ))
        .unwrap();
        assert_eq!(request.chat.max_tokens(), Some(100));
        assert_eq!(request.stop, ["a", "b"]);
        assert!(request.stream && request.is_question);
    }
}
