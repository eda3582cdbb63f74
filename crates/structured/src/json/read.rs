use std::borrow::Cow;

use chatwire_core::FinishReason;
use serde_json::Value;

use super::invalid::{Invalid, InvalidKind};
use super::schema::Schema;
use super::value::whole_value;

/// Reads the JSON that an answer contains.
///
/// Returns JSON text that the schema allows: the answer's own bytes, unless
/// they had to be mended. Without a schema, any object is allowed.
///
/// # Errors
///
/// Fails if the answer has no JSON, if it cannot be read in exactly one way, or
/// if the schema does not allow it. The error says so in words for the model.
pub fn read<'a>(
    text: &'a str,
    reason: &FinishReason,
    schema: Option<&Schema>,
) -> Result<Cow<'a, str>, Invalid> {
    let text = text.trim();
    let value = whole_value(text).map_err(|error| {
        let cut = matches!(reason, FinishReason::Length | FinishReason::ContentFilter);
        let kind = if cut {
            InvalidKind::Cut
        } else {
            InvalidKind::Broken
        };
        Invalid::new(kind, format!("this is no JSON: {error}"))
    })?;
    check(&value, schema)?;
    Ok(Cow::Borrowed(text))
}

fn check(value: &Value, schema: Option<&Schema>) -> Result<(), Invalid> {
    match schema {
        Some(schema) => schema.check(value).map_err(Invalid::violations),
        None if value.is_object() => Ok(()),
        None => Err(Invalid::new(
            InvalidKind::Missing,
            "the answer is no JSON object",
        )),
    }
}
