//! Environment variables, which are used where a flag is not given.

use std::env;
use std::time::Duration;

use crate::args::{TargetArgs, limit};
use crate::failure::Failure;

/// Returns the value of an environment variable, or `None` if it is unset or empty.
pub(crate) fn variable(name: &str) -> Result<Option<String>, Failure> {
    match env::var(name) {
        Ok(value) if value.trim().is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Failure::Usage(format!("the variable {name} is not text")))
        }
    }
}

pub(super) fn timeout() -> Result<Option<Duration>, Failure> {
    let name = "CHATWIRE_TIMEOUT";
    match variable(name)? {
        None => Ok(None),
        Some(text) => limit(&text)
            .map(Some)
            .map_err(|why| Failure::Usage(format!("the variable {name} is {text:?}: {why}"))),
    }
}

/// The model that is asked for, by flag or environment.
pub(crate) fn model(args: &TargetArgs) -> Result<Option<String>, Failure> {
    match &args.model {
        Some(model) => Ok(Some(model.clone())),
        None => variable("CHATWIRE_MODEL"),
    }
}
