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
pub(super) struct Requests(Arc<Mutex<Vec<(Instant, String)>>>);

impl Requests {
    /// Listens from now on; once in a program.
    pub(super) fn listen() -> Requests {
        let requests = Requests::default();
        let _ = tracing::subscriber::set_global_default(requests.clone());
        requests
    }

    /// Takes what was sent since the last time.
    pub(super) fn take(&self) -> Vec<(Instant, String)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Subscriber for Requests {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let is_request = metadata.is_span()
            && metadata.name() == "request"
            && metadata.target().starts_with("chatwire_core::http");
        is_request || warnings::is_warning(metadata)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut url = Url(None);
        attributes.record(&mut url);
        if let Url(Some(url)) = url {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.push((Instant::now(), url));
        }
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        warnings::tell(event);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
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
