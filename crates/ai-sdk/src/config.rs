use std::fmt;
use std::str::FromStr;

use chatwire_browser::{SESSION_SETTINGS, SessionConfig};
use chatwire_core::Secret;
use chatwire_core::provider_kit::{Setting, SettingKind};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::decode::Protocol;

/// The configuration of an [`AiSdk`](crate::AiSdk), apart from how it speaks
/// HTTP.
///
/// The address is a secret, because it may contain a password.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The server, for example `https://chat.example.org`. It is required. With
    /// the path of the route at its end, it is the same.
    pub base_url: Option<Secret>,
    /// The path of the route below the base URL (default:
    /// [`DEFAULT_PATH`](crate::DEFAULT_PATH)).
    pub path: Option<String>,
    /// The protocol of the answers (default: found out by their headers and
    /// first bytes).
    pub protocol: Option<Protocol>,
    /// The shape of the body of a request.
    pub body: BodyShape,
    /// Members of the app's own for the body, such as `webSearch`: many apps
    /// need one. They take the place of others of their name.
    pub extra: Members,
    /// How a system prompt is sent.
    pub system_prompt: SystemPrompt,
    /// The model to ask for if a request names none (default: the app decides).
    /// It is the member `model` of the body, for the template
    /// `selectedChatModel`; apps are free to ignore it.
    pub model: Option<String>,
    /// The id of the chat for requests without a conversation's id (default: a
    /// new one for each request).
    pub chat_id: Option<String>,
    /// The largest image or file of an answer, in bytes of its data URL
    /// (default: 8 MiB). The limit for the text of one delta is that for an
    /// event in [`HttpConfig`](chatwire_core::HttpConfig).
    pub max_data_url: Option<usize>,
    /// Where a browser's session comes from.
    #[serde(flatten)]
    pub sessions: SessionConfig,
}

use SettingKind::{Integer, Text};

/// The fields of a [`Config`] beyond `base_url`, for command lines and
/// configuration files.
pub const SETTINGS: &[Setting] = &[
    Setting::new("path", Text, "path of the route (default: /api/chat)"),
    Setting::new("protocol", Text, "ui, data or text (default: found out)"),
    Setting::new("body", Text, "hybrid (default), v3, v4, v5 or template"),
    Setting::secret("extra", Text, "members of the app's body, as JSON"),
    Setting::new("system_prompt", Text, SYSTEM_PROMPT),
    Setting::new("model", Text, "model to ask for when none is named"),
    Setting::new("chat_id", Text, "id of the chat (default: a fresh one)"),
    Setting::new("max_data_url", Integer, "largest image, in bytes"),
    SESSION_SETTINGS[0],
    SESSION_SETTINGS[1],
    SESSION_SETTINGS[2],
    SESSION_SETTINGS[3],
    SESSION_SETTINGS[4],
    SESSION_SETTINGS[5],
    SESSION_SETTINGS[6],
];

const SYSTEM_PROMPT: &str = "first-user (default), message, member:NAME or refuse";

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
/// They may contain secrets, so that `Debug` shows only their names.
#[derive(Clone, PartialEq, Default, Deserialize)]
#[serde(try_from = "Value")]
pub struct Members(pub(crate) Map<String, Value>);

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

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
