//! The JSON that a site sends: read leniently, because PHP writes a number or
//! null where one would expect a text.

use std::borrow::Cow;
use std::fmt;

use chatwire_core::Usage;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// One event of a stream.
#[derive(Deserialize)]
pub(crate) struct Event<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(crate) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) data: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) subtype: Text<'a>,
}

/// The end of an answer: the payload of an `end` event, or a whole answer in
/// JSON.
#[derive(Deserialize)]
pub(crate) struct End<'a> {
    pub(crate) success: Option<bool>,
    #[serde(borrow, default)]
    pub(crate) reply: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) message: Text<'a>,
    /// The code of an error of WordPress itself.
    #[serde(borrow, default)]
    pub(crate) code: Text<'a>,
    #[serde(default)]
    images: Value,
    #[serde(default)]
    usage: Value,
    #[serde(borrow, default)]
    pub(crate) new_token: Text<'a>,
}

impl End<'_> {
    /// Addresses of images that came with the answer.
    pub(crate) fn images(&self) -> Vec<String> {
        let images = self
            .images
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        images
            .iter()
            .filter_map(|image| image.as_str().or_else(|| image.get("url")?.as_str()))
            .map(str::to_owned)
            .collect()
    }

    /// The tokens counted, under the names of either OpenAI API.
    pub(crate) fn usage(&self) -> Option<Usage> {
        let count = |names: [&str; 2]| {
            names
                .iter()
                .find_map(|name| self.usage.get(*name)?.as_u64())
        };
        let usage = Usage::new()
            .with_prompt_tokens(count(["prompt_tokens", "input_tokens"]))
            .with_completion_tokens(count(["completion_tokens", "output_tokens"]))
            .with_total_tokens(count(["total_tokens", "total_tokens"]));
        (usage != Usage::new()).then_some(usage)
    }
}

/// A text that may be missing: null, and what cannot be read as text, is none.
/// Numbers are their digits.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Text<'a>(pub(crate) Option<Cow<'a, str>>);

impl Text<'_> {
    /// The text; empty when there is none.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text<'a>, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_unit<E>(self) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Text<'de>, A::Error> {
        while items.next_element::<de::IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Text<'de>, A::Error> {
        // Some sites are patched to send the payload itself, not its text.
        let mut object = serde_json::Map::new();
        while let Some((name, value)) = members.next_entry::<String, Value>()? {
            object.insert(name, value);
        }
        Ok(Text(Some(Cow::Owned(Value::Object(object).to_string()))))
    }
}
