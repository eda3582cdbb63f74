use serde_json::Value;

/// A tool that the model may call: a function of the caller's, by its name.
///
/// ```
/// use chatwire_core::Tool;
/// use serde_json::json;
///
/// let weather = Tool::new(
///     "weather",
///     json!({
///         "type": "object",
///         "properties": { "city": { "type": "string" } },
///         "required": ["city"],
///     }),
/// )
/// .with_description("The weather in a city, now");
/// assert_eq!(weather.name(), "weather");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    name: String,
    description: Option<String>,
    parameters: Value,
    strict: bool,
}

impl Tool {
    /// Creates a tool from its name and the JSON schema of its arguments.
    pub fn new(name: impl Into<String>, parameters: Value) -> Tool {
        Tool {
            name: name.into(),
            description: None,
            parameters,
            strict: false,
        }
    }

    /// Sets what the tool does, for the model.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Tool {
        self.description = Some(description.into());
        self
    }

    /// Sets whether the model has to keep to the schema exactly (default: no).
    #[must_use]
    pub fn with_strict(mut self, strict: bool) -> Tool {
        self.strict = strict;
        self
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what the tool does, if that is said.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Returns the JSON schema of the arguments.
    pub fn parameters(&self) -> &Value {
        &self.parameters
    }

    /// Returns whether the model has to keep to the schema exactly.
    pub fn strict(&self) -> bool {
        self.strict
    }
}

/// Whether the model calls tools.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// The model answers without tools.
    None,
    /// The model calls at least one tool.
    Required,
    /// The model calls the tool of this name.
    Tool(String),
}

/// A call of a [`Tool`] by the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    id: String,
    name: String,
    arguments: String,
}

impl ToolCall {
    /// Creates a call from its id, the name of the tool, and its arguments as
    /// JSON text.
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<String>,
    ) -> ToolCall {
        ToolCall {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
        }
    }

    /// Returns the id of the call, to which its [result](ToolResult) refers.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the name of the tool.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the arguments, as JSON text. In a call that a client repeats, it
    /// can be any text.
    pub fn arguments(&self) -> &str {
        &self.arguments
    }
}

/// What a [call](ToolCall) of a tool resulted in, for the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolResult {
    call_id: String,
    name: Option<String>,
    content: String,
    is_error: bool,
}

impl ToolResult {
    /// Creates the result of the call with that id.
    pub fn new(call_id: impl Into<String>, content: impl Into<String>) -> ToolResult {
        ToolResult {
            call_id: call_id.into(),
            name: None,
            content: content.into(),
            is_error: false,
        }
    }

    /// Sets the name of the tool.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> ToolResult {
        self.name = Some(name.into());
        self
    }

    /// Sets whether the tool failed, so that the content says why (default: no).
    #[must_use]
    pub fn with_error(mut self, is_error: bool) -> ToolResult {
        self.is_error = is_error;
        self
    }

    /// Returns the id of the call.
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Returns the name of the tool, if it is set.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns what the tool returned.
    pub fn content(&self) -> &str {
        &self.content
    }

    /// Returns whether the tool failed.
    pub fn is_error(&self) -> bool {
        self.is_error
    }
}
