//! Every fault that a mock's answer can have, through every dialect.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chatwire::ErrorKind;
use chatwire_mock::Gate;
use futures::StreamExt as _;
use futures::future::join_all;

use super::super::run::{Cell, Scene, limits, strike};
use super::super::table;
use super::super::want::{Text, Want};
use super::client::{Answer, gateway, post};
use super::form::{FORMS, Form, Outcome};

/// How many faults are tried at once.
const AT_ONCE: usize = 8;

/// Every fault meets twelve requests at once, so that floods take their time: no
/// limit but those of the faults themselves may end them.
const LONG: Duration = Duration::from_secs(900);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_fault_through_every_dialect() {
    let is_answer = |cell: &Cell| matches!(cell.scene, Scene::Answer(..)) && cell.place.is_chat();
    let cells: Vec<Cell> = table::cells().into_iter().filter(is_answer).collect();
    let count = cells.len();
    let mut failures: Vec<String> = futures::stream::iter(cells)
        .map(|cell| async move {
            let name = cell.name();
            match tokio::spawn(check(cell)).await {
                Ok(wrong) => wrong.iter().map(|why| format!("{name}: {why}")).collect(),
                Err(panic) => vec![format!("{name}: {panic}")],
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<Vec<String>>>()
        .await
        .concat();
    failures.sort();
    assert!(
        failures.is_empty(),
        "{} wrong in {count} faults:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(count >= 200, "{count} faults");
}

/// Asks in every dialect, streamed and not, and returns what is wrong.
async fn check(cell: Cell) -> Vec<String> {
    let Scene::Answer(respond, change) = cell.scene else {
        return Vec::new();
    };
    let gate = Gate::new();
    let mock = cell.place.mock().await;
    strike(&mock, cell.place, move |asked| respond(asked), &gate);
    let limits = limits()
        .with_first_byte_timeout(LONG)
        .with_idle_timeout(LONG);
    let address = gateway(cell.place.client(&mock.url(), change(limits))).await;
    // The gate opens when all streams have the text that comes before the fault.
    let waiting = Arc::new(AtomicUsize::new(FORMS.len()));
    if cell.want.text_len() == 0 {
        gate.open();
    }
    let asked = FORMS.iter().map(|form| {
        let (gate, want, waiting) = (gate.clone(), cell.want.clone(), waiting.clone());
        async move {
            let question = form.body("home", false);
            let whole = post(address, form.path, &question, |_| {});
            let stream = ask_streamed(address, form, &want, &gate, &waiting);
            let (whole, stream) = tokio::join!(whole, stream);
            let wrong = [
                check_whole(form, &want, &whole),
                check_streamed(form, &want, &stream),
            ];
            let named = |why: String| format!("{}: {why}", form.path);
            wrong
                .into_iter()
                .flatten()
                .map(named)
                .collect::<Vec<String>>()
        }
    });
    join_all(asked).await.concat()
}

async fn ask_streamed(
    address: SocketAddr,
    form: &Form,
    want: &Want,
    gate: &Gate,
    waiting: &AtomicUsize,
) -> Answer {
    let mut is_waiting = true;
    let mut arrived = || {
        if std::mem::take(&mut is_waiting) && waiting.fetch_sub(1, Ordering::SeqCst) == 1 {
            gate.open();
        }
    };
    let answer = post(address, form.path, &form.body("home", true), |body| {
        if form.streamed_text(body).len() >= want.text_len() {
            arrived();
        }
    })
    .await;
    arrived();
    answer
}

fn check_whole(form: &Form, want: &Want, answer: &Answer) -> Option<String> {
    let Some(kind) = want.kind else {
        let text = match &want.text {
            Text::Exactly(text) => text.as_str(),
            Text::Repeated(..) => return Some("a flood that is whole".into()),
        };
        let right = answer.status == 200 && (form.text)(&answer.json()) == Some(text);
        return (!right).then(|| format!("wanted {text:?}: {}", shown(answer)));
    };
    let expected = statuses(kind, want);
    let right = expected.contains(&answer.status) && (form.is_error)(&answer.json());
    (!right).then(|| format!("wanted an error of {expected:?}: {}", shown(answer)))
}

fn check_streamed(form: &Form, want: &Want, answer: &Answer) -> Option<String> {
    let outcome = || form.outcome(&answer.body);
    let right = match (want.kind, &want.text) {
        (None, _) => answer.status == 200 && outcome() == Outcome::Complete,
        (Some(kind), Text::Exactly(text)) if text.is_empty() => {
            statuses(kind, want).contains(&answer.status) && (form.is_error)(&answer.json())
        }
        (Some(_), Text::Exactly(text)) => {
            answer.status == 200
                && form.streamed_text(&answer.body) == *text
                && outcome() == Outcome::Failed
        }
        // Text may have come before, or not.
        (Some(_), Text::Repeated(..)) if answer.status == 200 => outcome() == Outcome::Failed,
        (Some(_), Text::Repeated(..)) => (form.is_error)(&answer.json()),
    };
    (!right).then(|| format!("streamed, wanted {want:?}: {}", shown(answer)))
}

/// The statuses that an error may have before the first text.
fn statuses(kind: ErrorKind, want: &Want) -> &'static [u16] {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::ContextLength => &[400],
        ErrorKind::UnsupportedModel => &[404],
        ErrorKind::RateLimited => &[429],
        ErrorKind::Timeout(_) => &[504],
        ErrorKind::Refused if want.status != Some(200) => &[400, 502],
        _ => &[502],
    }
}

fn shown(answer: &Answer) -> String {
    let start: String = answer.body.chars().take(300).collect();
    format!("{} {start:?}", answer.status)
}
