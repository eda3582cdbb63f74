use std::str::FromStr;

use chatwire_browser::{SESSION_SETTINGS, SessionConfig};
use chatwire_core::Secret;
use chatwire_core::provider_kit::{Setting, SettingKind};
use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::Error as ValueError;
use serde_json::{Map, Value};

use crate::decode::Protocol;

/// The settings of a client, as a configuration file has them. The methods of
/// [`AiSdkBuilder`](crate::AiSdkBuilder) say what each one means.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct Config {
    pub base_url: Option<Secret>,
    pub path: Option<String>,
    pub protocol: Option<Protocol>,
    pub body: BodyShape,
    pub extra: Members,
    pub system_prompt: SystemPrompt,
    pub model: Option<String>,
    pub chat_id: Option<String>,
    pub max_data_url: Option<usize>,
    #[serde(flatten)]
    pub sessions: SessionConfig,
}

use SettingKind::{Integer, Text};

/// The fields of a [`Config`] beyond `base_url`, for command lines and
/// configuration files.
pub const SETTINGS: &[Setting] = &[
    Setting::new("path", Text, "the path of the route (default: /api/chat)"),
    Setting::new("protocol", Text, "ui, data or text (default: found out)"),
    Setting::new(
        "body",
        Text,
        "hybrid, v3, v4, v5 or template (default: hybrid)",
    ),
    Setting::secret(
        "extra",
        Text,
        "members of the app for the body, a JSON object",
    ),
    Setting::new(
        "system_prompt",
        Text,
        "first-user, message, member:NAME or refuse (default: first-user)",
    ),
    Setting::new("model", Text, "the model to ask for when none is named"),
    Setting::new("chat_id", Text, "the id of the chat (default: a fresh one)"),
    Setting::new(
        "max_data_url",
        Integer,
        "the largest image of an answer, in bytes",
    ),
    SESSION_SETTINGS[0],
    SESSION_SETTINGS[1],
    SESSION_SETTINGS[2],
    SESSION_SETTINGS[3],
    SESSION_SETTINGS[4],
    SESSION_SETTINGS[5],
    SESSION_SETTINGS[6],
];

/// What belongs to one request, for
/// [`ChatRequest::with_option`](chatwire_core::ChatRequest::with_option).
pub const REQUEST_OPTIONS: &[Setting] = &[
    Setting::new("conversation_id", Text, "the id of the chat"),
    Setting::secret("extra", Text, "more members for the body, a JSON object"),
];

/// The shape of a request's body: which versions of the AI SDK understand it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BodyShape {
    /// What servers of all versions take: messages with id, content and parts.
    #[default]
    Hybrid,
    /// As clients of version 3 send it: role and content alone.
    V3,
    /// As clients of version 4 send it: without ids of messages.
    V4,
    /// As clients of versions 5 to 7 send it: without content.
    V5,
    /// For the ai-chatbot template: the newest message alone, since its server
    /// keeps the conversation.
    Template,
}

/// How a system prompt is sent. As text: `first-user`, `message`,
/// `member:NAME` or `refuse`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub enum SystemPrompt {
    /// As text in front of the first user message, which every server takes.
    #[default]
    FirstUser,
    /// As a message of the role `system`, which version 7 refuses by default.
    Message,
    /// As a member of the body of that name, for apps that read one.
    Member(String),
    /// Not at all: requests with a system message are refused.
    Refuse,
}

impl TryFrom<String> for SystemPrompt {
    type Error = &'static str;

    fn try_from(text: String) -> Result<SystemPrompt, &'static str> {
        match (text.as_str(), text.strip_prefix("member:")) {
            ("first-user", _) => Ok(SystemPrompt::FirstUser),
            ("message", _) => Ok(SystemPrompt::Message),
            ("refuse", _) => Ok(SystemPrompt::Refuse),
            (_, Some(name)) if !name.trim().is_empty() => {
                Ok(SystemPrompt::Member(name.trim().to_owned()))
            }
            _ => Err("must be first-user, message, member:NAME or refuse"),
        }
    }
}

/// Members of the app's own for the body: a table, or a JSON object as text.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(try_from = "Value")]
pub struct Members(pub(crate) Map<String, Value>);

impl TryFrom<Value> for Members {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Members, &'static str> {
        match value {
            Value::Object(members) => Ok(Members(members)),
            Value::String(json) => json.parse(),
            _ => Err("must be a JSON object"),
        }
    }
}

impl FromStr for Members {
    type Err = &'static str;

    fn from_str(json: &str) -> Result<Members, &'static str> {
        let members = serde_json::from_str(json).map_err(|_| "must be a JSON object")?;
        Ok(Members(members))
    }
}

/// Reads what a setting in text says as a configuration file has it.
macro_rules! from_text {
    ($($type:ty),*) => {$(
        impl FromStr for $type {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                Self::deserialize(text.into_deserializer())
            }
        }
    )*};
}
from_text!(Protocol, BodyShape, SystemPrompt);
