use chatwire_core::{ChatRequest, Messages};
use serde_json::Value;

use crate::dialects::members::{JsonValue, Members};
use crate::dialects::parameters::{
    ignored, only_one_answer, read_include_usage, read_limit, read_model, read_temperature,
    stop_sequences, validated,
};
use crate::error::ApiError;
use crate::request::{GatewayRequest, Names, ToolUse};

/// A request to go on with a text. The text is asked as a question, because
/// the providers here only converse.
#[derive(Debug)]
pub(super) struct CompletionRequest {
    pub(super) request: GatewayRequest,
    /// The prompt, if the answer is to begin with it.
    pub(super) echo: Option<String>,
    /// Whether a stream ends with the tokens it took.
    pub(super) include_usage: bool,
}

impl CompletionRequest {
    /// Reads the body of a request, and refuses what cannot be honoured.
    pub(super) fn parse(body: &[u8]) -> Result<CompletionRequest, ApiError> {
        let mut members = Members::parse(body)?;
        let model = read_model(&mut members)?;
        only_one_answer(&mut members, "n")?;
        only_one_answer(&mut members, "best_of")?;
        if let Some(suffix) = members.take("suffix")
            && !suffix.string()?.is_empty()
        {
            return Err(suffix.invalid("asks for a text in the middle, which no provider can fill"));
        }
        let prompt = read_prompt(&members.require("prompt")?)?;
        let echo = members.read("echo", |echo| echo.boolean())?;
        let stop = members.read("stop", stop_sequences)?;
        let stream = members.read("stream", |stream| stream.boolean())?;
        let include_usage = read_include_usage(&mut members)?;
        let messages = Messages::from(prompt.as_str());
        let chat = validated(ChatRequest::new(messages), "prompt")?;
        let chat = read_temperature(chat, &mut members)?;
        let chat = read_limit(chat, &mut members, "max_tokens")?;
        Ok(CompletionRequest {
            request: GatewayRequest {
                model,
                chat,
                is_question: true,
                stream: stream.unwrap_or(false),
                stop: stop.unwrap_or_default(),
                names: Names {
                    messages: "prompt",
                    ..Names::default()
                },
                image: None,
                ignored: ignored(Vec::new(), members.rest(), is_default),
                tools: ToolUse::default(),
            },
            echo: echo.unwrap_or(false).then_some(prompt),
            include_usage,
        })
    }
}

/// Reads a text, alone or as the only one of a list.
fn read_prompt(prompt: &JsonValue<'_>) -> Result<String, ApiError> {
    if prompt.is_string() {
        return prompt.string();
    }
    match prompt.array()?.as_slice() {
        [only] if only.is_string() => only.string(),
        [_] => Err(prompt.invalid("must be text: tokens cannot be turned back into it here")),
        several => Err(prompt.invalid(&format!(
            "has {} texts, where one is expected: send a request for each",
            several.len()
        ))),
    }
}

/// Whether a parameter has a value that asks for what happens anyway.
fn is_default(name: &str, value: &Value) -> bool {
    let number = |wanted: f64| value.as_f64() == Some(wanted);
    match name {
        "top_p" => number(1.0),
        "frequency_penalty" | "presence_penalty" | "logprobs" => number(0.0),
        "logit_bias" => value.as_object().is_some_and(|members| members.is_empty()),
        "suffix" => value.as_str() == Some(""),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(members: &str) -> Result<CompletionRequest, ApiError> {
        CompletionRequest::parse(format!(r#"{{"model":"m",{members}}}"#).as_bytes())
    }

    #[test]
    fn prompts_and_what_is_asked() {
        for (members, echo) in [
            (r#""prompt":"Hi""#, None),
            (r#""prompt":["Hi"]"#, None),
            (r#""prompt":"Hi","echo":true"#, Some("Hi")),
            (
                r#""prompt":"Hi","echo":false,"suffix":"","n":1,"best_of":1"#,
                None,
            ),
            (
                r#""prompt":"Hi","suffix":null,"stop":null,"max_tokens":-1"#,
                None,
            ),
        ] {
            let request = parse(members).unwrap();
            assert_eq!(request.request.chat.messages()[0].text(), "Hi", "{members}");
            assert_eq!(request.echo.as_deref(), echo, "{members}");
            assert_eq!(request.request.ignored, [""; 0], "{members}");
        }
        let request = parse(
            r#""prompt":"Hi","max_tokens":9,"stop":"x","stream":true,"stream_options":{"include_usage":true},
               "logprobs":3,"top_p":1"#,
        )
        .unwrap();
        assert!(request.include_usage && request.request.stream);
        assert_eq!(request.request.chat.max_tokens(), Some(9));
        assert_eq!(request.request.stop, ["x"]);
        assert_eq!(request.request.ignored, ["logprobs"]);
    }

    #[test]
    fn what_is_refused_names_its_parameter() {
        for (members, param) in [
            (r#""echo":true"#, "prompt"),
            (r#""prompt":"""#, "prompt"),
            (r#""prompt":[]"#, "prompt"),
            (r#""prompt":["a","b"]"#, "prompt"),
            (r#""prompt":[1,2]"#, "prompt"),
            (r#""prompt":[[1,2]]"#, "prompt"),
            (r#""prompt":7"#, "prompt"),
            (r#""prompt":"x","suffix":"y""#, "suffix"),
            (r#""prompt":"x","n":2"#, "n"),
            (r#""prompt":"x","best_of":2"#, "best_of"),
            (r#""prompt":"x","echo":1"#, "echo"),
            (r#""prompt":"x","temperature":9"#, "temperature"),
            (r#""prompt":"x","max_tokens":0"#, "max_tokens"),
        ] {
            let error = parse(members).unwrap_err();
            assert_eq!(error.status, 400, "{members}");
            assert_eq!(error.param.as_deref(), Some(param), "{members}");
        }
    }
}
