use std::error::Error;
use std::fmt;

use serde_json::Value;

/// A JSON schema, ready to check values with.
#[derive(Debug, Clone)]
pub struct Schema {
    validator: std::sync::Arc<jsonschema::Validator>,
}

impl Schema {
    /// Compiles a schema, of draft 2020-12 unless its `$schema` names another.
    ///
    /// # Errors
    ///
    /// Fails if the schema is wrong, refers to something outside of itself, or is
    /// too large.
    pub fn compile(schema: &Value) -> Result<Schema, SchemaError> {
        let validator = jsonschema::options()
            .build(schema)
            .map_err(|error| SchemaError(error.to_string()))?;
        Ok(Schema {
            validator: validator.into(),
        })
    }

    /// Checks a value.
    ///
    /// # Errors
    ///
    /// Returns the first few violations.
    pub fn check(&self, value: &Value) -> Result<(), Vec<Violation>> {
        let violations: Vec<Violation> = self
            .validator
            .iter_errors(value)
            .take(8)
            .map(|error| Violation {
                pointer: error.instance_path().to_string(),
                message: error.to_string(),
            })
            .collect();
        if violations.is_empty() {
            Ok(())
        } else {
            Err(violations)
        }
    }
}

/// Why a schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaError(String);

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for SchemaError {}

/// What a schema does not allow in a value, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pointer: String,
    message: String,
}

impl Violation {
    /// Returns the place as a JSON pointer: empty for the whole value.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Returns what is wrong there.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pointer.is_empty() {
            write!(f, "at {}: ", self.pointer)?;
        }
        f.write_str(&self.message)
    }
}
