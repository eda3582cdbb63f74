use chatwire_core::{ChatRequest, Messages, Part, ResponseFormat, Usage};

/// How many bytes of UTF-8 count as one token. For English text this is close
/// to what tokenizers make of it, and for other scripts not far off.
const BYTES_PER_TOKEN: u64 = 4;

/// What a message costs beyond its text: its role and the marks around it.
const PER_MESSAGE: u64 = 4;

/// Estimates the tokens of a conversation: one for every four bytes of text,
/// rounded up, and four for each message. Images are not counted.
fn prompt_tokens(messages: &Messages) -> u64 {
    let of_part = |part: &Part| match part {
        Part::Text(text) => text.len(),
        Part::ToolCall(call) => call.name().len() + call.arguments().len(),
        Part::ToolResult(result) => result.content().len(),
        _ => 0,
    };
    messages
        .iter()
        .map(|message| message.parts().iter().map(of_part).sum())
        .map(|bytes| text_tokens(bytes).saturating_add(PER_MESSAGE))
        .fold(0, u64::saturating_add)
}

/// Estimates the tokens of a request: those of its conversation, and one for every
/// four bytes of its tools and of the schema of its answer.
pub(crate) fn request_tokens(request: &ChatRequest) -> u64 {
    let mut bytes = 0;
    for tool in request.tools() {
        bytes += tool.name().len() + tool.description().map_or(0, str::len);
        bytes += tool.parameters().to_string().len();
    }
    if let ResponseFormat::JsonSchema(schema) = request.response_format() {
        bytes += schema.schema().to_string().len();
    }
    prompt_tokens(request.messages()).saturating_add(text_tokens(bytes))
}

/// Estimates the tokens of a text with this many bytes.
pub(crate) fn text_tokens(bytes: usize) -> u64 {
    u64::try_from(bytes)
        .unwrap_or(u64::MAX)
        .div_ceil(BYTES_PER_TOKEN)
}

/// Returns `true` if both counts are there.
pub(crate) fn is_counted(usage: Option<Usage>) -> bool {
    usage.is_some_and(|usage| usage.prompt_tokens.is_some() && usage.completion_tokens.is_some())
}

/// Fills in the counts that the backend did not send.
pub(crate) fn completed(usage: Option<Usage>, prompt: u64, completion: u64) -> Usage {
    let usage = usage.unwrap_or_default();
    if is_counted(Some(usage)) {
        return usage;
    }
    let prompt = usage.prompt_tokens.unwrap_or(prompt);
    let completion = usage.completion_tokens.unwrap_or(completion);
    Usage::new()
        .with_prompt_tokens(prompt)
        .with_completion_tokens(completion)
        .with_total_tokens(prompt.saturating_add(completion))
}

#[cfg(test)]
mod tests {
    use chatwire_core::{Message, Tool, ToolCall, ToolResult};

    use super::*;

    #[test]
    fn a_token_for_four_bytes() {
        for (text, tokens) in [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("世界", 2)] {
            assert_eq!(text_tokens(text.len()), tokens, "{text}");
        }
        let messages = Messages::new().system("abcd").user("abcde");
        assert_eq!(prompt_tokens(&messages), 1 + 2 + 4 + 4);
        assert_eq!(prompt_tokens(&Messages::new()), 0);
        let tool = Tool::new("abcd", serde_json::json!({})).with_description("ab");
        let call = Message::from_parts("assistant", [ToolCall::new("1", "abcd", "{}").into()]);
        let result = Message::tool_result(ToolResult::new("1", "abcd"));
        let messages = Messages::from(vec![call, result]);
        let request = ChatRequest::new(messages).with_tools([tool]);
        assert_eq!(request_tokens(&request), 2 + 1 + 2 * 4 + 2);
    }

    #[test]
    fn only_what_is_missing_is_filled_in() {
        let usage = Usage::new;
        let counted = usage()
            .with_prompt_tokens(Some(1))
            .with_completion_tokens(Some(2))
            .with_total_tokens(Some(9));
        for (given, expected) in [
            (None, (7, 8, 15)),
            (Some(usage()), (7, 8, 15)),
            (Some(usage().with_total_tokens(Some(99))), (7, 8, 15)),
            (Some(usage().with_prompt_tokens(Some(1))), (1, 8, 9)),
            (Some(usage().with_completion_tokens(Some(2))), (7, 2, 9)),
            (Some(counted), (1, 2, 9)),
        ] {
            let got = completed(given, 7, 8);
            let got = [got.prompt_tokens, got.completion_tokens, got.total_tokens];
            let (prompt, completion, total) = expected;
            assert_eq!(
                got,
                [Some(prompt), Some(completion), Some(total)],
                "{given:?}"
            );
        }
    }
}
