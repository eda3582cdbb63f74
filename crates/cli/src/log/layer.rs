use std::io::{self, Write as _};
use std::time::SystemTime;

use tracing::span::{Attributes, Id};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::format::{Fields, json_line, text_line};
use crate::args::LogFormat;
use crate::terminal::{exact, json};

/// Writes one line to standard error for each event, and for each span that
/// begins.
#[derive(Debug)]
pub(super) struct LogLayer {
    format: LogFormat,
}

impl LogLayer {
    pub(super) fn new(format: LogFormat) -> LogLayer {
        LogLayer { format }
    }

    fn write(&self, metadata: &Metadata<'_>, fields: &Fields) {
        let now = SystemTime::now();
        let mut line = match self.format {
            LogFormat::Text => exact(&text_line(now, metadata, fields)).into_owned(),
            LogFormat::Json => json(&json_line(now, metadata, fields)).into_owned(),
        };
        line.push('\n');
        // A log that nobody can read is no reason to stop.
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.write(event.metadata(), &fields);
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut fields = Fields::named(attributes.metadata().name());
        attributes.record(&mut fields);
        self.write(attributes.metadata(), &fields);
    }
}
