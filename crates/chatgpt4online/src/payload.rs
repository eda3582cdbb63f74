//! The JSON that a site sends. It is read leniently, because PHP writes a number
//! or null instead of a text.

use chatwire_core::provider_kit::refusal::plain_text;
use chatwire_core::{Extra, Usage};
use serde::de::{Deserialize, Deserializer};
use serde_json::Value;

/// One event of a stream.
#[derive(serde::Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Event {
    #[serde(rename = "type", deserialize_with = "text_or_empty")]
    pub(crate) kind: String,
    pub(crate) data: Data,
    #[serde(deserialize_with = "text_or_empty")]
    pub(crate) subtype: String,
    /// A limit of the site is used up, from plugin 3.6.3.
    #[serde(rename = "overLimit", deserialize_with = "flag")]
    pub(crate) over_limit: Option<bool>,
}

/// What the plugin, or WordPress itself, answers in JSON: a whole answer, the end
/// of one, a session, or an error.
#[derive(serde::Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Answer {
    #[serde(deserialize_with = "flag")]
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
    #[serde(rename = "sessionId", deserialize_with = "text_or_empty")]
    pub(crate) session_id: String,
    /// A limit of the site is used up, from plugin 3.6.3.
    #[serde(rename = "overLimit", deserialize_with = "flag")]
    pub(crate) over_limit: Option<bool>,
    #[serde(rename = "responseId", deserialize_with = "text_or_empty")]
    response_id: String,
    actions: Value,
    shortcuts: Value,
    blocks: Value,
    approval: Value,
    #[serde(rename = "resetResponseId")]
    reset_response_id: Value,
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

    /// What the site sent besides, without what is empty.
    pub(crate) fn extras(&self) -> impl Iterator<Item = Extra> {
        let all = [
            ("actions", &self.actions),
            ("shortcuts", &self.shortcuts),
            ("blocks", &self.blocks),
            ("approval", &self.approval),
            ("resetResponseId", &self.reset_response_id),
        ];
        let sent = all.into_iter().filter(|(_, value)| !is_nothing(value));
        sent.map(|(name, value)| Extra::new(name, value.to_string()))
    }

    /// The functions that the bot wants the visitor's browser to run.
    pub(crate) fn functions(&self) -> Vec<&str> {
        let names = data_of(&self.actions).map(|data| data.get("name").and_then(Value::as_str));
        names.flatten().collect()
    }

    /// What a page shows where there is no text: the content of the blocks, and
    /// the labels of the shortcuts, each on a line.
    pub(crate) fn shown(&self) -> Option<String> {
        let text = |data: &Value, name: &str| data.get(name)?.as_str().map(plain_text);
        let blocks = data_of(&self.blocks).filter_map(|data| text(data, "html"));
        let shortcuts = data_of(&self.shortcuts)
            .filter_map(|data| text(data, "label").map(|label| format!("[{label}]")));
        let lines: Vec<String> = blocks.chain(shortcuts).collect();
        Some(lines.join("\n")).filter(|text| !text.trim().is_empty())
    }

    /// Whether the stream of the site's model probably broke off, although the
    /// site calls the answer a success: OpenAI's Responses API counts tokens at
    /// the end of each stream, and the site had to estimate them. With other
    /// APIs it always may have to.
    pub(crate) fn is_doubtful(&self) -> bool {
        let accuracy = self.usage.get("accuracy").and_then(Value::as_str);
        accuracy == Some("estimated") && self.response_id.starts_with("resp_")
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

/// The data of the entries of a list such as `shortcuts`.
fn data_of(list: &Value) -> impl Iterator<Item = &Value> {
    let entries = list.as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(|entry| entry.get("data"))
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is_set) => !is_set,
        Value::String(text) => text.is_empty(),
        Value::Array(entries) => entries.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Number(_) => false,
    }
}

/// The data of an event.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Data {
    /// The text; of an object its JSON, because some sites are patched to send
    /// the payload of the end itself, not its text.
    pub(crate) text: String,
    pub(crate) is_object: bool,
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Data, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let is_object = value.is_object();
        let text = match is_object {
            true => value.to_string(),
            false => text_of(value).unwrap_or_default(),
        };
        Ok(Data { text, is_object })
    }
}

/// Reads yes, no, or nothing known: plugins and filters of sites write `true`,
/// `1` and `"1"`.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(flag) => Some(flag),
        Value::Number(number) => number.as_f64().map(|number| number != 0.0),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" => Some(true),
            "" | "0" | "false" | "no" => Some(false),
            _ => None,
        },
        _ => None,
    })
}

/// The text of a value: null, and what is no text, is none. Numbers are their
/// digits.
fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Reads a text that may be missing.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(text_of(Value::deserialize(deserializer)?))
}

pub(crate) fn text_or_empty<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    Ok(text(deserializer)?.unwrap_or_default())
}
