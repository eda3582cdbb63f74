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
    /// The model to ask the site for. Without one the site uses its own: a model
    /// is never sent unless it is named here or in
    /// [`models`](Config::models), because sites refuse those they do not have.
    pub model: Option<String>,
    /// Models that requests may name.
    pub models: Vec<String>,
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
    /// Whether the headers of a desktop browser are sent, as visitors of the
    /// public site did (default: no).
    pub browser_headers: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            base_url: None,
            bot_id: None,
            custom_id: None,
            model: None,
            models: Vec::new(),
            stream: true,
            flatten: false,
            nonce_page: "/".to_owned(),
            browser_headers: false,
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
    Setting::new("model", Text, "the model to ask the site for"),
    Setting::new("models", List, "models that requests may name, with commas"),
    Setting::new(
        "stream",
        Boolean,
        "whether the site streams (default: true)",
    ),
    Setting::new("flatten", Boolean, "send the conversation as one prompt"),
    Setting::new("nonce_page", Text, "a page with the chatbot (default: /)"),
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
