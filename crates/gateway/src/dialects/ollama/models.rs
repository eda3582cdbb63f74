use bytes::BytesMut;
use serde::Serialize;

use super::time::rfc3339;
use crate::completion::{Completion, CompletionEnd, ReplyHead};
use crate::dialects::dialect::{ModelList, ReplyWriter};
use crate::error::ApiError;

/// The version of Ollama whose API this is. Some clients refuse older ones.
const VERSION: &str = "0.12.6";

#[derive(Serialize)]
struct List<T> {
    models: Vec<T>,
}

#[derive(Serialize)]
struct Tag<'a> {
    name: &'a str,
    model: &'a str,
    modified_at: &'a str,
    /// Its size is not known.
    size: u64,
    /// Clients take it for an id of the model, and cut it.
    digest: String,
    details: Details,
}

/// What is not known is empty.
#[derive(Serialize)]
struct Details {
    parent_model: &'static str,
    format: &'static str,
    family: &'static str,
    families: [&'static str; 1],
    parameter_size: &'static str,
    quantization_level: &'static str,
}

const DETAILS: Details = Details {
    parent_model: "",
    format: "",
    family: "chatwire",
    families: ["chatwire"],
    parameter_size: "",
    quantization_level: "",
};

/// `GET /api/tags`: all models.
pub(super) fn tags(list: &ModelList<'_>) -> Vec<u8> {
    let began = rfc3339(list.began);
    let models = list
        .ids
        .iter()
        .map(|id| Tag {
            name: id,
            model: id,
            modified_at: &began,
            size: 0,
            digest: digest(id),
            details: DETAILS,
        })
        .collect();
    json(&List { models })
}

/// `GET /api/ps`: no model is in the memory of this machine.
pub(super) fn running() -> Vec<u8> {
    json(&List::<()> { models: Vec::new() })
}

/// `GET /api/version`.
pub(super) fn version() -> Vec<u8> {
    #[derive(Serialize)]
    struct Version {
        version: &'static str,
    }

    json(&Version { version: VERSION })
}

/// 64 hexadecimal digits that are the same for the same name: FNV-1a, with four
/// beginnings.
fn digest(name: &str) -> String {
    let hash = |begin: u64| {
        name.bytes()
            .fold(0xcbf2_9ce4_8422_2325 ^ begin, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
    };
    (0..4)
        .map(|begin| format!("{:016x}", hash(begin)))
        .collect()
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // Serializing texts and numbers cannot fail.
    serde_json::to_vec(value).unwrap_or_default()
}

/// Writes the description of a model. That is never streamed.
#[derive(Debug)]
pub(super) struct ShowWriter;

#[derive(Serialize)]
struct Show<'a> {
    license: &'static str,
    modelfile: &'static str,
    parameters: &'static str,
    template: &'static str,
    details: Details,
    model_info: ModelInfo<'a>,
    capabilities: [&'static str; 1],
    modified_at: String,
}

#[derive(Serialize)]
struct ModelInfo<'a> {
    #[serde(rename = "general.architecture")]
    architecture: &'static str,
    #[serde(rename = "general.basename")]
    basename: &'a str,
}

impl ReplyWriter for ShowWriter {
    fn whole(&mut self, head: &ReplyHead, _: &Completion) -> Vec<u8> {
        json(&Show {
            license: "",
            modelfile: "",
            parameters: "",
            template: "",
            details: DETAILS,
            model_info: ModelInfo {
                architecture: "chatwire",
                basename: &head.model,
            },
            capabilities: ["completion"],
            modified_at: rfc3339(head.created),
        })
    }

    fn stream_type(&self) -> &'static str {
        "application/json"
    }

    fn keep_alive(&mut self, _: &mut BytesMut, _: &ReplyHead) {}

    fn begin(&mut self, _: &mut BytesMut, _: &ReplyHead) {}

    fn delta(&mut self, _: &mut BytesMut, _: &str) {}

    fn end(&mut self, _: &mut BytesMut, _: &CompletionEnd) {}

    fn error(&mut self, _: &mut BytesMut, _: &ReplyHead, _: &ApiError) {}
}

#[cfg(test)]
mod tests {
    use chatwire_core::FinishReason;
    use serde_json::{Value, json};

    use super::*;
    use crate::dialects::testing::{head, whole};

    fn value(body: &[u8]) -> Value {
        serde_json::from_slice(body).unwrap()
    }

    #[test]
    fn lists() {
        let ids = ["home/m".to_owned(), "gpt".to_owned()];
        let list = value(&tags(&ModelList {
            ids: &ids,
            began: 0,
        }));
        let models = list["models"].as_array().unwrap();
        assert_eq!(models.len(), 2);
        assert_eq!(models[0]["name"], "home/m");
        assert_eq!(models[0]["model"], "home/m");
        assert_eq!(models[0]["modified_at"], "1970-01-01T00:00:00Z");
        assert_eq!(models[0]["digest"].as_str().unwrap().len(), 64);
        assert_ne!(models[0]["digest"], models[1]["digest"]);
        assert_eq!(value(&running()), json!({"models": []}));
        assert_eq!(value(&version()), json!({"version": VERSION}));
        let shown = value(&ShowWriter.whole(&head(), &whole("", FinishReason::Stop)));
        assert_eq!(shown["capabilities"], json!(["completion"]));
        assert_eq!(shown["model_info"]["general.basename"], "home/m");
    }
}
