//! What a server of a model API knows: its key, its models, and what reached it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::received::ApiReceived;
use super::reply::ApiReply;
use crate::memory::Memory;
use crate::server::RecordedRequest;
use crate::sync::lock;

/// The state that the protocols of model APIs share.
#[derive(Debug)]
pub(crate) struct ApiServer {
    key: Option<String>,
    models: Vec<String>,
    received: Mutex<Memory<ApiReceived>>,
    replies: AtomicU64,
}

/// The model that is listed where the builder names none.
pub(crate) const MODEL: &str = "mock-model";

impl ApiServer {
    pub(crate) fn new(key: Option<String>, models: Vec<String>) -> Self {
        Self {
            key,
            models,
            received: Mutex::default(),
            replies: AtomicU64::new(0),
        }
    }

    /// Whether the request has the key that the server demands, if it demands one. `None` if the
    /// request has no key at all.
    pub(crate) fn admits(&self, request: &RecordedRequest) -> Option<bool> {
        let Some(key) = &self.key else {
            return Some(true);
        };
        let bearer = request
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        let given = request.header("x-api-key").or(bearer)?;
        Some(given == key)
    }

    /// Whether the server has this model. One whose models were not named takes every name, as
    /// servers that people run themselves do.
    pub(crate) fn has_model(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|known| known == model)
    }

    /// The models that the server lists.
    pub(crate) fn models(&self) -> Vec<&str> {
        match self.models.is_empty() {
            true => vec![MODEL],
            false => self.models.iter().map(String::as_str).collect(),
        }
    }

    /// The number of the next reply, from 1.
    pub(crate) fn next_reply(&self) -> u64 {
        self.replies.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether a reply of this number was given.
    pub(crate) fn has_replied(&self, number: u64) -> bool {
        (1..=self.replies.load(Ordering::Relaxed)).contains(&number)
    }

    /// Takes a question that is in order, and returns the reply that the mock of this name gives
    /// to it by itself.
    pub(crate) fn take(&self, received: ApiReceived, mock: &str) -> ApiReply {
        let question = received.question();
        let reply = ApiReply::new(format!("This is the {mock} mock. You asked: {question}"));
        let size = received.size();
        lock(&self.received).push(received, size);
        reply
    }

    pub(crate) fn received(&self) -> Vec<ApiReceived> {
        lock(&self.received).to_vec()
    }
}
