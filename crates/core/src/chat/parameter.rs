/// A parameter of a request that some backends do not honour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Parameter {
    /// [`ChatRequest::with_model`](crate::ChatRequest::with_model).
    Model,
    /// [`ChatRequest::with_temperature`](crate::ChatRequest::with_temperature).
    Temperature,
    /// [`ChatRequest::with_max_tokens`](crate::ChatRequest::with_max_tokens).
    MaxTokens,
    /// [`ChatRequest::with_tools`](crate::ChatRequest::with_tools), and calls of tools
    /// and their results in the conversation.
    Tools,
}

impl Parameter {
    /// Returns the parameter's name as in the OpenAI API, for example `max_tokens`.
    pub fn as_str(self) -> &'static str {
        match self {
            Parameter::Model => "model",
            Parameter::Temperature => "temperature",
            Parameter::MaxTokens => "max_tokens",
            Parameter::Tools => "tools",
        }
    }
}
