use std::fmt;
use std::path::{Path, PathBuf};

use chatwire::Secret;
use serde::{Deserialize, Serialize};

use crate::address::REDACTED;
use crate::paths::located;
use crate::private::read_secret;

/// The name of an environment variable as a message can show it. What cannot be
/// such a name may be the secret itself, written in the wrong place.
pub fn shown_variable(name: &str) -> &str {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_plausible = !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(is_name);
    match is_plausible {
        true => name,
        false => REDACTED,
    }
}

/// Where a secret stands: `{ env = "NAME" }` or `{ file = "path" }`.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reference {
    Env(String),
    File(PathBuf),
}

impl Reference {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Reference::Env(name) => name.is_empty(),
            Reference::File(path) => path.as_os_str().is_empty(),
        }
    }

    /// The reference as it can be shown.
    pub(super) fn shown(&self) -> Reference {
        match self {
            Reference::Env(name) => Reference::Env(shown_variable(name).to_owned()),
            Reference::File(path) => Reference::File(path.clone()),
        }
    }

    /// The text, without white space around it. A relative path is looked for
    /// in `folder`.
    pub(crate) fn resolve(&self, folder: &Path) -> Result<Secret, String> {
        let text = match self {
            Reference::Env(name) => std::env::var(name).map_err(|_| {
                let name = shown_variable(name);
                format!("the environment variable {name} is not set, or is not text")
            })?,
            Reference::File(path) => read_secret(&located(folder, path))?,
        };
        match text.trim() {
            "" => Err(format!("{} is empty", self.place(folder))),
            text => Ok(Secret::new(text)),
        }
    }

    /// The keys, one in each line; comments and empty lines do not count.
    pub(crate) fn resolve_keys(&self, folder: &Path) -> Result<Vec<Secret>, String> {
        let text = self.resolve(folder)?;
        let lines = text.expose().lines().map(str::trim);
        let keys: Vec<Secret> = lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(Secret::new)
            .collect();
        if keys.is_empty() {
            return Err(format!("there is no key in {}", self.place(folder)));
        }
        Ok(keys)
    }

    fn place(&self, folder: &Path) -> String {
        match self {
            Reference::Env(name) => format!("the environment variable {name}"),
            Reference::File(path) => format!("the file {}", located(folder, path).display()),
        }
    }
}

/// With the name of a variable as far as it can be shown.
impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Env(name) => f.debug_tuple("Env").field(&shown_variable(name)).finish(),
            Reference::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}
