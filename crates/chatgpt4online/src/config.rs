use chatwire_browser::{SESSION_SETTINGS, SessionConfig};
use chatwire_core::Secret;
use chatwire_core::provider_kit::{Setting, SettingKind};
use serde::Deserialize;

/// The configuration of a [`Chatgpt4Online`](crate::Chatgpt4Online), apart from
/// how it speaks HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The site, with its sub-directory if it is in one, for example
    /// `https://example.org/blog`. It is required, and a secret, because it may
    /// contain a password.
    pub base_url: Option<Secret>,
    /// The chatbot of the site (default: `default`). Plugins from 3.0 use the
    /// default one for an id that they do not know.
    pub bot_id: Option<String>,
    /// The custom chatbot of a page, instead of one of the site's.
    pub custom_id: Option<String>,
    /// The model to ask the site for. It needs [`trusted`](Config::trusted).
    /// Without one the site uses its own: a model is never sent unless it is
    /// named here or in [`models`](Config::models), because sites refuse those
    /// they do not have.
    pub model: Option<String>,
    /// Models that requests may name. They need [`trusted`](Config::trusted).
    pub models: Vec<String>,
    /// Whether the site lets you choose model, temperature and length limit
    /// (default: no, and requests that set them are refused). From plugin 3.6.3
    /// on, a site drops them without a word unless you may change its settings;
    /// older plugins take them from everybody. No answer tells the version.
    pub trusted: bool,
    /// How system messages reach the model.
    pub system_prompt: SystemPrompt,
    /// What becomes of a question that is longer than the site accepts.
    pub long_questions: LongQuestions,
    /// Whether the site is asked to stream (default: yes). Without, the answer
    /// comes as one piece.
    pub stream: bool,
    /// Whether the whole conversation is sent as one
    /// [formatted prompt](chatwire_core::PromptFormat) in the new message, as
    /// the original client did (default: no). Sites limit the new message to
    /// 512 characters unless set otherwise.
    pub flatten: bool,
    /// A page with the chatbot, relative to the site (default: its front page).
    /// Plugins before 2.4.4 hand out their nonce only there.
    pub nonce_page: String,
    /// Cookies of a browser that is logged in at the site, as a `Cookie` header
    /// has them. For more than cookies see [`sessions`](Config::sessions).
    pub cookie: Option<Secret>,
    /// The name of a member of the site, with an
    /// [application password](Config::application_password).
    pub user: Option<String>,
    /// An application password of that member, made in the profile at the site.
    /// It is sent over https only, or to the same machine. Both can stand in
    /// the address instead. Plugins from 2.0 to 2.4.3 hand out a member's nonce
    /// only to a login, so that they take none.
    pub application_password: Option<Secret>,
    /// Whether the headers of a desktop browser are sent, as visitors of the
    /// public site did (default: no).
    pub browser_headers: bool,
    /// Where a browser's session comes from, of a member of the site or of a
    /// person whom its firewall lets through.
    #[serde(flatten)]
    pub sessions: SessionConfig,
}

/// How system messages reach the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SystemPrompt {
    /// As the first user turn of the conversation, marked as instructions and
    /// acknowledged in one word by an assistant turn, so that roles alternate.
    /// Every version of the plugin forwards it. It comes beside the bot's own
    /// system prompt, and the model gives it the weight of a user's words.
    #[default]
    Turn,
    /// As the plugin's `instructions`, which replace the bot's own system
    /// prompt: for owners of the site, and for sites before 3.6.3. Others drop
    /// them without a word. A text that plugins would change, because it has
    /// placeholders such as `{DATE}` or HTML entities, is refused.
    Instructions,
    /// Not at all: a request with a system message is refused.
    Refuse,
}

/// What becomes of a question that is longer than the site accepts: 512
/// characters unless its owner has set another limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LongQuestions {
    /// It is refused: by the site or, once the limit is known, before anything
    /// is sent.
    #[default]
    Refuse,
    /// Its material goes into an earlier turn of the conversation, for which
    /// sites have no limit, and a short question follows: its first or last
    /// line where that is one, or otherwise a request to answer the text
    /// before.
    History,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            base_url: None,
            bot_id: None,
            custom_id: None,
            model: None,
            models: Vec::new(),
            trusted: false,
            system_prompt: SystemPrompt::default(),
            long_questions: LongQuestions::default(),
            stream: true,
            flatten: false,
            nonce_page: "/".to_owned(),
            cookie: None,
            user: None,
            application_password: None,
            browser_headers: false,
            sessions: SessionConfig::default(),
        }
    }
}

impl Config {
    /// The configured models, the default one first.
    pub(crate) fn all_models(&self) -> impl Iterator<Item = &str> {
        self.model.iter().chain(&self.models).map(String::as_str)
    }
}

use SettingKind::{Boolean, List, Text};

/// The fields of a [`Config`] beyond `base_url`, for command lines and
/// configuration files.
pub const SETTINGS: &[Setting] = &[
    Setting::new("bot_id", Text, "the chatbot of the site (default: default)"),
    Setting::new("custom_id", Text, "the custom chatbot of a page"),
    Setting::new(
        "model",
        Text,
        "the model to ask the site for; needs trusted",
    ),
    Setting::new(
        "models",
        List,
        "models that requests may name, with commas; needs trusted",
    ),
    Setting::new(
        "trusted",
        Boolean,
        "the site lets you choose model, temperature and length",
    ),
    Setting::new(
        "system_prompt",
        Text,
        "how it is sent: turn (default), instructions, refuse",
    ),
    Setting::new(
        "long_questions",
        Text,
        "what is too long: refuse (default), or history",
    ),
    Setting::new(
        "stream",
        Boolean,
        "whether the site streams (default: true)",
    ),
    Setting::new("flatten", Boolean, "send the conversation as one prompt"),
    Setting::new("nonce_page", Text, "a page with the chatbot (default: /)"),
    Setting::secret("cookie", Text, "cookies of a browser that is logged in"),
    SESSION_SETTINGS[0],
    SESSION_SETTINGS[1],
    SESSION_SETTINGS[2],
    SESSION_SETTINGS[3],
    SESSION_SETTINGS[4],
    SESSION_SETTINGS[5],
    SESSION_SETTINGS[6],
    Setting::new("user", Text, "a member of the site"),
    Setting::secret(
        "application_password",
        Text,
        "an application password of that member",
    ),
    Setting::new("browser_headers", Boolean, "send the headers of a browser"),
];

/// What belongs to one request, for
/// [`ChatRequest::with_option`](chatwire_core::ChatRequest::with_option).
pub const REQUEST_OPTIONS: &[Setting] = &[
    Setting::new(
        "conversation_id",
        Text,
        "the conversation in the site's records",
    ),
    Setting::secret(
        "session",
        Text,
        "the visitor's session in the site's records",
    ),
    Setting::new("context_id", Text, "the page that the question is about"),
    Setting::new("new_file_id", Text, "a file uploaded to the site before"),
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
        let json = r#"{"long_questions": "history", "session_file": "a.json"}"#;
        let config: Config = serde_json::from_str(json).unwrap();
        assert_eq!(config.sessions.session_file, Some("a.json".into()));
        let error = serde_json::from_str::<Config>(r#"{"bot": 1}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field"), "{error}");
    }
}
