//! A conversation that was saved.

use std::fs;
use std::path::Path;

use chatwire::Messages;

use super::text::text;
use crate::failure::Failure;

/// Reads a file of messages.
pub(super) fn read_messages(file: &Path) -> Result<Messages, Failure> {
    let name = format!("messages file {:?}", file.display().to_string());
    let bytes = fs::read(file)
        .map_err(|error| Failure::Usage(format!("{name} cannot be read: {error}")))?;
    let json = text(&name, bytes)?;
    parse_messages(&name, &json)
}

/// Reads the text of such a file, which `name` names.
pub(super) fn parse_messages(name: &str, json: &str) -> Result<Messages, Failure> {
    serde_json::from_str(json.trim_start_matches('\u{feff}')).map_err(|error| {
        Failure::Usage(format!(
            "{name} is not a JSON array of messages such as \
             [{{\"role\":\"user\",\"content\":\"Hi\"}}]: {error}"
        ))
    })
}
