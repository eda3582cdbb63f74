//! The requests that were sent and when, for `chatwire check`. They are taken from
//! the providers' traces.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::terminal::warnings;

/// The requests so far, each with the time when it was sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Requests {
    sent: Arc<Mutex<Vec<(Instant, String)>>>,
    /// What the last answer looked like.
    protocol: Arc<Mutex<Option<String>>>,
}

impl Requests {
    /// Listens from now on; once in a program.
    pub(super) fn listen() -> Requests {
        let requests = Requests::default();
        let _ = tracing::subscriber::set_global_default(requests.clone());
        requests
    }

    /// Takes what was sent since the last time.
    pub(super) fn take(&self) -> Vec<(Instant, String)> {
        std::mem::take(&mut self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Requests {
    /// Takes what the last answer looked like: its protocol and the versions of
    /// its server, where the provider tells.
    pub(super) fn take_protocol(&self) -> Option<String> {
        let mut protocol = self.protocol.lock().unwrap_or_else(PoisonError::into_inner);
        protocol.take()
    }
}

impl Subscriber for Requests {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let is_request = metadata.is_span()
            && metadata.name() == "request"
            && metadata.target().starts_with("chatwire_core::http");
        let is_protocol = metadata.is_event() && metadata.target().starts_with("chatwire_ai_sdk");
        is_request || is_protocol || warnings::is_warning(metadata)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut url = Url(None);
        attributes.record(&mut url);
        if let Url(Some(url)) = url {
            let mut all = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            all.push((Instant::now(), url));
        }
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut found = Found::default();
        event.record(&mut found);
        if let Found(Some(protocol), Some(versions)) = found {
            let mut last = self.protocol.lock().unwrap_or_else(PoisonError::into_inner);
            *last = Some(format!("{protocol}: {versions}"));
            return;
        }
        warnings::tell(event);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// What an answer looked like: its protocol, and the versions of the server.
#[derive(Default)]
struct Found(Option<String>, Option<String>);

impl Visit for Found {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "protocol" => self.0 = Some(value.to_owned()),
            "versions" => self.1 = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// The field of that name.
struct Url(Option<String>);

impl Visit for Url {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "url" {
            self.0 = Some(format!("{value:?}"));
        }
    }
}
