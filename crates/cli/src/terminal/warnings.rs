//! Warnings of the libraries, on standard error: they are told through
//! `tracing`, because no request fails for their sake.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::say::say;

/// Shows warnings from now on, unless something listens already.
pub(crate) fn show_warnings() {
    let _ = tracing::subscriber::set_global_default(Warnings);
}

/// The libraries whose warnings are for the person at the terminal.
const LIBRARIES: [&str; 3] = ["chatwire_browser", "chatwire_config", "chatwire_core"];

/// Whether this is a warning to be shown.
pub(crate) fn is_warning(metadata: &Metadata<'_>) -> bool {
    metadata.is_event()
        && *metadata.level() <= Level::WARN
        && LIBRARIES
            .iter()
            .any(|name| metadata.target().starts_with(name))
}

/// Shows a warning.
pub(crate) fn tell(event: &Event<'_>) {
    let mut message = Message(String::new());
    event.record(&mut message);
    say(&message.0);
}

struct Warnings;

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_warning(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn event(&self, event: &Event<'_>) {
        tell(event);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The words of an event.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
