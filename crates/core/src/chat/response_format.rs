use serde_json::Value;

/// The form that an answer must have.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum ResponseFormat {
    /// Any text.
    #[default]
    Text,
    /// A JSON object.
    JsonObject,
    /// JSON that a schema allows.
    JsonSchema(JsonSchema),
}

/// The schema of an answer.
///
/// ```
/// use chatwire_core::{ChatRequest, JsonSchema, ResponseFormat};
/// use serde_json::json;
///
/// let city = JsonSchema::new("city", json!({
///     "type": "object",
///     "properties": { "name": { "type": "string" } },
///     "required": ["name"],
/// }));
/// let request = ChatRequest::new("Which city is the largest?")
///     .with_response_format(ResponseFormat::JsonSchema(city));
/// # let _ = request;
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct JsonSchema {
    name: String,
    description: Option<String>,
    schema: Value,
    strict: bool,
}

impl JsonSchema {
    /// Creates a schema with a name for the model, such as `city`.
    pub fn new(name: impl Into<String>, schema: Value) -> JsonSchema {
        JsonSchema {
            name: name.into(),
            description: None,
            schema,
            strict: false,
        }
    }

    /// Sets what the answer is, for the model.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> JsonSchema {
        self.description = Some(description.into());
        self
    }

    /// Sets whether the model has to keep to the schema exactly (default: no).
    #[must_use]
    pub fn with_strict(mut self, strict: bool) -> JsonSchema {
        self.strict = strict;
        self
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what the answer is, if that is said.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Returns the JSON schema.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// Returns whether the model has to keep to the schema exactly.
    pub fn strict(&self) -> bool {
        self.strict
    }
}
