use chatwire_core::{ChatRequest, Error, ErrorKind, ResponseFormat, Tool, ToolChoice};

use super::marker::{Marker, quoted};
use super::transcript::written;
use crate::ids::Ids;
use crate::json::Schema;
use crate::prompts::{PromptFile, Prompts};
use crate::shape::{Shape, compact, compiled};

/// The tools of a request, and how the model is told of them.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(super) marker: Marker,
    tools: Vec<(String, Schema)>,
    /// Whether a tool must be called.
    pub(super) is_required: bool,
    /// Whether several may be called at once.
    pub(super) is_parallel: bool,
    /// What an answer without calls must be.
    pub(super) shape: Option<Shape>,
    instructions: String,
}

impl Offer {
    /// Reads the tools of a request.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if two tools have one name, or if a schema is none.
    pub(crate) fn new(request: &ChatRequest, prompts: &Prompts, ids: &Ids) -> Result<Offer, Error> {
        let mut tools: Vec<(String, Schema)> = Vec::new();
        for tool in request.tools() {
            if tools.iter().any(|(name, _)| name == tool.name()) {
                let why = format!("two tools have the name {:?}", tool.name());
                return Err(Error::new(ErrorKind::InvalidRequest, why).with_parameter("tools"));
            }
            let what = format!("the parameters of the tool {:?} are", tool.name());
            let schema = compiled(tool.parameters(), "tools", &what)?;
            tools.push((tool.name().to_owned(), schema));
        }
        let is_required = *request.tool_choice() != ToolChoice::Auto;
        let is_parallel = request.parallel_tool_calls() != Some(false);
        let shape = match request.response_format() {
            // Then the answer is a call.
            _ if is_required => None,
            format => Shape::of_format(format, prompts)?,
        };
        let marker = Marker::draw(ids, request.messages());
        let mut cases = vec![
            if is_parallel { "many" } else { "one" },
            if is_required { "required" } else { "auto" },
        ];
        let json = shape.as_ref().map(|shape| shape.instructions.as_str());
        cases.extend(json.map(|_| "json"));
        let listed: Vec<String> = request.tools().iter().map(described).collect();
        let values = [
            ("marker", marker.as_str()),
            ("json", json.unwrap_or_default()),
            ("tools", &listed.join("\n")),
        ];
        let instructions = prompts.fill(PromptFile::Tools, &cases, &values);
        Ok(Offer {
            marker,
            tools,
            is_required,
            is_parallel,
            shape,
            instructions,
        })
    }

    /// Returns the instructions for the model.
    pub(crate) fn instructions(&self) -> &str {
        &self.instructions
    }

    /// Returns the request as it is sent, but without the instructions.
    pub(crate) fn plain(&self, request: &ChatRequest) -> ChatRequest {
        let mut plain = request.clone();
        let messages = std::mem::take(plain.messages_mut());
        *plain.messages_mut() = written(messages, &self.marker);
        plain
            .with_response_format(ResponseFormat::Text)
            .without_tools()
    }

    /// Returns the schema of a tool's arguments, if there is that tool.
    pub(super) fn schema(&self, name: &str) -> Option<&Schema> {
        let mut tools = self.tools.iter();
        tools
            .find(|(tool, _)| tool == name)
            .map(|(_, schema)| schema)
    }

    /// Returns the names of the tools.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.tools.iter().map(|(name, _)| name.as_str())
    }
}

fn described(tool: &Tool) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':');
    let name = match tool.name() {
        name if name.chars().all(is_plain) => name.to_owned(),
        name => quoted(name),
    };
    let description = tool.description().unwrap_or_default().trim();
    let words = if description.is_empty() { "" } else { ": " };
    let schema = compact(tool.parameters());
    format!("- {name}{words}{description}\n  Arguments: {schema}")
}
