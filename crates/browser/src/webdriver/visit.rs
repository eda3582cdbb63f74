use std::sync::Arc;
use std::time::Duration;

use chatwire_core::Secret;
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use url::Url;

/// One visit of a browser to a page: what is to be done.
pub(super) struct Visit {
    /// Whose errors are told.
    pub(super) provider: String,
    pub(super) webdriver: Secret,
    pub(super) capabilities: Map<String, Value>,
    /// The base URL, whose server the browser must end at.
    pub(super) asked: Url,
    pub(super) page: Url,
    /// What makes the page ready, besides having loaded.
    pub(super) selector: Option<String>,
    pub(super) cookie: Option<String>,
    /// The limit for everything up to the session.
    pub(super) timeout: Duration,
    /// One visit at a time.
    pub(super) turn: Arc<Mutex<()>>,
}
