use std::sync::Arc;
use std::time::Duration;

use chatwire_core::{Error, ErrorKind, FinishReason};
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};
use tokio::time::Instant;

use crate::completion::Emulation;
use crate::record::Record;

/// The metrics of a gateway, in the text format of Prometheus.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    errors: IntCounterVec,
    failed_attempts: IntCounterVec,
    emulated: IntCounterVec,
    cancelled: IntCounterVec,
    in_flight: IntGaugeVec,
    buffered: IntGauge,
    first_text: HistogramVec,
    overhead: HistogramVec,
}

const FIRST_TEXT_BUCKETS: [f64; 12] = [
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0,
];
const OVERHEAD_BUCKETS: [f64; 9] = [
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.05,
];

impl Metrics {
    pub(crate) fn new() -> Result<Metrics, Error> {
        Metrics::register().map_err(|error| {
            Error::new(ErrorKind::InvalidRequest, "the metrics cannot be set up").with_source(error)
        })
    }

    fn register() -> Result<Metrics, prometheus::Error> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let histogram = |name: &str, help: &str, buckets: &[f64]| {
            let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
            let histogram = HistogramVec::new(opts, &["endpoint"])?;
            registry.register(Box::new(histogram.clone()))?;
            Ok::<_, prometheus::Error>(histogram)
        };
        let requests = counter(
            "chatwire_requests_total",
            "Requests for a completion, by endpoint and reply (stream, whole).",
            &["endpoint", "reply"],
        )?;
        let errors = counter(
            "chatwire_errors_total",
            "Requests that ended with an error, by endpoint (empty: none was chosen) and code.",
            &["endpoint", "code"],
        )?;
        let failed_attempts = counter(
            "chatwire_failed_attempts_total",
            "Attempts at an endpoint that failed before the first text, also those after which \
             another one succeeded, by endpoint and kind of error.",
            &["endpoint", "kind"],
        )?;
        let emulated = counter(
            "chatwire_emulated_questions_total",
            "Questions for replies in a form or with tools that the backend does not have, by \
             endpoint and mode (json_object, json_schema, tools).",
            &["endpoint", "mode"],
        )?;
        let cancelled = counter(
            "chatwire_cancelled_total",
            "Requests whose client went away before the end, by endpoint.",
            &["endpoint"],
        )?;
        let first_text = histogram(
            "chatwire_first_text_seconds",
            "Time from a request to the first text of its reply.",
            &FIRST_TEXT_BUCKETS,
        )?;
        let overhead = histogram(
            "chatwire_gateway_overhead_seconds",
            "Time that the gateway itself adds before the request goes out and before the \
             first text goes on.",
            &OVERHEAD_BUCKETS,
        )?;
        let in_flight = IntGaugeVec::new(
            Opts::new(
                "chatwire_in_flight",
                "Requests being answered, by endpoint.",
            ),
            &["endpoint"],
        )?;
        registry.register(Box::new(in_flight.clone()))?;
        let buffered = IntGauge::new(
            "chatwire_buffered_bytes",
            "Bytes of requests whose reply has not begun, and of replies that are not streamed.",
        )?;
        registry.register(Box::new(buffered.clone()))?;
        Ok(Metrics {
            registry,
            buffered,
            requests,
            errors,
            failed_attempts,
            emulated,
            cancelled,
            in_flight,
            first_text,
            overhead,
        })
    }

    /// Creates the series of an endpoint, as zeros, before its first request.
    pub(crate) fn announce(&self, endpoint: &str) {
        for reply in ["stream", "whole"] {
            self.requests.with_label_values(&[endpoint, reply]);
        }
        self.cancelled.with_label_values(&[endpoint]);
        self.in_flight.with_label_values(&[endpoint]);
        self.first_text.with_label_values(&[endpoint]);
        self.overhead.with_label_values(&[endpoint]);
    }

    pub(crate) fn error(&self, endpoint: &str, code: &str) {
        self.errors.with_label_values(&[endpoint, code]).inc();
    }

    pub(crate) fn attempt_failed(&self, endpoint: &str, kind: &str) {
        self.failed_attempts
            .with_label_values(&[endpoint, kind])
            .inc();
    }

    /// Writes all metrics, as a scraper reads them.
    pub(crate) fn text(&self, buffered: usize) -> Result<Vec<u8>, prometheus::Error> {
        self.buffered
            .set(i64::try_from(buffered).unwrap_or(i64::MAX));
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// A request that is being answered, for the metrics and the log. If it is
/// dropped before [`done`](InFlight::done), its client has gone away.
#[derive(Debug)]
pub(crate) struct InFlight {
    metrics: Arc<Metrics>,
    record: Record,
    endpoint: String,
    began: Instant,
    /// The questions that are counted as emulated.
    questions: u64,
    done: bool,
}

impl InFlight {
    pub(crate) fn new(
        metrics: Arc<Metrics>,
        record: Record,
        endpoint: &str,
        streamed: bool,
        began: Instant,
    ) -> InFlight {
        let reply = if streamed { "stream" } else { "whole" };
        metrics.requests.with_label_values(&[endpoint, reply]).inc();
        metrics.in_flight.with_label_values(&[endpoint]).inc();
        record.endpoint(endpoint);
        InFlight {
            metrics,
            record,
            endpoint: endpoint.to_owned(),
            began,
            questions: 0,
            done: false,
        }
    }

    /// What the log will say about the request.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// Notes that another endpoint answers than the one that was asked first.
    pub(crate) fn moved_to(&mut self, endpoint: &str) {
        if self.endpoint != endpoint {
            let gauge = &self.metrics.in_flight;
            gauge.with_label_values(&[&self.endpoint]).dec();
            gauge.with_label_values(&[endpoint]).inc();
            endpoint.clone_into(&mut self.endpoint);
            self.record.endpoint(endpoint);
        }
    }

    /// Notes that the first text has come, and from which model.
    pub(crate) fn first_text(&self, model: &str) {
        self.record.first_text();
        self.record.model(model);
        let seconds = self.began.elapsed().as_secs_f64();
        self.metrics
            .first_text
            .with_label_values(&[&self.endpoint])
            .observe(seconds);
    }

    /// Notes what the backend was made to do, and in how many questions so far.
    pub(crate) fn emulated(&mut self, emulation: Option<&Emulation>) {
        if let Some(emulation) = emulation {
            self.record.emulated(emulation);
            let labels = [self.endpoint.as_str(), emulation.mode.as_str()];
            let more = emulation.questions.saturating_sub(self.questions);
            self.questions = self.questions.saturating_add(more);
            let questions = &self.metrics.emulated;
            questions.with_label_values(&labels).inc_by(more);
        }
    }

    /// Notes why the reply is complete.
    pub(crate) fn finished(&mut self, reason: &FinishReason) {
        self.record.finished(reason);
        self.done = true;
    }

    /// Notes the time that the gateway itself took until the first text went
    /// out.
    pub(crate) fn overhead(&self, time: Duration) {
        self.metrics
            .overhead
            .with_label_values(&[&self.endpoint])
            .observe(time.as_secs_f64());
    }

    /// Notes an error that has no status of its own, because the head of the
    /// response has been sent.
    pub(crate) fn failed(&mut self, code: &'static str) {
        self.metrics.error(&self.endpoint, code);
        self.record.ended(code);
        self.done = true;
    }

    /// Notes that the reply is an error, which has a status.
    pub(crate) fn done(&mut self) {
        self.done = true;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let labels = [self.endpoint.as_str()];
        self.metrics.in_flight.with_label_values(&labels).dec();
        if !self.done {
            self.metrics.cancelled.with_label_values(&labels).inc();
        }
    }
}
