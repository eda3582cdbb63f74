//! Every recording of a real server is served to the real client, and what
//! comes out is what the bytes demand.

use chatwire::ai_sdk::AiSdk;
use chatwire::{ChatRequest, ErrorKind, IncompleteReply, ProviderExt as _, Reply};
use chatwire_mock::{Answer, MockServer};
use chatwire_tests::{Recording, all};
use serde_json::Value;

use super::differences::DIFFERENCES;
use super::reader::{Expected, Why, expected};

fn recordings() -> Vec<Recording> {
    let recordings = all("ai-sdk").expect("recordings");
    assert!(recordings.len() >= 194, "recordings are missing");
    recordings
}

/// Bodies that nobody gets who does not ask for compression.
fn is_compressed(recording: &Recording) -> bool {
    recording.response.header("content-encoding").is_some()
}

async fn ask(recording: &Recording) -> Result<Reply, IncompleteReply> {
    let answer = Answer::from_recording(&recording.json).expect("a recording");
    let server = MockServer::start().await.expect("a server");
    server.answer_always(answer);
    let provider = AiSdk::builder()
        .base_url(server.url())
        .build()
        .expect("a provider");
    provider.reply(&ChatRequest::new("Hello")).await
}

/// Whether an error of that kind tells why.
fn tells(kind: ErrorKind, why: Why) -> bool {
    use ErrorKind::{Blocked, ContextLength, Credentials, Interrupted, Protocol, RateLimited};
    use ErrorKind::{Refused, Status, Truncated};
    match why {
        Why::Status => matches!(
            kind,
            Status | Refused | RateLimited | Credentials | ContextLength
        ),
        Why::Login => kind == Credentials,
        Why::NoAnswer => matches!(kind, Blocked | Refused | Credentials),
        Why::Cut => kind == Interrupted,
        Why::Unended => kind == Truncated,
        Why::Reported => kind == Refused,
        Why::Empty => matches!(kind, Protocol | Refused),
    }
}

fn compare(recording: &Recording, got: Result<Reply, IncompleteReply>) -> Option<String> {
    let expected = expected(recording);
    let is_right = match (&expected, &got) {
        (
            Expected::Whole {
                text,
                images,
                reason,
            },
            Ok(reply),
        ) => {
            reply.text == *text
                && reply.images.len() == *images
                && reply.reason.as_str() == reason.as_str()
        }
        (Expected::Fails { text, why }, Err(failed)) => {
            failed.text == *text && tells(failed.error.kind(), *why)
        }
        _ => false,
    };
    (!is_right).then(|| {
        let got = got.map_err(|failed| (failed.text, failed.error.kind(), failed.error));
        format!(
            "{}:\n  wanted {expected:?}\n  got    {got:?}",
            recording.name
        )
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recording_gives_what_its_bytes_demand() {
    let tasks: Vec<_> = recordings()
        .into_iter()
        .filter(|recording| !is_compressed(recording))
        .map(|recording| tokio::spawn(async move { compare(&recording, ask(&recording).await) }))
        .collect();
    let mut wrong = Vec::new();
    for task in tasks {
        wrong.extend(task.await.expect("no panic"));
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// What the official client makes of a recording: a text, or an error; `None`
/// when it was not run.
fn official(recording: &Recording) -> Option<Result<String, String>> {
    let file: Value = serde_json::from_str(&recording.json).expect("JSON");
    let client = &file["official_client"];
    let text = |name: &str| client[name].as_str().map(str::to_owned);
    if client["client"].as_str()?.starts_with("not run") {
        return None;
    }
    match text("error") {
        Some(error) => Some(Err(error)),
        None => Some(Ok(text("reply").unwrap_or_default())),
    }
}

/// Where ours differs from the official client, the rule's name stands beside
/// it; and nothing stands there that does not differ.
#[test]
fn differences_from_the_official_client_have_their_reason() {
    let mut wrong = Vec::new();
    for recording in recordings()
        .iter()
        .filter(|recording| !is_compressed(recording))
    {
        let Some(official) = official(recording) else {
            continue;
        };
        let differs = match (expected(recording), &official) {
            (Expected::Whole { text, .. }, Ok(reply)) => text != *reply,
            (Expected::Fails { .. }, Err(_)) => false,
            _ => true,
        };
        let name = recording.name.as_str();
        let is_listed = DIFFERENCES.iter().any(|(listed, _)| *listed == name);
        if differs != is_listed {
            wrong.push(format!(
                "{name}: official {official:?}, ours {:?}",
                expected(recording)
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
