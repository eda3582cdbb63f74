//! The JSON that a site sends. It is read leniently, because PHP writes a number
//! or null instead of a text.

use chatwire_core::Usage;
use serde::de::{Deserialize, Deserializer};
use serde_json::Value;

/// One event of a stream.
#[derive(serde::Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Event {
    #[serde(rename = "type", deserialize_with = "text_or_empty")]
    pub(crate) kind: String,
    #[serde(deserialize_with = "text_or_empty")]
    pub(crate) data: String,
    #[serde(deserialize_with = "text_or_empty")]
    pub(crate) subtype: String,
}

/// What the plugin, or WordPress itself, answers in JSON: a whole answer, the end
/// of one, a session, or an error.
#[derive(serde::Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) success: Option<bool>,
    #[serde(deserialize_with = "text")]
    pub(crate) reply: Option<String>,
    #[serde(deserialize_with = "text_or_empty")]
    pub(crate) message: String,
    /// The code of an error of WordPress itself.
    #[serde(deserialize_with = "text_or_empty")]
    pub(crate) code: String,
    images: Value,
    usage: Value,
    #[serde(deserialize_with = "text_or_empty")]
    pub(crate) new_token: String,
    #[serde(rename = "restNonce", deserialize_with = "text")]
    pub(crate) rest_nonce: Option<String>,
}

impl Answer {
    /// Addresses of images that came with the answer.
    pub(crate) fn images(&self) -> Vec<String> {
        let images = self.images.as_array().map(Vec::as_slice);
        images
            .unwrap_or_default()
            .iter()
            .filter_map(|image| image.as_str().or_else(|| image.get("url")?.as_str()))
            .map(str::to_owned)
            .collect()
    }

    /// The tokens counted, under the names of either OpenAI API.
    pub(crate) fn usage(&self) -> Option<Usage> {
        let count = |names: &[&str]| {
            let mut counts = names
                .iter()
                .filter_map(|name| self.usage.get(name)?.as_u64());
            counts.next()
        };
        let usage = Usage::new()
            .with_prompt_tokens(count(&["prompt_tokens", "input_tokens"]))
            .with_completion_tokens(count(&["completion_tokens", "output_tokens"]))
            .with_total_tokens(count(&["total_tokens"]));
        (usage != Usage::new()).then_some(usage)
    }
}

/// Reads a text that may be missing: null, and what cannot be read as text, is
/// none. Numbers are their digits.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        // Some sites are patched to send the payload itself, not its text.
        object @ Value::Object(_) => Some(object.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    })
}

fn text_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(text(deserializer)?.unwrap_or_default())
}
