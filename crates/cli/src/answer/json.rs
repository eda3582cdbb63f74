//! An answer as JSON.

use chatwire::{Error, Extra, Usage};
use serde::{Serialize, Serializer};

use crate::failure::Failure;

/// One line of `--jsonl`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Line<'a> {
    Text {
        text: &'a str,
    },
    Progress {
        kind: &'a str,
        text: &'a str,
    },
    Finish {
        text: &'a str,
        reason: &'a str,
        usage: Option<UsageJson>,
        images: &'a [String],
        #[serde(skip_serializing_if = "Extras::is_empty")]
        extras: Extras<'a>,
    },
    Error(ErrorJson<'a>),
}

/// The one object of `--json`.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Whole<'a> {
    Answer {
        provider: &'a str,
        model: &'a str,
        text: &'a str,
        reason: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        reasoning: &'a str,
        usage: Option<UsageJson>,
        images: &'a [String],
        #[serde(skip_serializing_if = "Extras::is_empty")]
        extras: Extras<'a>,
    },
    Error {
        error: ErrorJson<'a>,
        /// What had arrived of the answer.
        #[serde(skip_serializing_if = "str::is_empty")]
        text: &'a str,
    },
}

/// What the backend sent besides, by name.
#[derive(Clone, Copy)]
pub(super) struct Extras<'a>(pub(super) &'a [Extra]);

impl Extras<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Extras<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|extra| {
            // What is no JSON is shown as the text that it is.
            let value = serde_json::from_str(&extra.json)
                .unwrap_or_else(|_| serde_json::Value::from(extra.json.as_str()));
            (extra.name.as_str(), value)
        }))
    }
}

#[derive(Serialize)]
pub(super) struct UsageJson {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

#[derive(Serialize)]
pub(super) struct ErrorJson<'a> {
    kind: &'a str,
    message: String,
    status: Option<u16>,
    retry_after: Option<f64>,
}

impl From<Usage> for UsageJson {
    fn from(usage: Usage) -> UsageJson {
        UsageJson {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.total_tokens,
        }
    }
}

impl From<&Error> for ErrorJson<'_> {
    fn from(error: &Error) -> Self {
        ErrorJson {
            kind: error.kind().as_str(),
            message: error.to_string(),
            status: error.status(),
            retry_after: error.retry_after().map(|wait| wait.as_secs_f64()),
        }
    }
}

impl ErrorJson<'_> {
    /// Returns `None` for a failure after which nothing is written.
    pub(super) fn of(failure: &Failure) -> Option<Self> {
        let (kind, message) = match failure {
            Failure::Provider(error, _) => return Some(ErrorJson::from(error)),
            Failure::Usage(message) => ("invalid_request", message.clone()),
            Failure::Other(message) => ("other", message.clone()),
            Failure::Cancelled(signal) => ("cancelled", format!("stopped by {}", signal.name())),
            Failure::ClosedPipe => return None,
        };
        Some(ErrorJson {
            kind,
            message,
            status: None,
            retry_after: None,
        })
    }
}
