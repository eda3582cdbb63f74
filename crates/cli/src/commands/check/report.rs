//! What was found, and how it is shown.

use std::time::Duration;

use chatwire::Error;
use serde::Serialize;
use tokio::time::Instant;

use crate::failure::code_of;

/// The findings about one endpoint.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) endpoint: String,
    pub(super) provider: String,
    pub(super) base_url: String,
    pub(super) ok: bool,
    pub(super) steps: Vec<Step>,
    #[serde(skip)]
    pub(super) code: u8,
}

/// One step. After a failure, no further step is taken.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) step: &'static str,
    pub(super) ok: bool,
    pub(super) milliseconds: Option<f64>,
    pub(super) detail: String,
    /// What to do about a failure.
    pub(super) advice: Option<String>,
}

/// The report on an endpoint whose provider cannot be made.
pub(super) fn not_set_up(endpoint: String, error: &Error) -> Report {
    let mut report = Report {
        endpoint,
        provider: error.provider().unwrap_or_default().to_owned(),
        base_url: String::new(),
        ok: false,
        steps: Vec::new(),
        code: code_of(error),
    };
    report.steps.push(Step {
        step: "set up",
        ok: false,
        milliseconds: None,
        detail: error.to_string(),
        advice: Some("correct it in the configuration, see `chatwire config check`".into()),
    });
    report
}

impl Report {
    pub(super) fn passed(&mut self, step: &'static str, since: Instant, detail: impl Into<String>) {
        self.steps.push(Step {
            step,
            ok: true,
            milliseconds: Some(milliseconds(since.elapsed())),
            detail: detail.into(),
            advice: None,
        });
    }

    pub(super) fn skipped(&mut self, step: &'static str, why: &str) {
        self.steps.push(Step {
            step,
            ok: true,
            milliseconds: None,
            detail: why.to_owned(),
            advice: None,
        });
    }

    pub(super) fn failed(
        &mut self,
        step: &'static str,
        since: Instant,
        detail: String,
        advice: impl Into<Option<String>>,
    ) {
        self.steps.push(Step {
            step,
            ok: false,
            milliseconds: Some(milliseconds(since.elapsed())),
            detail,
            advice: advice.into(),
        });
    }
}

pub(super) fn milliseconds(time: Duration) -> f64 {
    // Tenths of a millisecond are precise enough.
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

/// The report as a table.
pub(super) fn table(report: &Report) -> String {
    let mut text = format!(
        "{} ({}, {})\n",
        report.endpoint, report.provider, report.base_url
    );
    for step in &report.steps {
        let sign = if step.ok { "ok" } else { "FAILED" };
        let time = step
            .milliseconds
            .map_or(String::new(), |ms| format!("{ms:.1} ms"));
        text.push_str(&format!(
            "  {:<12} {sign:<7} {time:>10}  {}\n",
            step.step, step.detail
        ));
        if let Some(advice) = &step.advice {
            text.push_str(&format!("  {:<32}  {advice}\n", "what to do:"));
        }
    }
    text
}
