//! Reads the body of a question as the plugin does: what of it reaches the model.

use serde_json::{Map, Value};

use super::files::Files;
use super::options::Options;
use super::php_value::{is_truthy, number, text, trim};
use super::prompt::edited;
use super::received::{AiEngineReceived, ReceivedImage};
use super::user::SiteUser;
use super::version::PluginVersion;
use super::wordpress::REJECTED;
use crate::md5_hex::md5_hex;
use crate::received_message::ReceivedMessage;

/// The system prompt of the mock's bots.
pub(crate) const DEFAULT_SYSTEM_PROMPT: &str =
    "Converse as if you were an AI assistant. Be friendly, creative.";

const DEFAULT_TEMPERATURE: f64 = 0.8;
/// How many messages of the history are forwarded, the first aside.
const MAX_MESSAGES: usize = 15;

/// Why a body is refused.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// With a status and a message, before anything is streamed.
    Rejected(u16, &'static str),
    /// Told like a fault of the model: as an event where a stream was asked for.
    Thrown(String),
    /// The plugin throws, and nothing catches it.
    Critical,
    /// An error of the query to the model.
    Failed(String),
}

/// Reads questions on one site.
pub(crate) struct Reader<'a> {
    pub(crate) options: &'a Options,
    pub(crate) files: &'a Files,
    pub(crate) user: Option<&'a SiteUser>,
    pub(crate) body: &'a Map<String, Value>,
}

impl Reader<'_> {
    /// Reads what of a valid body reaches the model.
    pub(crate) fn read(&self) -> Result<AiEngineReceived, Refusal> {
        let version = self.options.version;
        let rejected = Refusal::Rejected(403, REJECTED);
        let question = self.question()?;
        let files = self.file_ids();
        let bot = self.text("botId");
        let custom = self.text("customId");
        if bot.is_empty() && custom.is_empty() {
            return Err(rejected);
        }
        let takes_none = !files.is_empty() && version.takes_empty_question_with_file();
        // What PHP takes for empty; later versions look at the length.
        let zero = question == "0" && version < PluginVersion::V3_6_2;
        if (question.is_empty() && !takes_none) || zero || question.len() > version.max_bytes() {
            return Err(rejected);
        }
        let is_known = self.options.bots.iter().any(|known| known == bot);
        if !is_known && !version.knows_unknown_bots() {
            return Err(Refusal::Thrown(REJECTED.to_owned()));
        }
        let max_input = self.options.max_input.unwrap_or(usize::MAX);
        if version.length(&question) > max_input {
            return Err(Refusal::Thrown(REJECTED.to_owned()));
        }
        Ok(AiEngineReceived {
            system_prompt: self.system_prompt(),
            history: self.history(bot)?,
            question,
            images: files.iter().filter_map(|id| self.image(id)).collect(),
            temperature: self.temperature()?,
            max_tokens: self.max_tokens(),
            model: self.model()?,
            stream: self.body.get("stream").is_some_and(is_truthy),
        })
    }

    fn text(&self, key: &str) -> &str {
        self.body
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// What the request says, where this visitor may say it.
    fn trusted(&self, key: &str) -> Option<&Value> {
        let trusts_all = !self.options.version.trusts_owners_only();
        let is_trusted = trusts_all || self.user.is_some_and(|user| user.is_owner);
        self.body.get(key).filter(|_| is_trusted)
    }

    /// `newMessage`, or the message behind a shortcut.
    fn question(&self) -> Result<String, Refusal> {
        let question = text(self.body.get("newMessage")).ok_or(Refusal::Critical)?;
        let question = trim(&question);
        let shortcut = self.text("shortcutId");
        if shortcut.is_empty() || !question.is_empty() || !self.options.version.hides_shortcuts() {
            return Ok(question.to_owned());
        }
        let mut shortcuts = self.options.shortcuts.iter();
        match shortcuts.find(|(label, _)| shortcut_id(label) == shortcut) {
            Some((_, message)) => Ok(message.clone()),
            None => Err(Refusal::Rejected(400, "Invalid or expired shortcut.")),
        }
    }

    fn file_ids(&self) -> Vec<String> {
        let version = self.options.version;
        let several = self.body.get("newFileIds").and_then(Value::as_array);
        let several = several.filter(|ids| version.takes_several_files() && !ids.is_empty());
        if let Some(several) = several {
            let ids = several.iter().filter_map(Value::as_str);
            return ids.map(str::to_owned).collect();
        }
        match self.text(version.file_key()) {
            "" => Vec::new(),
            id => vec![id.to_owned()],
        }
    }

    /// Other files than pictures reach the model as nothing useful.
    fn image(&self, id: &str) -> Option<ReceivedImage> {
        let file = self.files.by_id(id)?;
        file.media_type
            .starts_with("image/")
            .then(|| ReceivedImage {
                media_type: file.media_type.to_owned(),
                data: file.data,
            })
    }

    fn system_prompt(&self) -> String {
        let version = self.options.version;
        let given = self.trusted(version.prompt_key()).and_then(Value::as_str);
        match given.filter(|given| !matches!(*given, "" | "0")) {
            Some(given) if version.edits_prompt() => edited(given, self.user),
            Some(given) => given.to_owned(),
            None => DEFAULT_SYSTEM_PROMPT.to_owned(),
        }
    }

    fn model(&self) -> Result<String, Refusal> {
        let version = self.options.version;
        let given = self.trusted("model").and_then(Value::as_str);
        match given.filter(|model| !model.is_empty() && version.takes_model()) {
            None => Ok(version.default_model().to_owned()),
            Some(model) if self.options.models.iter().any(|known| known == model) => {
                Ok(model.to_owned())
            }
            Some(model) => Err(Refusal::Failed(version.unknown_model(model))),
        }
    }

    fn temperature(&self) -> Result<Option<f64>, Refusal> {
        let version = self.options.version;
        let given = self.trusted("temperature");
        let Some(given) = given.filter(|value| !value.is_null() && *value != "") else {
            return Ok(Some(DEFAULT_TEMPERATURE));
        };
        if version == PluginVersion::V1_9_99 && !is_truthy(given) {
            return Ok(Some(DEFAULT_TEMPERATURE));
        }
        let given = number(given).ok_or(Refusal::Critical)?;
        let rounded = (given.clamp(0.0, 1.0) * 100.0).round() / 100.0;
        let is_left_out = version >= PluginVersion::V3_6_2 && rounded == 0.0;
        Ok((!is_left_out).then_some(rounded))
    }

    fn max_tokens(&self) -> u64 {
        let given = self.trusted("maxTokens").and_then(number);
        match given {
            Some(given) if given >= 1.0 => given as u64,
            _ => self.options.version.default_max_tokens(),
        }
    }

    fn history(&self, bot: &str) -> Result<Vec<ReceivedMessage>, Refusal> {
        let version = self.options.version;
        let strategy = self.trusted("historyStrategy").and_then(Value::as_str);
        let continued = self.trusted("previousResponseId").is_some_and(is_truthy)
            && strategy.is_none_or(|strategy| strategy == "response_id");
        if continued && version >= PluginVersion::V3_6_2 {
            return Ok(Vec::new());
        }
        let given = match self.body.get("messages") {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(given)) => given,
            Some(_) => return Err(Refusal::Critical),
        };
        let drops_system = version.drops_system_messages()
            || self
                .options
                .bots_without_system
                .iter()
                .any(|known| known == bot);
        let trusts_roles = self.trusted("messages").is_some();
        let mut messages = Vec::new();
        for entry in given {
            let Some(entry) = entry.as_object() else {
                return Err(if version >= PluginVersion::V3_6_2 {
                    Refusal::Thrown("Unsupported message type.".to_owned())
                } else {
                    Refusal::Critical
                });
            };
            let text = |key| entry.get(key).and_then(Value::as_str).unwrap_or_default();
            let role = text("role");
            let is_dropped = (drops_system && role == "system")
                || (!trusts_roles && !matches!(role, "user" | "assistant"));
            if is_dropped {
                continue;
            }
            messages.push(ReceivedMessage {
                role: role.to_owned(),
                content: match entry.get("content") {
                    Some(parts @ Value::Array(_)) => parts.to_string(),
                    _ => text("content").to_owned(),
                },
            });
        }
        // The first message and the last ones.
        let limit = self.body.get("maxMessages").and_then(number);
        let limit = limit
            .filter(|limit| *limit >= 1.0)
            .map_or(MAX_MESSAGES, |limit| limit as usize);
        if messages.len() > limit.saturating_add(1) {
            messages.drain(1..messages.len() - limit);
        }
        Ok(messages)
    }
}

/// The id that a shortcut's message hides behind.
pub(crate) fn shortcut_id(label: &str) -> String {
    md5_hex(&format!("shortcut {label}"))
}
