use chatwire_core::{Error, ErrorKind, JsonSchema, ResponseFormat, Tool};
use serde_json::Value;

use super::compact::compact;
use crate::json::Schema;
use crate::prompts::{PromptFile, Prompts};

/// The JSON that an answer has to be.
#[derive(Debug)]
pub(crate) struct Shape {
    /// `json_object`, `json_schema` or `tools`.
    pub(crate) mode: &'static str,
    /// Without one, any object is valid.
    pub(crate) schema: Option<Schema>,
    /// The instructions for the model.
    pub(crate) instructions: String,
    /// The tool whose arguments the JSON is.
    pub(crate) call: Option<String>,
}

impl Shape {
    /// Returns what the format of a request asks for; `None` if that is any text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the schema is none, or if the format is not
    /// known here.
    pub(crate) fn of_format(
        format: &ResponseFormat,
        prompts: &Prompts,
    ) -> Result<Option<Shape>, Error> {
        match format {
            ResponseFormat::Text => Ok(None),
            ResponseFormat::JsonObject => Ok(Some(Shape {
                mode: "json_object",
                schema: None,
                instructions: prompts.fill(PromptFile::JsonObject, &[], &[]),
                call: None,
            })),
            ResponseFormat::JsonSchema(schema) => Shape::of_schema(schema, prompts).map(Some),
            _ => Err(Error::new(
                ErrorKind::InvalidRequest,
                "the format of the answer is not known here: JSON objects and JSON schemas are",
            )),
        }
    }

    fn of_schema(schema: &JsonSchema, prompts: &Prompts) -> Result<Shape, Error> {
        Ok(Shape {
            mode: "json_schema",
            schema: Some(compiled(
                schema.schema(),
                "response_format",
                "the format of the answer is",
            )?),
            instructions: instructions(
                prompts,
                PromptFile::JsonSchema,
                schema.name(),
                schema.description(),
                schema.schema(),
            ),
            call: None,
        })
    }

    /// Returns what a request for one call of a tool asks for: the arguments.
    pub(crate) fn of_call(tool: &Tool, prompts: &Prompts) -> Result<Shape, Error> {
        let what = format!("the parameters of the tool {:?} are", tool.name());
        Ok(Shape {
            mode: "tools",
            schema: Some(compiled(tool.parameters(), "tools", &what)?),
            instructions: instructions(
                prompts,
                PromptFile::ForcedCall,
                tool.name(),
                tool.description(),
                tool.parameters(),
            ),
            call: Some(tool.name().to_owned()),
        })
    }

    /// Returns what a valid answer is, for errors.
    pub(crate) fn what(&self) -> &'static str {
        match self.mode {
            "json_object" => "JSON object",
            "json_schema" => "JSON by the schema",
            _ => "call of a tool",
        }
    }
}

/// Compiles the schema of a parameter of a request. `what` begins the error.
pub(crate) fn compiled(
    schema: &Value,
    parameter: &'static str,
    what: &str,
) -> Result<Schema, Error> {
    Schema::compile(schema).map_err(|error| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("{what} no JSON schema that can be used here: {error}"),
        )
        .with_parameter(parameter)
    })
}

fn instructions(
    prompts: &Prompts,
    file: PromptFile,
    name: &str,
    description: Option<&str>,
    schema: &Value,
) -> String {
    let cases: &[&str] = match description {
        Some(_) => &["described"],
        None => &[],
    };
    let values = [
        ("name", name),
        ("description", description.unwrap_or_default()),
        ("schema", &compact(schema)),
    ];
    prompts.fill(file, cases, &values)
}
