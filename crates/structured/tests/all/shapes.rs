use chatwire_core::{
    ChatRequest, ErrorKind, FinishReason, JsonSchema, Limit, Message, Provider, ProviderExt,
    ResponseFormat, Tool, ToolCall, ToolChoice, ToolResult, Usage,
};
use chatwire_structured::Structured;
use serde_json::json;

use crate::scripted::{Say, Scripted, events};

fn schema() -> serde_json::Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "City",
        "type": "object",
        "properties": { "title": { "type": "string", "title": "Title" } },
        "required": ["title"],
    })
}

fn asks_json() -> ChatRequest {
    ChatRequest::new("Which city?").with_response_format(ResponseFormat::JsonSchema(
        JsonSchema::new("city", schema()).with_description("A city"),
    ))
}

fn asks_call() -> ChatRequest {
    ChatRequest::new("Which city?")
        .with_tools([Tool::new("city", schema()), Tool::new("other", json!({}))])
        .with_tool_choice(ToolChoice::Tool("city".into()))
}

#[tokio::test]
async fn answers_in_a_shape() {
    let object = || ChatRequest::new("Which?").with_response_format(ResponseFormat::JsonObject);
    let good = r#"{"title": "Tokyo"}"#;
    let valid = |mode: &str, questions: u32, content: &str, reason: &str| {
        vec![
            format!("emulated {mode}; questions={questions}"),
            "status working".to_owned(),
            content.to_owned(),
            format!("finish {reason}"),
        ]
    };
    let text = format!("text {good}");
    let call = format!("call city {good}");
    for (request, says, expected) in [
        (
            asks_json(),
            &[good][..],
            valid("json_schema", 1, &text, "stop"),
        ),
        (
            asks_json(),
            &["Sure: ```json\n{\"title\": \"Tokyo\"}\n``` Bye."],
            valid("json_schema", 1, &text, "stop"),
        ),
        (
            asks_json(),
            &["Tokyo, of course", good],
            valid("json_schema", 2, &text, "stop"),
        ),
        (
            asks_json(),
            &[r#"{"title": 1}"#, "{", good],
            valid("json_schema", 3, &text, "stop"),
        ),
        (
            asks_json(),
            &["a", "b", r#"{"title": 1}"#],
            vec!["error invalid_output".to_owned()],
        ),
        (
            object(),
            &["[1]", r#"{"a": 1e400}"#, r#"{"a":1}"#],
            valid("json_object", 3, r#"text {"a":1}"#, "stop"),
        ),
        (asks_call(), &[good], valid("tools", 1, &call, "tool_calls")),
        (
            asks_call(),
            &["I call city.", good],
            valid("tools", 2, &call, "tool_calls"),
        ),
        (
            ChatRequest::new("Which?")
                .with_tools([Tool::new("city", schema())])
                .with_tool_choice(ToolChoice::Required),
            &[good],
            valid("tools", 1, &call, "tool_calls"),
        ),
    ] {
        let provider = Structured::new(Scripted::says(says.iter().copied()));
        let got = events(provider.stream(&request).await).await;
        assert_eq!(got, expected, "{says:?}");
        assert_eq!(provider.inner().asked().len(), says.len(), "{says:?}");
    }
}

#[tokio::test]
async fn what_the_model_is_asked() {
    let provider = Structured::new(Scripted::says([
        "It is Tokyo.",
        r#"{"title": 7}"#,
        r#"{"title": "Tokyo"}"#,
    ]));
    let reply = provider.reply(&asks_json()).await.unwrap();
    assert_eq!(
        provider.inner().question(0),
        "system: Answer with JSON that is valid by the JSON schema below, and nothing else: no words \
         before or after it, no code fence, no comments. Write a value that the schema describes, \
         not the schema.\n\
         Name of the answer: city\n\
         What the answer is: A city\n\
         Schema:\n\
         {\"properties\":{\"title\":{\"type\":\"string\"}},\"required\":[\"title\"],\"type\":\"object\"}\n\
         user: Which city?"
    );
    let third = provider.inner().question(2);
    assert!(
        third.ends_with(
            "user: Which city?\n\
             assistant: It is Tokyo.\n\
             user: Your answer is not valid: the answer has no JSON\n\
             Answer again, with the corrected JSON and nothing else.\n\
             assistant: {\"title\": 7}\n\
             user: Your answer is not valid: at /title: 7 is not of type \"string\"\n\
             Answer again, with the corrected JSON and nothing else."
        ),
        "{third}"
    );
    for asked in provider.inner().asked() {
        assert_eq!(asked.response_format(), &ResponseFormat::Text);
    }
    let usage = Usage::new()
        .with_prompt_tokens(30)
        .with_completion_tokens(6);
    assert_eq!(reply.usage, Some(usage));
    assert_eq!(reply.provider, "scripted");
    let extra = &reply.extras[0];
    assert_eq!(extra.name, "emulated");
    assert_eq!(extra.json, r#"{"mode":"json_schema","questions":3}"#);
}

#[tokio::test]
async fn a_forced_call_names_its_function() {
    let provider = Structured::new(Scripted::says([r#"{"title": "Tokyo"}"#]));
    let request = asks_call().with_option("x", "y");
    // What the provider does not take is refused before it is asked.
    let error = provider.reply(&request).await.unwrap_err().error;
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let mut request = asks_call();
    *request.messages_mut() = chatwire_core::Messages::new()
        .user("Which?")
        .with_message(Message::from_parts(
            "assistant",
            [ToolCall::new("1", "city", "{}").into()],
        ))
        .with_message(Message::tool_result(
            ToolResult::new("1", "no title").with_name("city"),
        ));
    provider.reply(&request).await.unwrap();
    let question = provider.inner().question(0);
    assert!(
        question.starts_with("system: Your answer calls the function city. "),
        "{question}"
    );
    assert!(
        question.ends_with("assistant: [Tool call: city {}]\nuser: [Tool result: city]\nno title"),
        "{question}"
    );
    assert!(provider.inner().asked()[0].tools().is_empty());
}

#[tokio::test]
async fn without_system_messages_and_history_one_question_says_all() {
    let provider = Scripted::says(["Tokyo", r#"{"title": "Tokyo"}"#])
        .with(|info| info.capabilities = chatwire_core::Capabilities::default());
    let provider = Structured::new(provider);
    provider.reply(&asks_json()).await.unwrap();
    let question = provider.inner().question(1);
    assert!(question.starts_with("user: Which city?\n\nAnswer with JSON that is valid"));
    assert!(
        question.ends_with(
            "\n\nYou were asked this before, and you answered:\nTokyo\n\
             Your answer is not valid: the answer has no JSON\n\
             Answer again, with the corrected JSON and nothing else."
        ),
        "{question}"
    );
    assert_eq!(provider.inner().asked()[1].messages().len(), 1);
}

#[tokio::test]
async fn errors_say_what_was_wrong() {
    // What was said, how often it was asked, the kind, and words of the error.
    for (says, repairs, asked, kind, words) in [
        (
            vec![Say::Text("No.".into(), 1), Say::Text("Never.".into(), 1)],
            1,
            2,
            ErrorKind::InvalidOutput,
            "the answer is no valid JSON by the schema after 2 questions: the answer has no JSON",
        ),
        (
            vec![Say::Text(r#"{"title": 1}"#.into(), 1)],
            0,
            1,
            ErrorKind::InvalidOutput,
            "the answer is no valid JSON by the schema: at /title: 1 is not of type",
        ),
        (
            vec![Say::Ending(r#"{"title": "To"#, FinishReason::Length)],
            2,
            1,
            ErrorKind::InvalidOutput,
            "cut (length)",
        ),
        (
            vec![Say::Broken(r#"{"title": "Tokyo"}"#)],
            2,
            1,
            ErrorKind::Interrupted,
            "the connection broke",
        ),
        (
            vec![
                Say::Text("No.".into(), 1),
                Say::Refuse(ErrorKind::RateLimited),
            ],
            2,
            2,
            ErrorKind::RateLimited,
            "in question number 2, because the answer before was not valid",
        ),
        (
            vec![Say::Refuse(ErrorKind::ContextLength)],
            2,
            1,
            ErrorKind::ContextLength,
            "the instructions for structured output or tools have 328 characters",
        ),
    ] {
        let provider = Structured::new(Scripted::new(says.clone())).with_repairs(repairs);
        let error = provider.reply(&asks_json()).await.unwrap_err().error;
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(provider.inner().asked().len(), asked, "{error}");
        if kind == ErrorKind::InvalidOutput {
            assert!(!error.is_retryable());
            assert_eq!(error.provider(), Some("scripted"));
            let Some(Say::Text(last, _)) = says.last() else {
                continue;
            };
            assert_eq!(error.excerpt(), Some(last.as_str()));
        }
    }
}

#[tokio::test]
async fn what_needs_no_help_passes_as_it_is() {
    let tools = || [Tool::new("city", schema())];
    // The request, what the provider can do by itself, and whether it is asked.
    for (request, native, is_asked) in [
        (ChatRequest::new("Hi"), false, true),
        (
            ChatRequest::new("Hi")
                .with_tools(tools())
                .with_tool_choice(ToolChoice::None),
            false,
            true,
        ),
        (ChatRequest::new("Hi").with_tools(tools()), false, false),
        (ChatRequest::new("Hi").with_tools(tools()), true, true),
        (asks_json(), true, true),
        (asks_call(), true, true),
    ] {
        let provider = Scripted::says(["Hello"]).with(|info| {
            info.capabilities.response_format = native;
            info.capabilities.tools = native;
        });
        let provider = Structured::new(provider);
        let result = provider.reply(&request).await;
        assert_eq!(result.is_ok(), is_asked, "{request:?}");
        if is_asked {
            assert_eq!(provider.inner().asked(), [request]);
            assert!(result.unwrap().extras.is_empty());
        } else {
            assert!(provider.inner().asked().is_empty());
        }
    }
}

#[tokio::test]
async fn schemas_that_are_none_are_refused() {
    let wrong = json!({ "type": "elephant" });
    for (request, words) in [
        (
            ChatRequest::new("Hi").with_response_format(ResponseFormat::JsonSchema(
                JsonSchema::new("a", wrong.clone()),
            )),
            "the format of the answer is no JSON schema",
        ),
        (
            ChatRequest::new("Hi")
                .with_tools([Tool::new("a", wrong.clone())])
                .with_tool_choice(ToolChoice::Tool("a".into())),
            "the parameters of the tool \"a\" are no JSON schema",
        ),
    ] {
        let provider = Structured::new(Scripted::says([])).with_tools(true);
        let error = provider.reply(&request).await.unwrap_err().error;
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(provider.inner().asked().is_empty());
    }
}

/// Answers are held, so they have a limit of their own.
#[tokio::test]
async fn an_answer_without_end_is_not_held() {
    const MAX: usize = 4 * 1024 * 1024;
    let tools = ChatRequest::new("Which city?").with_tools([Tool::new("city", schema())]);
    let json = r#"{"title":"a"}"#;
    let padded = |length: usize| json.to_owned() + &" ".repeat(length - json.len());
    for request in [asks_json(), asks_call(), tools] {
        for (length, is_held) in [(MAX, true), (MAX + 1, false)] {
            let says = Say::Text(padded(length), 64 * 1024);
            let provider = Structured::new(Scripted::new([says])).with_tools(true);
            let read = provider.reply(&request).await;
            let kind = read.map_err(|failed| failed.error.kind()).err();
            let wanted = (!is_held).then_some(ErrorKind::LimitExceeded(Limit::Reply));
            assert_eq!(kind, wanted, "{length} {request:?}");
            assert_eq!(provider.inner().asked().len(), 1);
        }
    }
}
