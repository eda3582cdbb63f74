use std::path::Path;

use chatwire::JsonSchema;

use super::text::read_text;
use crate::failure::Failure;

/// Reads the schema of an answer. It has the name of its file.
pub(crate) fn read_schema(file: &Path) -> Result<JsonSchema, Failure> {
    let (name, text) = read_text("schema file", file)?;
    let schema = serde_json::from_str(&text)
        .map_err(|error| Failure::Usage(format!("{name} is no JSON: {error}")))?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    Ok(JsonSchema::new(stem, schema))
}
