use std::time::Duration;

use tokio::time::Instant;

use super::config::HttpConfig;

/// When a request was begun, and until when what must have come of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    pub(super) started: Instant,
    pub(super) first_byte: Option<Instant>,
    pub(super) total: Option<Instant>,
}

impl Deadlines {
    pub(super) fn from_now(config: &HttpConfig) -> Deadlines {
        let started = Instant::now();
        let after = |limit: Option<Duration>| limit.and_then(|limit| started.checked_add(limit));
        Deadlines {
            started,
            first_byte: after(config.first_byte_timeout),
            total: after(config.total_timeout),
        }
    }

    /// Until when the head must have come.
    pub(super) fn of_head(&self) -> Option<Instant> {
        match (self.first_byte, self.total) {
            (Some(first), Some(total)) => Some(first.min(total)),
            (first, total) => first.or(total),
        }
    }
}
