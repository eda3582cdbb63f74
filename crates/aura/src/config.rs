use chatwire_browser::{SESSION_SETTINGS, SessionConfig};
use chatwire_core::Secret;
use chatwire_core::provider_kit::{Setting, SettingKind};
use serde::Deserialize;

/// The configuration of an [`Aura`](crate::Aura), apart from how it speaks HTTP.
///
/// Addresses are secrets, because they may contain a password.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The server, for example `http://localhost:3000`. It is required.
    pub base_url: Option<Secret>,
    /// The model that answers if a request names none. By default the server's
    /// list of models decides: `openchat_3.6` if it is there, then
    /// `gpt-3.5-turbo`, then the first. The list is fetched before the first
    /// request, and remembered.
    pub model: Option<String>,
    /// Whether ids of models that are not known here are passed on (default:
    /// yes).
    pub any_model: Option<bool>,
    /// The budget for the conversation, in tokens: the server keeps as many of
    /// the newest messages as fit, beside about 1000 tokens for its answer. It
    /// does not limit the answer. Default: what the official page sends for the
    /// model, otherwise [`DEFAULT_TOKEN_LIMIT`](crate::DEFAULT_TOKEN_LIMIT), or
    /// more if the system prompt and the question need it.
    pub token_limit: Option<u32>,
    /// A key for the server's own backend (default: none, the server has its
    /// own).
    pub key: Option<Secret>,
    /// Which body the server takes (default: that of Chatbot-UI).
    pub server: Server,
    /// Where a browser's session comes from.
    #[serde(flatten)]
    pub sessions: SessionConfig,
}

/// Which body a server takes. What it answers is found out by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Server {
    /// openchat-ui, Chatbot-UI and those that come from it: akash-chat, the
    /// chatbot-ui of LlamaEdge and others.
    #[default]
    ChatbotUi,
    /// chatbot-ollama, whose model takes one text: the conversation is sent as a
    /// [formatted prompt](chatwire_core::PromptFormat), beside the system prompt
    /// and images. It has no [`token_limit`](Config::token_limit) and no
    /// [`key`](Config::key).
    ChatbotOllama,
}

use SettingKind::{Boolean, Integer, Text};

/// The fields of a [`Config`] beyond `base_url`, for command lines and
/// configuration files.
pub const SETTINGS: &[Setting] = &[
    Setting::new(
        "token_limit",
        Integer,
        "the budget for the conversation, in tokens",
    ),
    Setting::new("model", Text, "the model that answers when none is named"),
    Setting::new(
        "any_model",
        Boolean,
        "pass on models that are not known here",
    ),
    Setting::secret("key", Text, "a key for the server's own backend"),
    Setting::new(
        "server",
        Text,
        "which one it is: chatbot-ui (default), chatbot-ollama",
    ),
    SESSION_SETTINGS[0],
    SESSION_SETTINGS[1],
    SESSION_SETTINGS[2],
    SESSION_SETTINGS[3],
    SESSION_SETTINGS[4],
    SESSION_SETTINGS[5],
    SESSION_SETTINGS[6],
];

#[cfg(test)]
mod tests {
    use super::{Config, SETTINGS};

    #[test]
    fn a_configuration_has_all_settings_and_no_others() {
        for setting in SETTINGS {
            let json = format!("{{{:?}: null}}", setting.name);
            let error = serde_json::from_str::<Config>(&json).err();
            let words = error.map(|error| error.to_string()).unwrap_or_default();
            assert!(!words.contains("unknown field"), "{words}");
        }
        let json = r#"{"token_limit": 7, "session_file": "a.json", "webdriver_timeout": 8}"#;
        let config: Config = serde_json::from_str(json).unwrap();
        assert_eq!(config.token_limit, Some(7));
        assert_eq!(config.sessions.session_file, Some("a.json".into()));
        assert_eq!(config.sessions.webdriver_timeout, Some(8));
        for wrong in ["session_fil", "webdriver_", "sessions", "tokens"] {
            let json = format!("{{{wrong:?}: null}}");
            let error = serde_json::from_str::<Config>(&json).unwrap_err();
            assert!(error.to_string().contains("unknown field"), "{error}");
        }
    }
}
