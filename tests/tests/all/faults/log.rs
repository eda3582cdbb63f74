//! Everything that our crates say through `tracing`, at every level.

use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, OnceLock};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

static LOG: OnceLock<()> = OnceLock::new();
static LINES: Mutex<String> = Mutex::new(String::new());

/// Begins to write everything down, once for all tests of this program.
pub(crate) fn begin() {
    LOG.get_or_init(|| tracing::subscriber::set_global_default(Log).unwrap());
}

/// All that was said so far.
pub(crate) fn lines() -> String {
    LINES.lock().unwrap().clone()
}

struct Log;

struct Line(String);

impl Line {
    fn keep(self) {
        let mut lines = LINES.lock().unwrap();
        lines.push_str(&self.0);
        lines.push('\n');
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("chatwire")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(span.metadata().name().to_owned());
        span.record(&mut line);
        line.keep();
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line(String::new());
        values.record(&mut line);
        line.keep();
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        line.keep();
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
