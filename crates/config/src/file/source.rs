//! Values that may be secret.

use std::borrow::Cow;
use std::path::Path;

use chatwire::Secret;
use serde_json::{Value as Json, json};

use super::leaf::{Found, Value};
use super::reference::Reference;

/// An API key stands elsewhere, never in the file.
impl Value for Reference {
    fn expected() -> Cow<'static, str> {
        "{ env = \"NAME\" } or { file = \"path\" }, or a list of them: keys do not stand in this \
         file"
            .into()
    }

    fn schema() -> Json {
        let place = json!({ "type": "string", "minLength": 1 });
        json!({
            "type": "object",
            "properties": { "env": place, "file": place },
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        })
    }

    fn read(found: &Found<'_>) -> Option<Reference> {
        match found {
            Found::Reference(reference) => Some(reference.clone()),
            _ => None,
        }
    }

    const SECRET: bool = true;
}

/// A text that may be secret: in the file, or elsewhere.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Text(Secret),
    Reference(Reference),
}

impl Source {
    /// Returns whether it stands in the file itself.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Source::Text(_))
    }

    pub(crate) fn resolve(&self, folder: &Path) -> Result<Secret, String> {
        match self {
            Source::Text(text) => Ok(text.clone()),
            Source::Reference(reference) => reference.resolve(folder),
        }
    }
}

impl Value for Source {
    fn expected() -> Cow<'static, str> {
        "a text, { env = \"NAME\" } or { file = \"path\" }".into()
    }

    fn schema() -> Json {
        json!({ "anyOf": [String::schema(), Reference::schema()] })
    }

    fn read(found: &Found<'_>) -> Option<Source> {
        match found {
            Found::Text(text) => Some(Source::Text(Secret::new(*text))),
            Found::Reference(reference) => Some(Source::Reference(reference.clone())),
            _ => None,
        }
    }

    const SECRET: bool = true;
}

/// The value of an option: as above, and numbers, true and false.
#[derive(Debug, Clone)]
pub(crate) struct Plain(pub(crate) Source);

impl Value for Plain {
    fn expected() -> Cow<'static, str> {
        "a text, a number, true or false, { env = \"NAME\" } or { file = \"path\" }".into()
    }

    fn schema() -> Json {
        json!({ "anyOf": [
            String::schema(),
            { "type": ["number", "boolean"] },
            Reference::schema(),
        ] })
    }

    fn read(found: &Found<'_>) -> Option<Plain> {
        Some(Plain(match found {
            Found::Integer(number) => Source::Text(Secret::new(number.to_string())),
            Found::Float(number) => Source::Text(Secret::new(number.to_string())),
            Found::Flag(flag) => Source::Text(Secret::new(flag.to_string())),
            other => Source::read(other)?,
        }))
    }

    const SECRET: bool = true;
}
