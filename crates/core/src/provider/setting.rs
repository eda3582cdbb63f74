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
    /// The path of a file. In a configuration file, a relative one is looked for
    /// in the folder of that file.
    Path,
    /// `true` or `false`.
    Boolean,
    /// A whole number from 0 to 4,294,967,295.
    Integer,
    /// Several texts, with commas between them.
    List,
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
            SettingKind::Text | SettingKind::Path => Some(text.into()),
            SettingKind::Boolean => text.parse::<bool>().ok().map(Value::from),
            SettingKind::Integer => text.parse::<u32>().ok().map(Value::from),
            SettingKind::List => {
                let items = text.split(',').map(str::trim);
                Some(items.filter(|item| !item.is_empty()).collect())
            }
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
            SettingKind::Path => "the path of a file",
            SettingKind::Boolean => "true or false",
            SettingKind::Integer => "a whole number",
            SettingKind::List => "texts with commas between them",
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
    serde_json::from_value(Value::Object(config)).map_err(|_| misfit::<C>(texts, known))
}

/// The error for texts of the right kind that the configuration does not take:
/// of those that have a value of their own, the one at fault.
fn misfit<C: DeserializeOwned>(texts: &BTreeMap<String, Secret>, known: &[Setting]) -> Error {
    let why = known.iter().find_map(|setting| {
        let text = texts.get(setting.name)?.expose();
        let value = setting.value(text).ok()?;
        let alone = Map::from_iter([(setting.name.to_owned(), value)]);
        let error = serde_json::from_value::<C>(Value::Object(alone)).err()?;
        let error = error.to_string();
        // serde repeats the value in front of what it expected.
        let expected = match error.rsplit_once("expected ") {
            Some((_, expected)) => format!("must be {expected}"),
            None => error,
        };
        Some(match expected.contains(text.trim()) {
            true => format!("setting {} has a value that it does not take", setting.name),
            false => format!("setting {} {expected}", setting.name),
        })
    });
    let why = why.unwrap_or_else(|| "settings that exclude each other".to_owned());
    Error::new(ErrorKind::InvalidRequest, why)
}
