//! The checks of a body that OpenAI's APIs share.

use serde_json::{Map, Value};

use super::openai_error::OpenAiError;
use crate::server::RecordedRequest;

/// The members of a body.
pub(crate) fn openai_body(request: &RecordedRequest) -> Result<Map<String, Value>, OpenAiError> {
    match request.json() {
        Ok(Value::Object(body)) => Ok(body),
        _ => Err(OpenAiError::unreadable()),
    }
}

/// Checks that a member, if it is there, is a number from `from` to `to`.
pub(crate) fn check_decimal(
    body: &Map<String, Value>,
    name: &str,
    from: f64,
    to: f64,
) -> Result<(), OpenAiError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(()),
        Some(value) => match value.as_f64() {
            None => Err(OpenAiError::mistyped(name, "a decimal")),
            Some(number) if !(from..=to).contains(&number) => {
                let message = format!(
                    "Invalid '{name}': expected a value between {from} and {to}, but got {number} instead."
                );
                Err(OpenAiError::of(name, "decimal_out_of_range", message))
            }
            Some(_) => Ok(()),
        },
    }
}
