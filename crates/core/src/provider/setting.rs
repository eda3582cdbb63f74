use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// A setting of a provider: one field of its configuration, described for
/// command lines, configuration files and their help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// The name, for example `token_limit`.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// What values it takes.
    pub kind: SettingKind,
    /// Whether its value is, or may contain, a secret.
    pub secret: bool,
}

/// What values a [`Setting`] takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SettingKind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number from 0 to 4,294,967,295.
    Integer,
    /// Several texts, with commas between them.
    List,
    /// JSON.
    Json,
}

impl Setting {
    /// Describes a setting whose value is no secret.
    pub const fn new(name: &'static str, kind: SettingKind, help: &'static str) -> Setting {
        Setting {
            name,
            help,
            kind,
            secret: false,
        }
    }

    /// Describes a setting whose value is, or may contain, a secret.
    pub const fn secret(name: &'static str, kind: SettingKind, help: &'static str) -> Setting {
        Setting {
            secret: true,
            ..Setting::new(name, kind, help)
        }
    }

    /// Checks a value that was given as text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the setting does not take it. The
    /// message names the setting and does not repeat the value.
    pub fn check(&self, text: &str) -> Result<(), Error> {
        self.value(text).map(drop)
    }

    fn value(&self, text: &str) -> Result<Value, Error> {
        let text = text.trim();
        let value = match self.kind {
            SettingKind::Text => Some(text.into()),
            SettingKind::Boolean => text.parse::<bool>().ok().map(Value::from),
            SettingKind::Integer => text.parse::<u32>().ok().map(Value::from),
            SettingKind::List => {
                let items = text.split(',').map(str::trim);
                Some(items.filter(|item| !item.is_empty()).collect())
            }
            SettingKind::Json => serde_json::from_str(text).ok(),
        };
        value.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("setting {} must be {}", self.name, self.kind.expected()),
            )
        })
    }
}

impl SettingKind {
    /// The values in words, for example `a whole number`.
    pub fn expected(self) -> &'static str {
        match self {
            SettingKind::Text => "a text",
            SettingKind::Boolean => "true or false",
            SettingKind::Integer => "a whole number",
            SettingKind::List => "texts with commas between them",
            SettingKind::Json => "JSON",
        }
    }
}

/// Reads a provider's configuration from settings given as texts.
///
/// # Errors
///
/// [`ErrorKind::InvalidRequest`] for a name that is not among `known`, and for
/// a value that its setting does not take. No message repeats a value.
pub fn read_settings<C: DeserializeOwned>(
    known: &[Setting],
    texts: &BTreeMap<String, Secret>,
) -> Result<C, Error> {
    let mut config = Map::new();
    for (name, text) in texts {
        let Some(setting) = known.iter().find(|setting| setting.name == name) else {
            let names: Vec<&str> = known.iter().map(|setting| setting.name).collect();
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("no setting {name:?}; known: {}", names.join(", ")),
            ));
        };
        config.insert(name.clone(), setting.value(text.expose())?);
    }
    // Without the error itself, which repeats values.
    serde_json::from_value(Value::Object(config)).map_err(|_| {
        Error::new(
            ErrorKind::InvalidRequest,
            "a setting has a value that it does not take",
        )
    })
}
