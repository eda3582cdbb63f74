//! A question to the server, which shows credentials, model and answer.

use std::time::Duration;

use chatwire::{ChatRequest, Error, ErrorKind, ProviderExt as _, TimeoutPhase};
use tokio::time::{Instant, timeout};

use super::advice::advice;
use super::report::{Report, Step, milliseconds};
use super::requests::Requests;
use crate::endpoints::Part;
use crate::failure::code_of;

/// A question with a short answer.
const QUESTION: &str = "Reply with one word: pong";
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks it and records the steps; an error is the exit code.
pub(super) async fn question(
    part: &Part,
    model: Option<&str>,
    requests: &Requests,
    report: &mut Report,
) -> Result<(), u8> {
    let _ = (requests.take(), requests.take_protocol());
    let mut request = ChatRequest::new(QUESTION);
    if let Some(model) = model {
        request = request.with_model(model);
    }
    let start = Instant::now();
    let asking = timeout(
        part.timeout.unwrap_or(PATIENCE),
        part.provider.reply(&request),
    );
    let answer = asking.await.unwrap_or_else(|_| {
        let why = "no whole answer in time; --timeout allows more";
        Err(Error::new(ErrorKind::Timeout(TimeoutPhase::Total), why).into())
    });
    // The requests before the last question are for credentials; a list of models may
    // be asked for after it, to tell why it failed.
    let mut sent = requests.take();
    let at = sent.iter().rposition(|(_, url)| is_question(url));
    let asked = at.and_then(|at| sent.drain(at..).next());
    // The list of models needs no credentials of its own.
    sent.retain(|(_, url)| !url.ends_with("/api/models"));
    match (&asked, sent.is_empty()) {
        (None, _) => {}
        (Some(_), true) => report.skipped("credentials", "none are needed"),
        (Some((when, _)), false) => report.steps.push(Step {
            step: "credentials",
            ok: true,
            milliseconds: Some(milliseconds(when.duration_since(start))),
            detail: format!("{} request(s)", sent.len()),
            advice: None,
        }),
    }
    let since = asked.as_ref().map_or(start, |(when, _)| *when);
    match answer {
        Ok(reply) => {
            let begin: String = reply.text.chars().take(40).collect();
            report.passed("question", since, format!("answered: {begin:?}"));
            if let Some(found) = requests.take_protocol() {
                report.skipped("protocol", &found);
            }
            Ok(())
        }
        Err(failed) => {
            let error = failed.error;
            let step = if asked.is_some() && error.kind() != ErrorKind::Credentials {
                "question"
            } else {
                "credentials"
            };
            if step == "credentials" {
                report.steps.retain(|done| done.step != step);
            }
            let advice = advice(part, &error);
            report.failed(step, since, error.to_string(), advice);
            Err(code_of(&error))
        }
    }
}

fn is_question(url: &str) -> bool {
    ["/ask", "/api/chat", "/chats/submit", "/index.php", "/"]
        .iter()
        .any(|end| url.ends_with(end))
}
