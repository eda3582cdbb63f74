use chatwire_core::Secret;
use chatwire_core::provider_kit::{Setting, SettingKind};
use serde::Deserialize;

/// The configuration of a [`MagickPen`](crate::MagickPen), apart from how it
/// speaks HTTP.
///
/// Addresses are secrets, because they may contain a password.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The site. It is required.
    pub base_url: Option<Secret>,
    /// The API, to which `/ask` is appended (default: the site).
    pub api_url: Option<Secret>,
}

/// The fields of a [`Config`] beyond `base_url`, for command lines and
/// configuration files.
pub const SETTINGS: &[Setting] = &[Setting::new(
    "api_url",
    SettingKind::Text,
    "where questions go, if not below the base URL",
)];
