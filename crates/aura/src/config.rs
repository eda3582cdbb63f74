use std::path::PathBuf;

use chatwire_browser::SessionOptions;
use chatwire_core::provider_kit::{Setting, SettingKind};
use chatwire_core::{Error, ErrorKind, Secret};
use serde::Deserialize;

/// The configuration of an [`Aura`](crate::Aura), apart from how it speaks HTTP.
///
/// Addresses are secrets, because they may contain a password. The `webdriver`
/// fields need the feature of that name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The server, for example `http://localhost:3000`. It is required.
    pub base_url: Option<Secret>,
    /// The model that answers if a request names none (default:
    /// `openchat_3.6`).
    pub model: Option<String>,
    /// Whether ids of models that are not known here are passed on (default:
    /// yes).
    pub any_model: Option<bool>,
    /// The budget for the conversation, in tokens: the server keeps as many of
    /// the newest messages as fit, beside about 1000 tokens for its answer. It
    /// does not limit the answer. Default:
    /// [`DEFAULT_TOKEN_LIMIT`](crate::DEFAULT_TOKEN_LIMIT), or more if the
    /// system prompt and the question need it.
    pub token_limit: Option<u32>,
    /// A key for the server's own backend (default: none, the server has its
    /// own).
    pub key: Option<Secret>,
    /// The file of a browser's session; see [`SessionOptions::with_file`].
    pub session_file: Option<PathBuf>,
    /// A WebDriver server whose browser opens the site, for example
    /// `http://127.0.0.1:9515` (default: none).
    pub webdriver: Option<Secret>,
    /// The page that the browser opens (default: the base URL).
    pub webdriver_page: Option<Secret>,
    /// What the browser waits for: a CSS selector, or `cookie:NAME`.
    pub webdriver_ready: Option<String>,
    /// How long the browser may take, in seconds (default: 60).
    pub webdriver_timeout: Option<u32>,
    /// Whether the browser has no window (default: it has one).
    pub webdriver_headless: Option<bool>,
    /// Further WebDriver capabilities, as a JSON object. They may contain the
    /// password of a proxy.
    pub webdriver_capabilities: Option<Secret>,
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
    Setting::new("session_file", Text, "where the browser's session is kept"),
    Setting::new(
        "webdriver",
        Text,
        "a WebDriver server whose browser opens the site",
    ),
    Setting::new(
        "webdriver_page",
        Text,
        "the page it opens (default: the base URL)",
    ),
    Setting::new(
        "webdriver_ready",
        Text,
        "what it waits for: a CSS selector, or cookie:NAME",
    ),
    Setting::new(
        "webdriver_timeout",
        Integer,
        "how long, in seconds (default: 60)",
    ),
    Setting::new("webdriver_headless", Boolean, "whether it has no window"),
    Setting::secret(
        "webdriver_capabilities",
        Text,
        "WebDriver capabilities, as a JSON object",
    ),
];

impl Config {
    /// Adds the sources of sessions that are configured here.
    pub(crate) fn sessions(&self, mut sessions: SessionOptions) -> Result<SessionOptions, Error> {
        if let Some(path) = &self.session_file {
            sessions = sessions.with_file(path);
        }
        let Some(server) = &self.webdriver else {
            let others = [
                ("page", self.webdriver_page.is_some()),
                ("ready", self.webdriver_ready.is_some()),
                ("timeout", self.webdriver_timeout.is_some()),
                ("headless", self.webdriver_headless.is_some()),
                ("capabilities", self.webdriver_capabilities.is_some()),
            ];
            return match others.iter().find(|(_, is_set)| *is_set) {
                None => Ok(sessions),
                Some((name, _)) => Err(Error::new(
                    ErrorKind::InvalidRequest,
                    format!("setting webdriver_{name} needs the setting webdriver"),
                )),
            };
        };
        self.with_browser(sessions, server)
    }

    #[cfg(feature = "webdriver")]
    fn with_browser(
        &self,
        sessions: SessionOptions,
        server: &Secret,
    ) -> Result<SessionOptions, Error> {
        let mut browser = chatwire_browser::Browser::new(server.expose());
        if let Some(page) = &self.webdriver_page {
            browser = browser.page(page.expose());
        }
        if let Some(condition) = &self.webdriver_ready {
            browser = browser.ready(condition);
        }
        if let Some(seconds) = self.webdriver_timeout {
            browser = browser.timeout(std::time::Duration::from_secs(seconds.into()));
        }
        if let Some(json) = &self.webdriver_capabilities {
            browser = browser.capabilities(json.expose());
        }
        browser = browser.headless(self.webdriver_headless.unwrap_or_default());
        Ok(sessions.with_source(browser))
    }

    #[cfg(not(feature = "webdriver"))]
    fn with_browser(&self, _: SessionOptions, _: &Secret) -> Result<SessionOptions, Error> {
        Err(Error::new(
            ErrorKind::InvalidRequest,
            "setting webdriver needs the feature webdriver, which this program is built without",
        ))
    }
}
