//! Tools and formats of answers: requests, messages and replies with them.

use chatwire_core::{
    ChatRequest, Error, ErrorKind, Finish, FinishReason, JsonSchema, Message, Messages, Parameter,
    Part, ProviderInfo, ReplyEvent, ReplyStream, ResponseFormat, Role, Tool, ToolCall, ToolChoice,
    ToolResult,
};
use futures::stream;
use serde_json::json;

fn tool(name: &str) -> Tool {
    Tool::new(name, json!({"type": "object"}))
}

fn called(text: &str) -> Message {
    Message::from_parts(
        Role::Assistant,
        [
            Part::from(text),
            Part::from(ToolCall::new("1", "weather", "{\"city\":\"Paris\"} ")),
            Part::from(ToolCall::new("2", "time", "")),
        ],
    )
}

#[test]
fn values_are_what_was_set() {
    let tool = tool("a").with_description("A").with_strict(true);
    assert_eq!(
        (tool.name(), tool.description(), tool.strict()),
        ("a", Some("A"), true)
    );
    let result = ToolResult::new("1", "no").with_name("a").with_error(true);
    assert_eq!((result.call_id(), result.name()), ("1", Some("a")));
    assert_eq!((result.content(), result.is_error()), ("no", true));
    let schema = JsonSchema::new("s", json!(true))
        .with_description("S")
        .with_strict(true);
    assert_eq!(
        (schema.name(), schema.description(), schema.strict()),
        ("s", Some("S"), true)
    );
    assert_eq!(schema.schema(), &json!(true));
    let request = ChatRequest::new("Hi")
        .with_tools([tool.clone()])
        .with_tool_choice(ToolChoice::Required)
        .with_parallel_tool_calls(false)
        .with_response_format(ResponseFormat::JsonSchema(schema.clone()));
    assert_eq!(request.tools(), [tool]);
    assert_eq!(request.tool_choice(), &ToolChoice::Required);
    assert_eq!(request.parallel_tool_calls(), Some(false));
    assert_eq!(
        request.response_format(),
        &ResponseFormat::JsonSchema(schema)
    );
    assert!(request.offers_tools());
    assert!(
        !request
            .clone()
            .with_tool_choice(ToolChoice::None)
            .offers_tools()
    );
    let without = request.without_tools();
    assert!(!without.offers_tools() && without.parallel_tool_calls().is_none());
}

#[test]
fn tools_become_text() {
    let result = |id: &str, text: &str| Message::tool_result(ToolResult::new(id, text));
    let image = Part::from(chatwire_core::Image::new("image/png", [1]));
    for (message, role, text) in [
        (
            called("Let me look."),
            Role::Assistant,
            "Let me look.\n\n[Tool call: weather {\"city\":\"Paris\"}]\n\n[Tool call: time ]",
        ),
        (
            called(""),
            Role::Assistant,
            "[Tool call: weather {\"city\":\"Paris\"}]\n\n[Tool call: time ]",
        ),
        (result("1", "fine"), Role::User, "[Tool result: 1]\nfine"),
        (
            Message::tool_result(ToolResult::new("1", "").with_name("weather")),
            Role::User,
            "[Tool result: weather]\n",
        ),
        (
            Message::user("[Tool call: x]"),
            Role::User,
            "[Tool call: x]",
        ),
        (Message::new(Role::Tool, "old"), Role::Tool, "old"),
    ] {
        let messages = Messages::from(message.clone().with_part(image.clone()));
        let messages = messages.without_tool_parts();
        assert_eq!(
            (messages[0].role(), &*messages[0].text()),
            (&role, text),
            "{message:?}"
        );
        assert_eq!(messages[0].images().count(), 1);
    }
    assert!(!called("").is_blank());
}

#[test]
fn messages_in_the_form_of_openai() {
    for (message, json) in [
        (
            called("Well"),
            json!({"role": "assistant", "content": "Well", "tool_calls": [
                {"id": "1", "type": "function",
                 "function": {"name": "weather", "arguments": "{\"city\":\"Paris\"} "}},
                {"id": "2", "type": "function", "function": {"name": "time", "arguments": ""}}]}),
        ),
        (
            Message::from_parts(Role::Assistant, [ToolCall::new("1", "a", "{}").into()]),
            json!({"role": "assistant", "content": null, "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "a", "arguments": "{}"}}]}),
        ),
        (
            Message::tool_result(ToolResult::new("1", "fine").with_name("a")),
            json!({"role": "tool", "content": "fine", "tool_call_id": "1", "name": "a"}),
        ),
    ] {
        assert_eq!(serde_json::to_value(&message).unwrap(), json);
        assert_eq!(serde_json::from_value::<Message>(json).unwrap(), message);
    }
    let custom = json!({"role": "assistant", "tool_calls": [{"type": "custom", "custom": {}}]});
    let message: Message = serde_json::from_value(custom).unwrap();
    assert_eq!(message.parts(), [Part::Other("custom".into())]);
    let two = Message::tool_result(ToolResult::new("1", "")).with_part(ToolResult::new("2", ""));
    assert!(serde_json::to_string(&two).is_err());
}

#[test]
fn what_a_provider_without_them_refuses() {
    let info = ProviderInfo::new("plain", "http://x", "m");
    let hi = || ChatRequest::new("Hi");
    let answered = || {
        let messages = Messages::new()
            .user("Hi")
            .with_message(called(""))
            .user("And?");
        ChatRequest::new(messages)
    };
    for (request, words) in [
        (hi().with_tools([tool("a")]), "tools"),
        (
            hi().with_response_format(ResponseFormat::JsonObject),
            "response_format",
        ),
        (answered(), "message number 2 has a call"),
    ] {
        let error = info.check(&request).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains(words), "{error}");
        let mut able = info.clone();
        able.capabilities.tools = true;
        able.capabilities.response_format = true;
        able.check(&request).unwrap();
    }
    // One call that is forced may be possible where no others are.
    let forced = hi()
        .with_tools([tool("a"), tool("b")])
        .with_tool_choice(ToolChoice::Tool("b".into()));
    let required = |names: &[&str]| {
        let tools = names.iter().map(|name| tool(name));
        hi().with_tools(tools)
            .with_tool_choice(ToolChoice::Required)
    };
    let mut able = info.clone();
    able.capabilities.forced_tool = true;
    for (request, name) in [
        (forced, Some("b")),
        (required(&["a"]), Some("a")),
        (required(&["a"]).with_parallel_tool_calls(true), None),
        (required(&["a", "b"]), None),
        (hi().with_tools([tool("a")]), None),
    ] {
        assert_eq!(request.forced_tool().map(Tool::name), name, "{request:?}");
        assert_eq!(info.unsupported(&request), [Parameter::Tools]);
        assert_eq!(able.check(&request).is_ok(), name.is_some(), "{request:?}");
        let without = request.without(Parameter::Tools);
        assert!(without.tools().is_empty());
        info.check(&without).unwrap();
    }
    let never = hi()
        .with_tools([tool("a")])
        .with_tool_choice(ToolChoice::None);
    info.check(&never).unwrap();
    info.check(&answered().without_tools()).unwrap();
    for (request, words) in [
        (hi().with_tool_choice(ToolChoice::Required), "no tools"),
        (
            hi().with_tools([tool("a")])
                .with_tool_choice(ToolChoice::Tool("b".into())),
            "\"b\"",
        ),
    ] {
        let error = request.validate().unwrap_err();
        assert!(error.message().contains(words), "{error}");
    }
}

fn reply(events: Vec<ReplyEvent>) -> ReplyStream {
    ReplyStream::from_events(stream::iter(events.into_iter().map(Ok::<_, Error>)))
}

#[tokio::test]
async fn replies_have_calls() {
    let call = |number: usize| ToolCall::new(number.to_string(), "a", "{}");
    let finish = || ReplyEvent::Finish(Finish::new(FinishReason::ToolCalls));
    let events = vec![
        ReplyEvent::Text("Well".into()),
        ReplyEvent::ToolCall(call(1)),
        ReplyEvent::ToolCall(call(2)),
        finish(),
    ];
    let collected = reply(events).collect().await.unwrap();
    assert_eq!(collected.text, "Well");
    assert_eq!(collected.tool_calls, [call(1), call(2)]);
    // A call is an answer, and waiting for the first text ends with it.
    let stream = reply(vec![ReplyEvent::ToolCall(call(1)), finish()]);
    let mut stream = stream.wait_for_first_text().await.unwrap();
    let first = stream.next().await.unwrap().unwrap();
    assert_eq!(first, ReplyEvent::ToolCall(call(1)));
    assert!(stream.collect().await.unwrap().text.is_empty());
    let error = reply(vec![finish()]).collect().await.unwrap_err().error;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let endless = (0..2000)
        .map(|number| ReplyEvent::ToolCall(call(number)))
        .collect();
    let error = reply(endless).collect().await.unwrap_err().error;
    assert_eq!(error.kind().as_str(), "limit_exceeded");
}
