//! A single value: how it is read, refused and shown.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::reference::Reference;
use crate::address::REDACTED;

/// A value of the file, and how `config show` prints it. The messages for a
/// wrong one are its own instead of serde's, so that they say what is meant.
#[derive(Debug, Clone)]
pub(crate) struct Leaf<T>(pub(crate) T, pub(crate) toml::Value);

/// What can be read from a single value.
pub(crate) trait Value: Sized {
    /// What is expected, in words.
    fn expected() -> Cow<'static, str>;

    /// A JSON schema of what is expected.
    fn schema() -> serde_json::Value;

    /// The value, or `None` if something else stands there.
    fn read(found: &Found<'_>) -> Option<Self>;

    /// How `config show` prints it: as it stands in the file, unless that may be
    /// a secret.
    fn shown(&self, found: &Found<'_>) -> toml::Value {
        match found {
            Found::Reference(reference) => toml::Value::try_from(reference.shown()).ok(),
            _ if Self::SECRET => None,
            Found::Text(text) => Some((*text).into()),
            Found::Integer(number) => Some((*number).into()),
            Found::Float(number) => Some((*number).into()),
            Found::Flag(flag) => Some((*flag).into()),
            Found::List | Found::Table => None,
        }
        .unwrap_or_else(|| REDACTED.into())
    }

    /// Whether the value may be a secret: then it is neither shown nor repeated
    /// in a message.
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
        self.1.serialize(serializer)
    }
}

struct LeafVisitor<T>(PhantomData<T>);

impl<T: Value> LeafVisitor<T> {
    fn read<E: Error>(found: &Found<'_>) -> Result<Leaf<T>, E> {
        match T::read(found) {
            Some(value) => {
                let shown = value.shown(found);
                Ok(Leaf(value, shown))
            }
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
