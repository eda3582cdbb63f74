//! The mock of AI Engine against recordings of real sites: the same request comes
//! to the same at the model, or to the same answer.

use chatwire_mock::{AiEngineMock, AiEngineReceived, PluginVersion};
use chatwire_tests::{Recording, all};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What the mock cannot be asked, and why.
const SKIPPED: &[(&str, &str)] = &[
    (
        "shortcut_click_browser",
        "the real site's ids of shortcuts are encrypted",
    ),
    (
        "submit_with_newFileId",
        "the real site has the file; uploads are tested in the mock's crate",
    ),
    (
        "vision_submit_newFileIds_browser",
        "the real site has the file; uploads are tested in the mock's crate",
    ),
];

fn version(recording: &Recording) -> PluginVersion {
    match recording.name.split('_').next() {
        Some("v199") => PluginVersion::V1_9_99,
        Some("v235") => PluginVersion::V2_3_5,
        Some("v249") => PluginVersion::V2_4_9,
        _ => PluginVersion::V3_6_2,
    }
}

/// A site like the recorded ones.
async fn site(version: PluginVersion) -> AiEngineMock {
    AiEngineMock::builder()
        .version(version)
        .bot("claude")
        .bot("vision")
        .model("lab-chat-2")
        .start()
        .await
        .unwrap()
}

/// Sends a body with the site's nonce, and gives the status and the body that
/// come back.
async fn post(mock: &AiEngineMock, route: &str, kind: &str, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(mock.addr()).await.unwrap();
    let head = format!(
        "POST /wp-json/{route} HTTP/1.1\r\nhost: mock\r\nconnection: close\r\nx-wp-nonce: {}\r\n\
         content-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        mock.nonce(),
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer[9..12].parse().unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, body.to_owned())
}

/// What a recording says about what reached the model.
#[derive(Debug, PartialEq)]
struct Arrived {
    system_prompt: String,
    history: Vec<(String, String)>,
    question: String,
    max_tokens: u64,
    /// Where the request named them.
    model: Option<String>,
    temperature: Option<f64>,
}

/// A message's text: as it is, or of its only part.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) if parts[0]["type"] == "input_text" => {
            parts[0]["text"].as_str().unwrap().to_owned()
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

impl Arrived {
    fn recorded(recording: &Recording) -> Option<Arrived> {
        let [received] = &recording.model_received[..] else {
            return None;
        };
        let messages = received.get("input").or(received.get("messages"))?;
        let mut messages: Vec<(String, String)> = messages
            .as_array()?
            .iter()
            .map(|message| {
                let role = message["role"].as_str().unwrap_or_default();
                (role.to_owned(), text(&message["content"]))
            })
            .collect();
        let system_prompt = match (&received["instructions"], &received["system"][0]["text"]) {
            (Value::String(prompt), _) | (_, Value::String(prompt)) => prompt.clone(),
            _ if messages[0].0 == "system" => messages.remove(0).1,
            _ => String::new(),
        };
        let (_, question) = messages.pop()?;
        let limit = received
            .get("max_output_tokens")
            .or(received.get("max_tokens"));
        let asked = |key: &str| recording.request.get(key).map(|_| &received[key]);
        Some(Arrived {
            system_prompt,
            history: messages,
            question,
            max_tokens: limit?.as_u64()?,
            model: asked("model").and_then(|model| Some(model.as_str()?.to_owned())),
            temperature: asked("temperature").and_then(Value::as_f64),
        })
    }

    fn of(received: &AiEngineReceived, request: &Value) -> Arrived {
        let history = received.history.iter();
        Arrived {
            system_prompt: received.system_prompt.clone(),
            history: history
                .map(|message| (message.role.clone(), message.content.clone()))
                .collect(),
            question: received.question.clone(),
            max_tokens: received.max_tokens,
            model: request.get("model").map(|_| received.model.clone()),
            temperature: request.get("temperature").and(received.temperature),
        }
    }
}

#[tokio::test]
async fn what_reaches_the_model_is_what_the_real_site_hands_on() {
    let mut compared = 0;
    let mut wrong = Vec::new();
    for folder in ["ai-engine", "ai-engine-members-files"] {
        for recording in all(folder).unwrap() {
            let name = recording.name.as_str();
            let is_skipped = SKIPPED.iter().any(|(skipped, _)| *skipped == name);
            let Some(expected) = Arrived::recorded(&recording).filter(|_| !is_skipped) else {
                continue;
            };
            let mock = site(version(&recording)).await;
            let body = recording.request.to_string();
            let route = "mwai-ui/v1/chats/submit";
            let (_, answer) = post(&mock, route, "application/json", body.as_bytes()).await;
            match mock.model_received().first() {
                Some(received) => {
                    let arrived = Arrived::of(received, &recording.request);
                    if arrived != expected {
                        wrong.push(format!("{name}:\n {expected:?}\n {arrived:?}"));
                    }
                }
                None => wrong.push(format!("{name}: {answer}")),
            }
            compared += 1;
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(compared > 150, "{compared}");
}

/// The status of a refusal, and what it says: an error's code, or its words.
fn refusal(status: u16, body: &str) -> (u16, String) {
    let event = body.lines().find_map(|line| line.strip_prefix("data: "));
    let start = body.find('{').unwrap_or(0);
    let end = body.rfind('}').map_or(0, |end| end + 1);
    let json = event.unwrap_or(body.get(start..end).unwrap_or_default());
    let json: Value = serde_json::from_str(json).unwrap_or_default();
    let said = ["code", "data", "message"]
        .iter()
        .find_map(|key| json[key].as_str());
    (status, said.unwrap_or_default().to_owned())
}

#[tokio::test]
async fn questions_are_refused_as_by_the_real_site() {
    // The beginnings of the names of recordings that the plugin itself answers.
    let kinds = [
        "submit_",
        "override_unknown_model",
        "override_wrong_type_messages",
    ];
    // The nonce or the content type is what is wrong there; the mock's crate tests that.
    let other = ["nonce", "ctype", "bad_json", "surrogate", "empty_body"];
    let mut compared = 0;
    for recording in all("ai-engine").unwrap() {
        let name = recording.name.as_str();
        let bare = name.trim_start_matches("v199_").trim_start_matches("v235_");
        let bare = bare.trim_start_matches("v249_");
        let is_kind = kinds.iter().any(|kind| bare.starts_with(kind));
        if !is_kind
            || !recording.model_received.is_empty()
            || other.iter().any(|it| bare.contains(it))
        {
            continue;
        }
        let body = String::from_utf8(recording.response.body()).unwrap();
        let expected = refusal(recording.response.status, &body);
        let mock = site(version(&recording)).await;
        let question = recording.request.to_string();
        let route = "mwai-ui/v1/chats/submit";
        let (status, answer) = post(&mock, route, "application/json", question.as_bytes()).await;
        assert_eq!(refusal(status, &answer), expected, "{name}: {answer}");
        compared += 1;
    }
    assert!(compared >= 20, "{compared}");
}

#[tokio::test]
async fn uploads_are_answered_as_by_the_real_site() {
    let mut compared = 0;
    for recording in all("ai-engine-members-files").unwrap() {
        let Some((kind, body)) = &recording.upload else {
            continue;
        };
        let mock = site(PluginVersion::V3_6_2).await;
        let (status, answer) = post(&mock, "mwai-ui/v1/files/upload", kind, body).await;
        assert_eq!(status, recording.response.status, "{}", recording.name);
        let json = |body: &[u8]| -> Value { serde_json::from_slice(body).unwrap() };
        let start = answer.find('{').unwrap();
        let end = answer.rfind('}').unwrap();
        let mut answered = json(&answer.as_bytes()[start..=end]);
        let mut recorded = json(&recording.response.body());
        // Both name the file as they like.
        for side in [&mut answered, &mut recorded] {
            if let Some(data) = side.get_mut("data") {
                assert!(
                    data["url"]
                        .as_str()
                        .unwrap()
                        .contains(data["id"].as_str().unwrap())
                );
                *data = json!({});
            }
        }
        assert_eq!(answered, recorded, "{}", recording.name);
        compared += 1;
    }
    assert_eq!(compared, 2);
}
