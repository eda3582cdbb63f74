use std::error::Error;
use std::fmt;
use std::sync::Arc;

use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

use super::cost;
use crate::excerpt::shortened;

/// How many violations are told.
const MAX_VIOLATIONS: usize = 8;
const MAX_MESSAGE: usize = 300;
/// Steps of a pattern that looks ahead or back, which needs more than linear time.
const MAX_BACKTRACKS: usize = 100_000;
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// A JSON schema, ready to check values with.
#[derive(Debug, Clone)]
pub struct Schema {
    compiled: Arc<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    schema: Value,
    validator: Validator,
}

impl Schema {
    /// Compiles a schema, of draft 2020-12 unless its `$schema` names another.
    ///
    /// # Errors
    ///
    /// Fails if the schema is wrong, is too large or nested too deep, or refers to
    /// anything but a place in itself (`#`, `#/$defs/name`). Nothing is fetched.
    pub fn compile(schema: &Value) -> Result<Schema, SchemaError> {
        cost::check_schema(schema).map_err(SchemaError)?;
        let patterns = PatternOptions::fancy_regex()
            .backtrack_limit(MAX_BACKTRACKS)
            .size_limit(MAX_PATTERN_BYTES)
            .dfa_size_limit(MAX_PATTERN_BYTES);
        let validator = jsonschema::options()
            .with_pattern_options(patterns)
            .build(schema)
            .map_err(|error| SchemaError(Violation::new(&error).to_string()))?;
        let schema = schema.clone();
        let compiled = Arc::new(Compiled { schema, validator });
        Ok(Schema { compiled })
    }

    /// Checks a value.
    ///
    /// # Errors
    ///
    /// Returns the first few violations. A value that would take the schema far
    /// more steps than its size explains is refused without them.
    pub fn check(&self, value: &Value) -> Result<(), Vec<Violation>> {
        let Compiled { schema, validator } = &*self.compiled;
        if !cost::is_affordable(schema, value) {
            return Err(vec![Violation {
                pointer: String::new(),
                message: "it takes too many steps to check the value against the schema".into(),
            }]);
        }
        let errors = validator.iter_errors(value).take(MAX_VIOLATIONS);
        let violations: Vec<Violation> = errors.map(|error| Violation::new(&error)).collect();
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
    fn new(error: &ValidationError<'_>) -> Violation {
        let is_long = match &**error.instance() {
            Value::String(text) => text.len() > 100,
            Value::Array(_) | Value::Object(_) => true,
            _ => false,
        };
        // A long value would leave no room for what is wrong with it.
        let message = if is_long {
            error.masked_with("this value").to_string()
        } else {
            error.to_string()
        };
        Violation {
            pointer: shortened(error.instance_path().as_str(), MAX_MESSAGE),
            message: shortened(&message, MAX_MESSAGE),
        }
    }

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
