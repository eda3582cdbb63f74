use std::path::PathBuf;

use chatwire_core::provider_kit::{Setting, SettingKind};
use chatwire_core::{Error, ErrorKind, Secret};
use serde::Deserialize;

use crate::options::SessionOptions;

/// Where sessions come from, as a part of a provider's configuration.
///
/// A provider has it as a field with `#[serde(flatten)]`, and
/// [`SESSION_SETTINGS`] among its settings. Addresses are secrets, because they
/// may contain a password.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SessionConfig {
    /// The file of a browser's session; see [`SessionOptions::with_file`].
    pub session_file: Option<PathBuf>,
    /// A WebDriver server whose browser opens the site, for example
    /// `http://127.0.0.1:9515` (default: none). It and what follows need the
    /// feature `webdriver`.
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

use SettingKind::{Boolean, Integer, Path, Text};

/// The fields of a [`SessionConfig`], for command lines and configuration files.
pub const SESSION_SETTINGS: [Setting; 7] = [
    Setting::new(
        "session_file",
        Path,
        "a browser's session: kept before, cookies.txt, JSON, HAR",
    ),
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

impl SessionConfig {
    /// Adds what is configured here to the options.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for settings of a WebDriver server without
    /// one, and for one without the feature `webdriver`.
    pub fn apply(&self, mut options: SessionOptions) -> Result<SessionOptions, Error> {
        if let Some(path) = &self.session_file {
            options = options.with_file(path);
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
                None => Ok(options),
                Some((name, _)) => Err(Error::new(
                    ErrorKind::InvalidRequest,
                    format!("setting webdriver_{name} needs the setting webdriver"),
                )),
            };
        };
        self.with_browser(options, server)
    }

    #[cfg(feature = "webdriver")]
    fn with_browser(
        &self,
        options: SessionOptions,
        server: &Secret,
    ) -> Result<SessionOptions, Error> {
        let mut browser = crate::webdriver::Browser::new(server.expose());
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
        Ok(options.with_source(browser))
    }

    #[cfg(not(feature = "webdriver"))]
    fn with_browser(&self, _: SessionOptions, _: &Secret) -> Result<SessionOptions, Error> {
        Err(Error::new(
            ErrorKind::InvalidRequest,
            "setting webdriver needs the feature webdriver, which this program is built without",
        ))
    }
}
