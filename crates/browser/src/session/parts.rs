use serde::{Deserialize, Serialize};

use super::cookie::Cookie;
use super::headers::ClientHints;

/// A session as it is written, and as it is put together.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionParts {
    /// Where the browser ended.
    pub(crate) address: String,
    pub(crate) cookies: Vec<Cookie>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) languages: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_hints: Option<ClientHints>,
}
