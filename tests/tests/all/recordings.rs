//! Every recording of a real server is served to the real client, and what
//! comes out is what the recording itself demands: the text that a visitor of
//! the site sees, or the error. New files need no new code.

use std::sync::LazyLock;
use std::time::Duration;

use chatwire::HttpConfig;
use chatwire::aura::Aura;
use chatwire::chatgpt4online::Chatgpt4Online;
use chatwire::{
    ChatRequest, ErrorKind, IncompleteReply, Provider, ProviderExt, Reply, TimeoutPhase,
};
use chatwire_mock::{Answer, MockServer};
use chatwire_tests::{Ended, Recording, all};

/// What must come out.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// A whole answer, with its text.
    Reply(String),
    /// An error, with the text that came before it. The message must contain
    /// the words, if there are any.
    Error {
        kind: ErrorKind,
        text: String,
        words: String,
    },
}

fn error(kind: ErrorKind, text: &str, words: &str) -> Outcome {
    Outcome::Error {
        kind,
        text: text.to_owned(),
        words: words.to_owned(),
    }
}

/// Where the plugin's own client does not show what is there, and why ours
/// does.
const BETTER_THAN_OFFICIAL: &[(&str, &str, &str)] = &[
    (
        "notice_early_nonstream",
        "one two three four five six",
        "warnings of PHP stand before a whole JSON reply; the reply is there and counts",
    ),
    (
        "ob_gzhandler_stream",
        "one two three four five six",
        "claims gzip and is not, after its first piece; the end mark has the whole reply",
    ),
];

/// What only a browser can do: the data for it is the whole answer.
const ONLY_A_BROWSER: &[(&str, &str)] = &[(
    "js_function_empty_reply",
    "the bot wants a function of the page to be called, and says nothing",
)];

/// Recordings of requests that are no questions, and where they are tested.
const NO_QUESTIONS: &[(&str, &str)] = &[
    ("upload_no_purpose", "the mock against the real site"),
    ("vision_upload_browser", "the mock against the real site"),
    (
        "public_api_simpleChatbotQuery",
        "no client of ours asks the public API, which needs an owner's token",
    ),
];

/// The official client's own words for what it cannot use.
const OFFICIAL_GIVES_UP: &[&str] = &[
    "Could not parse the buffer.",
    "Could not parse the regular response.",
];

const OFFICIAL_SESSION_EXPIRED: &str =
    "Your session has expired. Please refresh the page to continue using AI Engine.";

/// What must come out for an answer to a question to AI Engine.
fn submit_outcome(recording: &Recording) -> Outcome {
    let name = recording.name.as_str();
    if let Some((_, reply, _)) = BETTER_THAN_OFFICIAL.iter().find(|row| row.0 == name) {
        return Outcome::Reply((*reply).to_owned());
    }
    if ONLY_A_BROWSER.iter().any(|row| row.0 == name) {
        return Outcome::Reply(String::new());
    }
    let response = &recording.response;
    let body = String::from_utf8_lossy(&response.body()).into_owned();
    let Some(official) = &recording.official else {
        return Outcome::Reply(authoritative(&body).expect("an end"));
    };
    match official {
        Ok(reply) if reply.is_empty() => error(ErrorKind::Protocol, "", "empty"),
        Ok(reply) => Outcome::Reply(reply.clone()),
        Err(words) if words == OFFICIAL_SESSION_EXPIRED => error(ErrorKind::Credentials, "", ""),
        Err(words) if words.starts_with("network error") => {
            error(ErrorKind::Interrupted, &streamed(&body), "")
        }
        Err(words) if OFFICIAL_GIVES_UP.contains(&words.as_str()) => {
            match (response.status, body.contains("data: ")) {
                (200, true) => error(ErrorKind::Truncated, &streamed(&body), ""),
                (200, false) => error(ErrorKind::Blocked, "", ""),
                (status, _) => error(ErrorKind::Status, "", &status.to_string()),
            }
        }
        Err(words) => {
            let words = chatwire_core::provider_kit::refusal::plain_text(words);
            let kind = chatwire_core::provider_kit::refusal::kind_from_words(&words)
                .filter(|kind| *kind != ErrorKind::Credentials)
                .unwrap_or(ErrorKind::Refused);
            error(kind, &streamed(&body), &words)
        }
    }
}

/// The texts of a body, read the plain way.
fn streamed(body: &str) -> String {
    body.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter_map(|data| serde_json::from_str::<serde_json::Value>(data).ok())
        .filter(|event| event["type"] == "live" && event["subtype"].is_null())
        .map(|event| event["data"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The reply in the last event of a body.
fn authoritative(body: &str) -> Option<String> {
    let mut events = body.lines().filter_map(|line| line.strip_prefix("data: "));
    let event: serde_json::Value = serde_json::from_str(events.next_back()?).ok()?;
    let end: serde_json::Value = serde_json::from_str(event["data"].as_str()?).ok()?;
    Some(end["reply"].as_str()?.to_owned())
}

/// What must come out when this is how a session begins: the answer of a site
/// that is otherwise well.
fn session_outcome(recording: &Recording) -> Outcome {
    let response = &recording.response;
    let body = String::from_utf8_lossy(&response.body()).into_owned();
    let is_page = response
        .header("content-type")
        .is_none_or(|kind| kind.starts_with("text/html"));
    match response.status {
        200 if !is_page => Outcome::Reply("fine".to_owned()),
        // Older plugins: the site is asked without a nonce, as it needs none.
        404 if body.contains("rest_no_route") => Outcome::Reply("fine".to_owned()),
        200 | 404 if is_page => error(ErrorKind::Blocked, "", "REST API"),
        // Neither a page nor JSON: the answer to a HEAD has no body.
        404 => error(ErrorKind::Credentials, "", "nonce"),
        401 | 403 => error(ErrorKind::Credentials, "", ""),
        status => error(ErrorKind::Status, "", &status.to_string()),
    }
}

/// A site whose plugin does not start sessions yet, for the recordings of one:
/// what it wants is left to the client to find out.
struct OldSite {
    /// What it answers to a request for a session.
    session: Answer,
    /// Its front page, with the chatbot.
    page: &'static str,
    /// What its questions must carry.
    nonce: Option<&'static str>,
}

impl OldSite {
    fn of(recording: &Recording) -> Option<OldSite> {
        let version = recording.name.split('_').next()?;
        // 2.3.5 was asked with this nonce, which stood in its page; 1.9.99 had
        // none there.
        let (page, nonce) = match version {
            "v235" => (
                r#"<!DOCTYPE html><body><div class='mwai-chatbot-container' data-system='{&quot;botId&quot;:&quot;default&quot;,&quot;restNonce&quot;:&quot;1291618659&quot;}'></div>"#,
                Some("1291618659"),
            ),
            "v199" => (
                r#"<!DOCTYPE html><body><div class='mwai-chatbot-container' data-system='{&quot;botId&quot;:&quot;default&quot;,&quot;restNonce&quot;:null}'></div>"#,
                None,
            ),
            _ => return None,
        };
        static ALL: LazyLock<Vec<Recording>> =
            LazyLock::new(|| all("ai-engine").expect("recordings"));
        let session = format!("{version}_start_session");
        let session = ALL.iter().find(|other| other.name == session)?;
        Some(OldSite {
            session: Answer::from_recording(&session.json).expect("a recording"),
            page,
            nonce,
        })
    }
}

/// The part of an address that stands before the route.
fn rest_root(target: &str) -> &str {
    target.split("mwai").next().unwrap_or_default()
}

async fn ai_engine(recording: &Recording) -> (Outcome, Result<Reply, IncompleteReply>) {
    let answer = Answer::from_recording(&recording.json).expect("a recording");
    let is_session = recording.path.contains("start_session");
    let old = OldSite::of(recording).filter(|_| !is_session);
    let nonce = old.as_ref().map(|old| old.nonce);
    let root = rest_root(&recording.path).to_owned();
    let server = MockServer::start().await.expect("a server");
    server.answer_with(move |request| {
        let asks_session = request.target.contains("start_session");
        Some(match (&old, request.method.as_str()) {
            (_, "POST") if asks_session == is_session => answer.clone(),
            // The API is where the recording has it, and an ordinary page
            // answers elsewhere.
            (Some(old), "POST") if rest_root(&request.target) == root => old.session.clone(),
            (Some(old), _) => Answer::html(200, old.page),
            (None, _) if asks_session => {
                Answer::json(r#"{"success":true,"sessionId":"s","restNonce":"cbf23cc13b"}"#)
            }
            (None, "POST") => Answer::json(r#"{"success":true,"reply":"fine"}"#),
            (None, _) => Answer::status(404),
        })
    });
    let stream = recording.request["stream"].as_bool().unwrap_or(true);
    let provider = Chatgpt4Online::builder()
        .base_url(server.url())
        .stream(stream)
        .build()
        .expect("a provider");
    let reply = provider.reply(&ChatRequest::new("Hello")).await;
    if let Some(nonce) = nonce {
        let name = &recording.name;
        let asked = server.requests().pop().expect("a question");
        assert_eq!(asked.target, recording.path, "{name}");
        assert_eq!(asked.header("x-wp-nonce"), nonce, "{name}");
    }
    let outcome = if is_session {
        session_outcome(recording)
    } else {
        submit_outcome(recording)
    };
    (outcome, reply)
}

/// What must come out for an answer of a Chatbot-UI server.
fn chat_outcome(recording: &Recording) -> Outcome {
    let response = &recording.response;
    let text = String::from_utf8_lossy(&response.body()).into_owned();
    match (response.status, response.ended) {
        (200, Ended::Clean) if text.is_empty() => error(ErrorKind::Protocol, "", "empty"),
        (200, Ended::Clean) => Outcome::Reply(text),
        (200, Ended::Timeout) => error(ErrorKind::Timeout(TimeoutPhase::Idle), &text, ""),
        (200, _) => error(ErrorKind::Interrupted, &text, ""),
        (status, _) if response.reason == "Internal Server Error" => {
            error(ErrorKind::Status, "", &status.to_string())
        }
        _ if response.reason.is_ascii() => {
            let kind = chatwire_core::provider_kit::refusal::kind_from_words(&response.reason);
            error(kind.unwrap_or(ErrorKind::Refused), "", &response.reason)
        }
        // The HTTP parser drops a reason that is not ASCII.
        _ => error(ErrorKind::Refused, "", "cannot be read"),
    }
}

async fn chatbot_ui(recording: &Recording) -> (Outcome, Result<Reply, IncompleteReply>) {
    let answer = Answer::from_recording(&recording.json).expect("a recording");
    let server = MockServer::start().await.expect("a server");
    server.answer_always(answer);
    // Only what ends in silence waits for the limit.
    let idle = match recording.response.ended {
        Ended::Timeout | Ended::AbortedByClient => Duration::from_secs(2),
        _ => Duration::from_secs(60),
    };
    let provider = Aura::builder()
        .base_url(server.url())
        .http(HttpConfig::new().with_idle_timeout(idle))
        .build()
        .expect("a provider");
    if recording.path == "/api/models" {
        let reply = match provider.models().await {
            Ok(models) => Ok(Reply::new(format!("{:?}", ids(models)))),
            Err(error) => Err(error.into()),
        };
        return (models_outcome(recording), reply);
    }
    let reply = provider.reply(&ChatRequest::new("Hello")).await;
    (chat_outcome(recording), reply)
}

fn ids(models: Vec<chatwire::ModelInfo>) -> Vec<String> {
    models.into_iter().map(|model| model.id).collect()
}

fn models_outcome(recording: &Recording) -> Outcome {
    if recording.response.status != 200 {
        return chat_outcome(recording);
    }
    let body: Vec<serde_json::Value> =
        serde_json::from_slice(&recording.response.body()).expect("a list");
    let ids: Vec<&str> = body
        .iter()
        .filter_map(|model| model["id"].as_str())
        .collect();
    Outcome::Reply(format!("{ids:?}"))
}

/// Compares, and says what is wrong.
fn check(
    recording: &Recording,
    expected: Outcome,
    reply: Result<Reply, IncompleteReply>,
) -> Option<String> {
    let words = match &expected {
        Outcome::Error { words, .. } => words.clone(),
        Outcome::Reply(_) => String::new(),
    };
    let outcome = match reply {
        Ok(reply) => Outcome::Reply(reply.text),
        Err(incomplete) => Outcome::Error {
            kind: incomplete.error.kind(),
            text: match &expected {
                // A reset discards what the system had not handed over yet.
                Outcome::Error { text, .. }
                    if recording.response.ended == Ended::Reset
                        && text.starts_with(&incomplete.text) =>
                {
                    text.clone()
                }
                _ => incomplete.text,
            },
            words: if incomplete.error.to_string().contains(&words) {
                words
            } else {
                incomplete.error.to_string()
            },
        },
    };
    (outcome != expected).then(|| {
        format!(
            "{}:\n  wanted {expected:?}\n  got    {outcome:?}",
            recording.name
        )
    })
}

async fn check_all<F, Fut>(folder: &str, at_least: usize, run: F)
where
    F: Fn(Recording) -> Fut,
    Fut: Future<Output = Option<String>> + Send + 'static,
{
    let recordings = all(folder).expect("recordings");
    assert!(recordings.len() >= at_least, "recordings are missing");
    let tasks: Vec<_> = recordings
        .into_iter()
        .map(|recording| tokio::spawn(run(recording)))
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

#[tokio::test(flavor = "multi_thread")]
async fn every_recording_of_ai_engine_gives_what_a_visitor_sees() {
    check_all("ai-engine", 283, |recording| async move {
        let (expected, reply) = ai_engine(&recording).await;
        check(&recording, expected, reply)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recording_of_members_and_files_gives_what_a_visitor_sees() {
    check_all("ai-engine-members-files", 12, |recording| async move {
        if NO_QUESTIONS.iter().any(|row| row.0 == recording.name) {
            return None;
        }
        let (expected, reply) = ai_engine(&recording).await;
        check(&recording, expected, reply)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recording_of_chatbot_ui_gives_its_text_or_its_error() {
    check_all("chatbot-ui", 153, |recording| async move {
        let (expected, reply) = chatbot_ui(&recording).await;
        check(&recording, expected, reply)
    })
    .await;
}

#[test]
fn what_is_better_than_official_is_recorded() {
    let recordings = all("ai-engine").expect("recordings");
    for (name, _, reason) in BETTER_THAN_OFFICIAL {
        let recording = recordings.iter().find(|recording| recording.name == *name);
        let official = recording.and_then(|recording| recording.official.as_ref());
        assert!(matches!(official, Some(Err(_))), "{name}: {reason}");
    }
}
