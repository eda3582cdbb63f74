use std::fmt;

use chatwire_core::{ChatRequest, Message, Messages, Parameter, Part};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::error::ApiError;
use crate::request::GatewayRequest;

/// How many stop sequences a request may have, and how long each may be.
const MAX_STOPS: usize = 16;
const MAX_STOP_BYTES: usize = 1024;

/// How many parameters are named at most when they are not honoured; the rest
/// would only fill the header.
const MAX_NAMED: usize = 32;

/// The body of a request, with its members as they were sent.
#[derive(Default)]
pub(super) struct ChatCompletionRequest {
    model: Option<String>,
    messages: Option<Messages>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    temperature: Option<f64>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    n: Option<u32>,
    stop: Option<Stop>,
    tools: Option<Value>,
    tool_choice: Option<Value>,
    functions: Option<Value>,
    function_call: Option<Value>,
    response_format: Option<ResponseFormat>,
    others: Vec<String>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
enum Stop {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct ResponseFormat {
    r#type: String,
}

fn bad_json(why: &str) -> ApiError {
    ApiError::new(
        http::StatusCode::BAD_REQUEST,
        "invalid_json",
        format!("the body is not the JSON of a chat request: {why}"),
    )
}

impl ChatCompletionRequest {
    /// Reads the body of a request.
    pub(super) fn parse(body: &[u8]) -> Result<ChatCompletionRequest, ApiError> {
        let mut json = serde_json::Deserializer::from_slice(body);
        let request = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            let message = error.inner().to_string();
            // The path of a syntax error is where the reader happened to be.
            if error.inner().is_data() && path != "." {
                ApiError::invalid(path.clone(), format!("{path}: {message}"))
            } else {
                bad_json(&message)
            }
        })?;
        json.end().map_err(|error| bad_json(&error.to_string()))?;
        Ok(request)
    }

    /// Whether a stream ends with the tokens it took.
    pub(super) fn include_usage(&self) -> bool {
        let options = self.stream_options.as_ref();
        options
            .and_then(|options| options.include_usage)
            .unwrap_or(false)
    }

    /// Refuses what cannot be honoured, and keeps the rest.
    pub(super) fn into_gateway_request(mut self) -> Result<GatewayRequest, ApiError> {
        let model = match self.model.take() {
            Some(model) if !model.trim().is_empty() => model,
            _ => return Err(ApiError::invalid("model", "say which model to ask")),
        };
        if let Some(n) = self.n
            && n != 1
        {
            let why = format!("n is {n}, but one answer at a time is all there is");
            return Err(ApiError::invalid("n", why));
        }
        self.check_tools()?;
        self.check_response_format()?;
        let stop = self.check_stop()?;
        let chat = self.check_request()?;
        self.others.truncate(MAX_NAMED);
        Ok(GatewayRequest {
            model,
            chat,
            stream: self.stream.unwrap_or(false),
            stop,
            max_tokens_name: match self.max_completion_tokens {
                Some(_) => "max_completion_tokens",
                None => Parameter::MaxTokens.as_str(),
            },
            ignored: self.others,
        })
    }

    /// Tools that the model may call can be left out; those that it must call
    /// cannot.
    fn check_tools(&mut self) -> Result<(), ApiError> {
        for (choice, choice_name, tools, tools_name) in [
            (&self.tool_choice, "tool_choice", &self.tools, "tools"),
            (
                &self.function_call,
                "function_call",
                &self.functions,
                "functions",
            ),
        ] {
            let none = match choice {
                None => false,
                Some(Value::String(choice)) if choice == "none" => true,
                Some(Value::String(choice)) if choice == "auto" => false,
                // Which tools are allowed is no matter when none is required.
                Some(choice)
                    if choice
                        .pointer("/allowed_tools/mode")
                        .is_some_and(|mode| mode == "auto") =>
                {
                    false
                }
                Some(_) => {
                    let why = "no backend here can be made to call a tool";
                    return Err(ApiError::invalid(choice_name, why));
                }
            };
            let any = match tools {
                None => false,
                Some(Value::Array(tools)) => !tools.is_empty(),
                Some(_) => {
                    return Err(ApiError::invalid(
                        tools_name,
                        format!("{tools_name} must be a list"),
                    ));
                }
            };
            if any && !none {
                self.others.push(tools_name.to_owned());
            }
        }
        Ok(())
    }

    fn check_response_format(&mut self) -> Result<(), ApiError> {
        match self.response_format.as_ref().map(|f| f.r#type.as_str()) {
            None | Some("text") => Ok(()),
            Some("json_object") => {
                self.others.push("response_format".to_owned());
                Ok(())
            }
            Some(other) => Err(ApiError::invalid(
                "response_format",
                format!("no backend here can be held to {other:?}"),
            )),
        }
    }

    fn check_stop(&mut self) -> Result<Vec<String>, ApiError> {
        let stops = match self.stop.take() {
            None => Vec::new(),
            Some(Stop::One(stop)) => vec![stop],
            Some(Stop::Several(stops)) => stops,
        };
        if stops.len() > MAX_STOPS {
            return Err(ApiError::invalid(
                "stop",
                format!("at most {MAX_STOPS} stop sequences are possible"),
            ));
        }
        if stops.iter().any(|stop| stop.len() > MAX_STOP_BYTES) {
            return Err(ApiError::invalid(
                "stop",
                format!("a stop sequence has at most {MAX_STOP_BYTES} bytes"),
            ));
        }
        Ok(stops)
    }

    fn check_request(&mut self) -> Result<ChatRequest, ApiError> {
        let Some(messages) = self.messages.take() else {
            return Err(ApiError::invalid("messages", "messages are missing"));
        };
        if let Some(index) = messages.iter().position(has_other_parts) {
            return Err(ApiError::invalid(
                format!("messages[{index}].content"),
                format!(
                    "messages[{index}] has content other than text, which no backend here takes"
                ),
            ));
        }
        let mut request = ChatRequest::new(messages);
        request
            .validate()
            .map_err(|error| ApiError::invalid("messages", error.message()))?;
        if let Some(temperature) = self.temperature {
            request = request.with_temperature(temperature as f32);
            request
                .validate()
                .map_err(|error| ApiError::invalid("temperature", error.message()))?;
        }
        // The newer name counts when both are there.
        let (name, max_tokens) = match (self.max_completion_tokens, self.max_tokens) {
            (None, max_tokens) => (Parameter::MaxTokens.as_str(), max_tokens),
            (newer, _) => ("max_completion_tokens", newer),
        };
        if let Some(max_tokens) = max_tokens {
            request = request.with_max_tokens(max_tokens);
            request
                .validate()
                .map_err(|error| ApiError::invalid(name, error.message()))?;
        }
        Ok(request)
    }
}

/// Whether a message has more than text, which no backend here takes.
fn has_other_parts(message: &Message) -> bool {
    message
        .parts()
        .iter()
        .any(|part| !matches!(part, Part::Text(_)))
}

impl<'de> Deserialize<'de> for ChatCompletionRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = ChatCompletionRequest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut body = ChatCompletionRequest::default();
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "model" => body.model = members.next_value()?,
                "messages" => body.messages = members.next_value()?,
                "stream" => body.stream = members.next_value()?,
                "stream_options" => body.stream_options = members.next_value()?,
                "temperature" => body.temperature = members.next_value()?,
                "max_tokens" => body.max_tokens = members.next_value()?,
                "max_completion_tokens" => body.max_completion_tokens = members.next_value()?,
                "n" => body.n = members.next_value()?,
                "stop" => body.stop = members.next_value()?,
                "tools" => body.tools = members.next_value()?,
                "tool_choice" => body.tool_choice = members.next_value()?,
                "functions" => body.functions = members.next_value()?,
                "function_call" => body.function_call = members.next_value()?,
                "response_format" => body.response_format = members.next_value()?,
                _ => {
                    let value: Value = members.next_value()?;
                    if !asks_nothing(&name, &value) {
                        body.others.push(shown(name));
                    }
                }
            }
        }
        Ok(body)
    }
}

/// Whether a parameter has a value that asks for what happens anyway. Several
/// clients send all their defaults.
fn asks_nothing(name: &str, value: &Value) -> bool {
    let number = |wanted: f64| value.as_f64() == Some(wanted);
    let word = |wanted: &[&str]| value.as_str().is_some_and(|value| wanted.contains(&value));
    let empty = match value {
        Value::Array(values) => values.is_empty(),
        Value::Object(values) => values.is_empty(),
        _ => false,
    };
    value.is_null()
        || match name {
            "top_p" => number(1.0),
            "frequency_penalty" | "presence_penalty" | "top_logprobs" => number(0.0),
            "logprobs" | "store" => value == &Value::Bool(false),
            "parallel_tool_calls" => value.is_boolean(),
            "logit_bias" | "metadata" => empty,
            "modalities" => value == &serde_json::json!(["text"]),
            "service_tier" => word(&["auto", "default"]),
            _ => false,
        }
}

/// A parameter's name as a header can carry it.
fn shown(name: String) -> String {
    name.chars()
        .take(64)
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' | '.' => c,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_body(body: &[u8]) -> Result<GatewayRequest, ApiError> {
        ChatCompletionRequest::parse(body)?.into_gateway_request()
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
                "response_format",
            ),
            (r#""temperature":3"#, "temperature"),
            (r#""temperature":"warm""#, "temperature"),
            (r#""max_tokens":0"#, "max_tokens"),
            (r#""max_tokens":-1"#, "max_tokens"),
            (r#""max_completion_tokens":0"#, "max_completion_tokens"),
            (r#""stream":"yes""#, "stream"),
            (r#""stop":5"#, "stop"),
            (
                r#""stream_options":{"include_usage":1}"#,
                "stream_options.include_usage",
            ),
            (r#""messages":[]"#, "messages"),
            (
                r#""messages":[{"role":"assistant","content":"x"}]"#,
                "messages",
            ),
            (r#""messages":[{"role":"user","content":" "}]"#, "messages"),
            (
                r#""messages":[{"role":"user","content":5}]"#,
                "messages[0].content",
            ),
            (
                r#""messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]"#,
                "messages[0].content",
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
            (r#""tools":[{}]"#, &["tools"]),
            (r#""tools":[{}],"tool_choice":"auto""#, &["tools"]),
            (r#""tools":[{}],"tool_choice":"none""#, &[]),
            (r#""tools":[]"#, &[]),
            (
                r#""response_format":{"type":"json_object"}"#,
                &["response_format"],
            ),
            (r#""response_format":{"type":"text"}"#, &[]),
            ("\"a,b\\r\\n\":1", &["a?b??"]),
        ] {
            assert_eq!(parse(members).unwrap().ignored, ignored, "{members}");
        }
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
}
