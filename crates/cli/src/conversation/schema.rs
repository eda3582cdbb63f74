use std::fs;
use std::path::Path;

use chatwire::JsonSchema;

use super::text::text;
use crate::failure::Failure;

/// Reads the schema of an answer. It has the name of its file.
pub(crate) fn read_schema(file: &Path) -> Result<JsonSchema, Failure> {
    let name = format!("schema file {:?}", file.display().to_string());
    let bytes = fs::read(file)
        .map_err(|error| Failure::Usage(format!("{name} cannot be read: {error}")))?;
    let schema = serde_json::from_str(&text(&name, bytes))
        .map_err(|error| Failure::Usage(format!("{name} is no JSON: {error}")))?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    Ok(JsonSchema::new(stem, schema))
}
