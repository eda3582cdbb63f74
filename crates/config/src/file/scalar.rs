//! Texts, numbers, times, sizes and addresses.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize as _, Deserializer};
use serde_json::{Value as Json, json};

use super::leaf::{Found, Leaf, Value};
use crate::address::shown_address;
use crate::units::{parse_address, parse_duration, parse_size};

/// What `parse_duration` reads, as a regular expression.
const DURATION: &str = r"^\s*([0-9]+\.?[0-9]*|\.[0-9]+|([0-9]+(\.[0-9]+)?\s*[a-zA-Zµ]+\s*)+)\s*$";

/// What `parse_size` reads.
const SIZE: &str = r"^\s*[0-9]+(\.[0-9]+)?\s*([kKmMgGtTpPeE]i?)?[bB]?\s*$";

/// What `parse_address` reads: a port, or an address with one.
const LISTEN: &str = r"^\s*((localhost|[0-9]+(\.[0-9]+){3}|\[[0-9a-fA-F:.%]+\]):)?[0-9]{1,5}\s*$";

/// Reads a time as the configuration file has it, for files with times of their
/// own: a text as for [`parse_duration`], or a number of seconds.
///
/// # Errors
///
/// Says what was expected.
pub fn deserialize_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    Leaf::<Duration>::deserialize(deserializer).map(|Leaf(time, _)| Some(time))
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

    fn schema() -> Json {
        String::schema()
    }

    fn read(found: &Found<'_>) -> Option<Address> {
        String::read(found).map(Address)
    }

    fn shown(&self, _: &Found<'_>) -> toml::Value {
        shown_address(&self.0).into()
    }

    const SECRET: bool = true;
}

/// A text that is not empty.
impl Value for String {
    fn expected() -> Cow<'static, str> {
        "a text".into()
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "\\S" })
    }

    fn read(found: &Found<'_>) -> Option<String> {
        match found {
            Found::Text(text) if !text.trim().is_empty() => Some((*text).to_owned()),
            _ => None,
        }
    }
}

impl Value for bool {
    fn expected() -> Cow<'static, str> {
        "true or false".into()
    }

    fn schema() -> Json {
        json!({ "type": "boolean" })
    }

    fn read(found: &Found<'_>) -> Option<bool> {
        match found {
            Found::Flag(flag) => Some(*flag),
            _ => None,
        }
    }
}

impl Value for Duration {
    fn expected() -> Cow<'static, str> {
        "a time such as \"10s\" or \"500ms\", or a number of seconds".into()
    }

    fn schema() -> Json {
        json!({ "anyOf": [
            { "type": "number", "minimum": 0 },
            { "type": "string", "pattern": DURATION },
        ] })
    }

    fn read(found: &Found<'_>) -> Option<Duration> {
        match found {
            Found::Text(text) => parse_duration(text),
            Found::Integer(seconds) => Some(Duration::from_secs(u64::try_from(*seconds).ok()?)),
            Found::Float(seconds) => Duration::try_from_secs_f64(*seconds).ok(),
            _ => None,
        }
    }
}

/// A number of bytes.
impl Value for usize {
    fn expected() -> Cow<'static, str> {
        "a size such as \"4MiB\", or a number of bytes".into()
    }

    fn schema() -> Json {
        json!({ "anyOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "pattern": SIZE },
        ] })
    }

    fn read(found: &Found<'_>) -> Option<usize> {
        match found {
            Found::Text(text) => parse_size(text),
            Found::Integer(bytes) => usize::try_from(*bytes).ok(),
            _ => None,
        }
    }
}

/// An address to listen on.
impl Value for SocketAddr {
    fn expected() -> Cow<'static, str> {
        "an address with a port such as \"127.0.0.1:1337\"".into()
    }

    fn schema() -> Json {
        json!({ "anyOf": [
            { "type": "integer", "minimum": 0, "maximum": 65535 },
            { "type": "string", "pattern": LISTEN },
        ] })
    }

    fn read(found: &Found<'_>) -> Option<SocketAddr> {
        match found {
            Found::Text(text) => parse_address(text),
            // A port, as text may be one.
            Found::Integer(port) => parse_address(&port.to_string()),
            _ => None,
        }
    }
}

/// A limit that `"off"` removes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OrOff<T>(pub(crate) Option<T>);

impl<T: Value> Value for OrOff<T> {
    fn expected() -> Cow<'static, str> {
        format!("{}, or \"off\"", T::expected()).into()
    }

    fn schema() -> Json {
        json!({ "anyOf": [{ "const": "off" }, T::schema()] })
    }

    fn read(found: &Found<'_>) -> Option<OrOff<T>> {
        match found {
            Found::Text("off") => Some(OrOff(None)),
            found => T::read(found).map(|value| OrOff(Some(value))),
        }
    }

    const SECRET: bool = T::SECRET;
}

/// A choice between one word and `"off"`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Switch<W> {
    pub(crate) is_on: bool,
    word: PhantomData<W>,
}

/// The word that switches something on.
pub(crate) trait Word {
    const ON: &'static str;
}

/// Whether tokens are estimated where the backend does not count them.
pub(crate) type Usage = Switch<Estimate>;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Estimate;

impl Word for Estimate {
    const ON: &'static str = "estimate";
}

/// Whether the models of an endpoint can call tools in the gateway.
pub(crate) type Tools = Switch<Emulate>;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Emulate;

impl Word for Emulate {
    const ON: &'static str = "emulate";
}

impl<W: Word> Value for Switch<W> {
    fn expected() -> Cow<'static, str> {
        format!("\"{}\" or \"off\"", W::ON).into()
    }

    fn schema() -> Json {
        json!({ "enum": [W::ON, "off"] })
    }

    fn read(found: &Found<'_>) -> Option<Switch<W>> {
        let is_on = match found {
            Found::Text(text) if *text == W::ON => true,
            Found::Text("off") => false,
            _ => return None,
        };
        Some(Switch {
            is_on,
            word: PhantomData,
        })
    }
}

/// A whole number within bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count<const LEAST: u32, const MOST: u32>(pub(crate) u32);

impl<const LEAST: u32, const MOST: u32> Value for Count<LEAST, MOST> {
    fn expected() -> Cow<'static, str> {
        format!("a whole number from {LEAST} to {MOST}").into()
    }

    fn schema() -> Json {
        json!({ "type": "integer", "minimum": LEAST, "maximum": MOST })
    }

    fn read(found: &Found<'_>) -> Option<Self> {
        let Found::Integer(number) = found else {
            return None;
        };
        let number = u32::try_from(*number).ok()?;
        (LEAST..=MOST).contains(&number).then_some(Count(number))
    }
}

/// One of a list of texts; a single one needs no list.
#[derive(Debug, Clone)]
pub(crate) struct Item(pub(crate) String);

impl Value for Item {
    fn expected() -> Cow<'static, str> {
        "a text or a list of texts".into()
    }

    fn schema() -> Json {
        String::schema()
    }

    fn read(found: &Found<'_>) -> Option<Item> {
        String::read(found).map(Item)
    }
}
