//! Single values: what may stand there, how it is read, and how it is shown.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chatwire::Secret;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::redact::{REDACTED, shown_address};
use crate::units::{format_duration, format_size, parse_address, parse_duration, parse_size};

/// A value of the file as serde sees it: its own type instead of serde's, so
/// that messages say what is meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Leaf<T>(pub(crate) T);

/// A table of the file. Code derived by serde would read a list as a table whose
/// keys are left out.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Table<T>(T);

impl<T> Deref for Table<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Table<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TableVisitor(PhantomData))
    }
}

impl<T: Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

struct TableVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for TableVisitor<T> {
    type Value = Table<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Table<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Table)
    }
}

/// What can be read from a single value.
pub(crate) trait Value: Sized {
    /// What is expected, in words.
    fn expected() -> Cow<'static, str>;

    /// The value, or `None` if something else stands there.
    fn read(found: &Found<'_>) -> Option<Self>;

    /// How `config show` prints it.
    fn show(&self) -> toml::Value;

    /// Whether a wrong value may be a secret, and is not repeated.
    const SECRET: bool = false;
}

/// What stands in the file.
pub(crate) enum Found<'a> {
    Text(&'a str),
    Integer(i64),
    Float(f64),
    Flag(bool),
    Reference(Reference),
    List,
    Table,
}

impl Found<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Found::Text(_) => "a text",
            Found::Integer(_) => "an integer",
            Found::Float(_) => "a number",
            Found::Flag(_) => "true or false",
            Found::List => "a list",
            Found::Reference(_) | Found::Table => "a table",
        }
    }

    fn mismatch<T: Value, E: Error>(&self) -> E {
        let expected = T::expected();
        E::custom(match self {
            found if T::SECRET => format!("expected {expected}; found {}", found.kind()),
            Found::Text(text) => format!("expected {expected}, found {text:?}"),
            Found::Integer(number) if expected.contains("number") => {
                format!("expected {expected}, found {number}")
            }
            found => format!("expected {expected}, found {}", found.kind()),
        })
    }
}

impl<'de, T: Value> Deserialize<'de> for Leaf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LeafVisitor(PhantomData))
    }
}

impl<T: Value> Serialize for Leaf<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.show().serialize(serializer)
    }
}

/// Reads a time as the configuration file has it, for files with times of their
/// own: a text as for [`parse_duration`], or a number of seconds.
///
/// # Errors
///
/// Says what was expected.
pub fn deserialize_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    Leaf::<Duration>::deserialize(deserializer).map(|Leaf(time)| Some(time))
}

struct LeafVisitor<T>(PhantomData<T>);

impl<T: Value> LeafVisitor<T> {
    fn read<E: Error>(found: &Found<'_>) -> Result<Leaf<T>, E> {
        match T::read(found) {
            Some(value) => Ok(Leaf(value)),
            None => Err(found.mismatch::<T, E>()),
        }
    }
}

impl<'de, T: Value> Visitor<'de> for LeafVisitor<T> {
    type Value = Leaf<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&T::expected())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Leaf<T>, E> {
        Self::read(&Found::Text(text))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Leaf<T>, E> {
        Self::read(&Found::Integer(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Leaf<T>, E> {
        Self::read(&Found::Float(number))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Leaf<T>, E> {
        Self::read(&Found::Flag(flag))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Leaf<T>, A::Error> {
        Self::read(&Found::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Leaf<T>, A::Error> {
        // The error of a table that is no reference would name what it has.
        let reference = Reference::deserialize(MapAccessDeserializer::new(&mut map)).ok();
        match reference.filter(|reference| !reference.is_empty()) {
            Some(reference) if map.next_key::<IgnoredAny>()?.is_none() => {
                Self::read(&Found::Reference(reference))
            }
            _ => Self::read(&Found::Table),
        }
    }
}

/// Where a secret stands: `{ env = "NAME" }` or `{ file = "path" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reference {
    Env(String),
    File(PathBuf),
}

impl Reference {
    fn is_empty(&self) -> bool {
        match self {
            Reference::Env(name) => name.is_empty(),
            Reference::File(path) => path.as_os_str().is_empty(),
        }
    }

    /// The text, without white space around it. A relative path is looked for
    /// in `folder`.
    pub(crate) fn resolve(&self, folder: &Path) -> Result<Secret, String> {
        let text = match self {
            Reference::Env(name) => std::env::var(name).map_err(|_| {
                format!("the environment variable {name} is not set, or is not text")
            })?,
            Reference::File(path) => {
                let path = folder.join(path);
                std::fs::read_to_string(&path).map_err(|error| {
                    format!("the file {} cannot be read: {error}", path.display())
                })?
            }
        };
        match text.trim() {
            "" => Err("there is nothing in the variable or file".to_owned()),
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
            return Err("there is no key in the variable or file".to_owned());
        }
        Ok(keys)
    }
}

/// An API key stands elsewhere, never in the file.
impl Value for Reference {
    fn expected() -> Cow<'static, str> {
        "{ env = \"NAME\" } or { file = \"path\" }, or a list of them: keys do not stand in this \
         file"
            .into()
    }

    fn read(found: &Found<'_>) -> Option<Reference> {
        match found {
            Found::Reference(reference) => Some(reference.clone()),
            _ => None,
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::try_from(self).unwrap_or_else(|_| REDACTED.into())
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

    fn read(found: &Found<'_>) -> Option<Source> {
        match found {
            Found::Text(text) => Some(Source::Text(Secret::new(*text))),
            Found::Reference(reference) => Some(Source::Reference(reference.clone())),
            _ => None,
        }
    }

    fn show(&self) -> toml::Value {
        match self {
            Source::Text(_) => REDACTED.into(),
            Source::Reference(reference) => reference.show(),
        }
    }

    const SECRET: bool = true;
}

/// The value of an option: as above, and numbers, true and false.
#[derive(Debug, Clone)]
pub(crate) struct Plain {
    pub(crate) source: Source,
    /// What `config show` prints in place of a value that is no secret.
    pub(crate) shown: Option<toml::Value>,
}

impl Value for Plain {
    fn expected() -> Cow<'static, str> {
        "a text, a number, true or false, { env = \"NAME\" } or { file = \"path\" }".into()
    }

    fn read(found: &Found<'_>) -> Option<Plain> {
        let source = match found {
            Found::Integer(number) => Source::Text(Secret::new(number.to_string())),
            Found::Float(number) => Source::Text(Secret::new(number.to_string())),
            Found::Flag(flag) => Source::Text(Secret::new(flag.to_string())),
            other => Source::read(other)?,
        };
        Some(Plain {
            source,
            shown: None,
        })
    }

    fn show(&self) -> toml::Value {
        self.shown.clone().unwrap_or_else(|| self.source.show())
    }

    const SECRET: bool = true;
}

/// The address of a server, which can have a password in it.
#[derive(Clone)]
pub(crate) struct Address(pub(crate) String);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown_address(&self.0).fmt(f)
    }
}

impl Value for Address {
    fn expected() -> Cow<'static, str> {
        String::expected()
    }

    fn read(found: &Found<'_>) -> Option<Address> {
        String::read(found).map(Address)
    }

    fn show(&self) -> toml::Value {
        shown_address(&self.0).into()
    }

    const SECRET: bool = true;
}

/// A text that is not empty.
impl Value for String {
    fn expected() -> Cow<'static, str> {
        "a text".into()
    }

    fn read(found: &Found<'_>) -> Option<String> {
        match found {
            Found::Text(text) if !text.trim().is_empty() => Some((*text).to_owned()),
            _ => None,
        }
    }

    fn show(&self) -> toml::Value {
        self.clone().into()
    }
}

impl Value for bool {
    fn expected() -> Cow<'static, str> {
        "true or false".into()
    }

    fn read(found: &Found<'_>) -> Option<bool> {
        match found {
            Found::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    fn show(&self) -> toml::Value {
        (*self).into()
    }
}

impl Value for Duration {
    fn expected() -> Cow<'static, str> {
        "a time such as \"10s\" or \"500ms\", or a number of seconds".into()
    }

    fn read(found: &Found<'_>) -> Option<Duration> {
        match found {
            Found::Text(text) => parse_duration(text),
            Found::Integer(seconds) => Some(Duration::from_secs(u64::try_from(*seconds).ok()?)),
            Found::Float(seconds) => Duration::try_from_secs_f64(*seconds).ok(),
            _ => None,
        }
    }

    fn show(&self) -> toml::Value {
        format_duration(*self).into()
    }
}

/// A number of bytes.
impl Value for usize {
    fn expected() -> Cow<'static, str> {
        "a size such as \"4MiB\", or a number of bytes".into()
    }

    fn read(found: &Found<'_>) -> Option<usize> {
        match found {
            Found::Text(text) => parse_size(text),
            Found::Integer(bytes) => usize::try_from(*bytes).ok(),
            _ => None,
        }
    }

    fn show(&self) -> toml::Value {
        format_size(*self).into()
    }
}

/// An address to listen on.
impl Value for SocketAddr {
    fn expected() -> Cow<'static, str> {
        "an address with a port such as \"127.0.0.1:1337\"".into()
    }

    fn read(found: &Found<'_>) -> Option<SocketAddr> {
        match found {
            Found::Text(text) => parse_address(text),
            _ => None,
        }
    }

    fn show(&self) -> toml::Value {
        self.to_string().into()
    }
}

/// A limit that `"off"` removes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OrOff<T>(pub(crate) Option<T>);

impl<T: Value> Value for OrOff<T> {
    fn expected() -> Cow<'static, str> {
        format!("{}, or \"off\"", T::expected()).into()
    }

    fn read(found: &Found<'_>) -> Option<OrOff<T>> {
        match found {
            Found::Text("off") => Some(OrOff(None)),
            found => T::read(found).map(|value| OrOff(Some(value))),
        }
    }

    fn show(&self) -> toml::Value {
        self.0.as_ref().map_or_else(|| "off".into(), T::show)
    }

    const SECRET: bool = T::SECRET;
}

/// A whole number within bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count<const LEAST: u32, const MOST: u32>(pub(crate) u32);

impl<const LEAST: u32, const MOST: u32> Value for Count<LEAST, MOST> {
    fn expected() -> Cow<'static, str> {
        format!("a whole number from {LEAST} to {MOST}").into()
    }

    fn read(found: &Found<'_>) -> Option<Self> {
        let Found::Integer(number) = found else {
            return None;
        };
        let number = u32::try_from(*number).ok()?;
        (LEAST..=MOST).contains(&number).then_some(Count(number))
    }

    fn show(&self) -> toml::Value {
        i64::from(self.0).into()
    }
}

/// One of a list of texts; a single one needs no list.
#[derive(Debug, Clone)]
pub(crate) struct Item(pub(crate) String);

impl Value for Item {
    fn expected() -> Cow<'static, str> {
        "a text or a list of texts".into()
    }

    fn read(found: &Found<'_>) -> Option<Item> {
        String::read(found).map(Item)
    }

    fn show(&self) -> toml::Value {
        self.0.show()
    }
}
