use chatwire_core::ChatRequest;

/// A request as the gateway works on it, whichever dialect it was written in.
#[derive(Debug)]
pub(crate) struct GatewayRequest {
    /// The model as the client names it.
    pub(crate) model: String,
    /// The conversation and the parameters, without a model.
    pub(crate) chat: ChatRequest,
    /// Whether a backend is asked. If not, the dialect's writer knows the answer
    /// once it is clear that the model exists.
    pub(crate) is_question: bool,
    /// Whether the reply is streamed.
    pub(crate) stream: bool,
    /// Texts that end the reply before they appear in it.
    pub(crate) stop: Vec<String>,
    /// What the dialect calls its parameters.
    pub(crate) names: Names,
    /// Where the first image stands, if there is one, as an error names it.
    pub(crate) image: Option<String>,
    /// Names of parameters that no provider can honour.
    pub(crate) ignored: Vec<String>,
    /// What it wants of tools.
    pub(crate) tools: ToolUse,
}

/// What a dialect calls the parameters of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    /// The conversation.
    pub(crate) messages: &'static str,
    /// The limit of tokens.
    pub(crate) max_tokens: &'static str,
    /// The format of the answer.
    pub(crate) response_format: &'static str,
    /// The tools.
    pub(crate) tools: &'static str,
}

/// Those of chat completions.
impl Default for Names {
    fn default() -> Names {
        Names {
            messages: "messages",
            max_tokens: "max_tokens",
            response_format: "response_format",
            tools: "tools",
        }
    }
}

impl Names {
    /// The dialect's name for a parameter that the core names as the OpenAI API
    /// does.
    pub(crate) fn of(&self, parameter: &'static str) -> &'static str {
        match parameter {
            "max_tokens" => self.max_tokens,
            "response_format" => self.response_format,
            "tools" => self.tools,
            other => other,
        }
    }
}

/// What a request wants of tools: for endpoints without them, and of those that
/// no endpoint can be given.
#[derive(Debug, Default)]
pub(crate) struct ToolUse {
    /// The dialect's name for the tools, if there are any.
    pub(crate) parameter: Option<&'static str>,
    /// Where it is said that a tool must be called, if it is.
    pub(crate) required: Option<String>,
    /// The names of tools that only the servers of the dialect have.
    pub(crate) left_out: Vec<String>,
}

impl ToolUse {
    /// What has no effect at an endpoint, as the parameters that have none are
    /// named.
    pub(crate) fn ignored(&self, has_tools: bool) -> Vec<String> {
        match self.parameter {
            None => Vec::new(),
            Some(parameter) if !has_tools => vec![parameter.to_owned()],
            Some(parameter) => {
                let names = self.left_out.iter().map(|name| printable(name));
                names.map(|name| format!("{parameter}.{name}")).collect()
            }
        }
    }
}

/// A client's name for something, as a header can carry it.
pub(crate) fn printable(name: &str) -> String {
    name.chars()
        .take(64)
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' | '.' => c,
            _ => '?',
        })
        .collect()
}
