use std::path::PathBuf;

use chatwire_core::Secret;

use crate::config::error::ConfigError;
use crate::config::read::At;

/// Where a text that may be secret stands.
#[derive(Debug, Clone)]
pub(super) struct Source {
    at: At,
    from: From,
}

#[derive(Debug, Clone)]
pub(super) enum From {
    Here(Secret),
    Variable(String),
    File(PathBuf),
}

impl Source {
    pub(super) fn new(at: At, from: From) -> Source {
        Source { at, from }
    }

    pub(super) fn at(&self) -> &At {
        &self.at
    }

    /// The text, without white space around it.
    pub(super) fn read(&self) -> Result<Secret, ConfigError> {
        let text = match &self.from {
            From::Here(text) => return Ok(text.clone()),
            From::Variable(name) => std::env::var(name).map_err(|_| {
                self.at.error(format!(
                    "the environment variable {name} is not set, or is not text"
                ))
            })?,
            From::File(path) => std::fs::read_to_string(path).map_err(|error| {
                self.at.error(format!(
                    "the file {} cannot be read: {error}",
                    path.display()
                ))
            })?,
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(self.at.error("there is nothing in the variable or file"));
        }
        Ok(Secret::new(text))
    }

    /// The texts, one in each line; comments and empty lines do not count.
    pub(super) fn read_lines(&self) -> Result<Vec<Secret>, ConfigError> {
        let text = self.read()?;
        let lines: Vec<Secret> = text
            .expose()
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(Secret::new)
            .collect();
        if lines.is_empty() {
            return Err(self.at.error("there is no key in the variable or file"));
        }
        Ok(lines)
    }
}
