use super::image::Image;
use super::tool::{ToolCall, ToolResult};

/// A part of a [`Message`](crate::Message).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// Text.
    Text(String),
    /// An image.
    Image(Image),
    /// A tool that the model called, in a message of the assistant.
    ToolCall(ToolCall),
    /// What a tool returned, in a message of the role
    /// [`Tool`](crate::Role::Tool).
    ToolResult(ToolResult),
    /// A part of an unknown type, by the name of the type, for example
    /// `input_audio`. Its content is not kept. A request with such a part is
    /// refused instead of sent without it.
    Other(String),
}

impl Part {
    /// Returns whether this is the call or the result of a tool.
    pub fn is_tool(&self) -> bool {
        matches!(self, Part::ToolCall(_) | Part::ToolResult(_))
    }
}

impl From<String> for Part {
    fn from(text: String) -> Part {
        Part::Text(text)
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Part {
        Part::Text(text.to_owned())
    }
}

impl From<Image> for Part {
    fn from(image: Image) -> Part {
        Part::Image(image)
    }
}

impl From<ToolCall> for Part {
    fn from(call: ToolCall) -> Part {
        Part::ToolCall(call)
    }
}

impl From<ToolResult> for Part {
    fn from(result: ToolResult) -> Part {
        Part::ToolResult(result)
    }
}
