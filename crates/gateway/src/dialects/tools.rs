use super::members::{JsonValue, Members};
use crate::error::ApiError;

/// Returns whether there are tools that will not be called. Tools that the
/// model may call can be left out; those that it must call cannot.
pub(crate) fn read_tools(
    members: &mut Members<'_>,
    tools: &str,
    choice: &str,
) -> Result<bool, ApiError> {
    let is_none = match members.take(choice) {
        None => false,
        Some(value) if value.is_string() => match value.string()?.as_str() {
            "none" => true,
            "auto" => false,
            _ => return Err(tool_required(&value)),
        },
        // Which tools are allowed does not matter if none is required.
        Some(value) => {
            if mode(&value)?.as_deref() != Some("auto") {
                return Err(tool_required(&value));
            }
            false
        }
    };
    let any = members.read(tools, |tools| tools.array())?;
    Ok(!is_none && any.is_some_and(|tools| !tools.is_empty()))
}

/// The mode of a choice among allowed tools, which stands one level deeper in
/// one of the APIs.
fn mode(choice: &JsonValue<'_>) -> Result<Option<String>, ApiError> {
    let mut choice = choice.object()?;
    if let Some(allowed) = choice.take("allowed_tools") {
        choice = allowed.object()?;
    }
    choice.read("mode", |mode| mode.string())
}

/// The error for a choice that only a tool satisfies.
pub(crate) fn tool_required(choice: &JsonValue<'_>) -> ApiError {
    choice.invalid("asks for a tool to be called, which no provider here can do")
}
