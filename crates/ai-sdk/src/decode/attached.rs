use chatwire_core::{Error, Extra, Usage};
use serde_json::{Map, Value};

use super::failure::check;
use super::limits::Limits;
use super::usage::usage_of;
use super::utf16::without_lone_halves;

/// What comes beside the text of an answer and is handed over at its end:
/// images, the app's data, metadata.
#[derive(Debug)]
pub(crate) struct Attached {
    limits: Limits,
    images: Vec<String>,
    extras: Vec<Item>,
    metadata: Map<String, Value>,
    /// How many bytes of all that have come.
    size: usize,
    /// How many images and extras the steps before this one had.
    step: (usize, usize),
}

#[derive(Debug)]
struct Item {
    name: String,
    id: Option<String>,
    json: String,
}

/// What each thing that is kept costs besides its text, in bytes.
const AROUND: usize = 128;

/// How much larger metadata is in memory than as JSON, at most.
const PARSED: usize = 16;

impl Attached {
    pub(crate) fn new(limits: Limits) -> Attached {
        Attached {
            limits,
            images: Vec::new(),
            extras: Vec::new(),
            metadata: Map::new(),
            size: 0,
            step: (0, 0),
        }
    }

    /// A file, by its address: an image, or something for the extras.
    pub(crate) fn file(&mut self, media_type: &str, url: String) -> Result<(), Error> {
        if media_type.starts_with("image/") || url.starts_with("data:image/") {
            return self.image(url);
        }
        check("a file of the answer", url.len(), self.limits.data_url())?;
        let file = serde_json::json!({ "mediaType": media_type, "url": url });
        self.extra("file", None, &file.to_string())
    }

    fn image(&mut self, url: String) -> Result<(), Error> {
        check("a file of the answer", url.len(), self.limits.data_url())?;
        self.count(url.len())?;
        self.images.push(url);
        Ok(())
    }

    /// Data of the app, as JSON. With an id, it takes the place of what had the
    /// same name and id.
    pub(crate) fn extra(
        &mut self,
        name: &str,
        id: Option<String>,
        json: &str,
    ) -> Result<(), Error> {
        let json = without_lone_halves(json);
        self.count(json.len() + name.len() + id.as_deref().unwrap_or_default().len())?;
        let same = |item: &&mut Item| id.is_some() && item.id == id && item.name == name;
        // Among the last ones only, so that many ids cost no more than linear
        // time.
        match self.extras.iter_mut().rev().take(64).find(same) {
            Some(item) => item.json = json,
            None => self.extras.push(Item {
                name: name.to_owned(),
                id,
                json,
            }),
        }
        Ok(())
    }

    /// Items of a list that comes in several pieces.
    pub(crate) fn list(&mut self, name: &str, json: &str) -> Result<(), Error> {
        let items = json
            .trim()
            .strip_prefix('[')
            .and_then(|json| json.strip_suffix(']'));
        let Some(items) = items.map(str::trim).filter(|items| !items.is_empty()) else {
            return Ok(());
        };
        let items = without_lone_halves(items);
        self.count(items.len())?;
        match self.extras.iter_mut().find(|item| item.name == name) {
            Some(item) => {
                item.json.pop();
                item.json.push(',');
                item.json.push_str(&items);
                item.json.push(']');
            }
            None => self.extras.push(Item {
                name: name.to_owned(),
                id: None,
                json: format!("[{items}]"),
            }),
        }
        Ok(())
    }

    /// Metadata of the answer, which is merged into what has come.
    pub(crate) fn metadata(&mut self, json: &str) -> Result<(), Error> {
        self.count(json.len().saturating_mul(PARSED))?;
        if let Ok(Value::Object(more)) = serde_json::from_str(&without_lone_halves(json)) {
            merge(&mut self.metadata, more);
        }
        Ok(())
    }

    /// The step is over: it can no longer be taken back.
    pub(crate) fn end_step(&mut self) {
        self.step = (self.images.len(), self.extras.len());
    }

    /// What came in this step counts for nothing.
    pub(crate) fn reset_step(&mut self) {
        self.images.truncate(self.step.0);
        self.extras.truncate(self.step.1);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.images.is_empty() && self.extras.is_empty()
    }

    /// The images, the rest as JSON, and the tokens that the metadata counts.
    pub(crate) fn take(&mut self) -> (Vec<String>, Vec<Extra>, Option<Usage>) {
        let metadata = Value::Object(std::mem::take(&mut self.metadata));
        let usage = ["usage", "totalUsage"]
            .iter()
            .filter_map(|name| metadata.get(*name))
            .chain([&metadata])
            .find_map(usage_of);
        let mut extras: Vec<Extra> = std::mem::take(&mut self.extras)
            .into_iter()
            .map(|item| Extra::new(item.name, item.json))
            .collect();
        if metadata
            .as_object()
            .is_some_and(|members| !members.is_empty())
        {
            extras.push(Extra::new("metadata", metadata.to_string()));
        }
        (std::mem::take(&mut self.images), extras, usage)
    }

    fn count(&mut self, more: usize) -> Result<(), Error> {
        self.size = self.size.saturating_add(more).saturating_add(AROUND);
        check(
            "what comes with the answer (images, data, metadata)",
            self.size,
            self.limits.total(),
        )
    }
}

/// Merges objects as the official client does: member by member.
fn merge(into: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, value) in more {
        match (into.get_mut(&name), value) {
            (Some(Value::Object(into)), Value::Object(more)) => merge(into, more),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}
