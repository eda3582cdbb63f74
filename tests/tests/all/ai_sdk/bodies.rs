//! The mock takes the bodies that real servers take, and no others.

use chatwire_mock::{AiSdkMock, AiSdkRoute, AiSdkStream, AiSdkVersion};
use serde_json::Value;

/// The servers of the measured table that the mock plays.
const SERVERS: &[(&str, AiSdkVersion, AiSdkRoute)] = &[
    ("v3 direct", AiSdkVersion::V3, AiSdkRoute::Convert),
    ("v4 direct", AiSdkVersion::V4, AiSdkRoute::Convert),
    ("v5 convert", AiSdkVersion::V5, AiSdkRoute::Convert),
    (
        "v5 validate+convert",
        AiSdkVersion::V5,
        AiSdkRoute::Validate,
    ),
    ("v5 direct", AiSdkVersion::V5, AiSdkRoute::Straight),
    ("v6 convert", AiSdkVersion::V6, AiSdkRoute::Convert),
    (
        "v6 validate+convert",
        AiSdkVersion::V6,
        AiSdkRoute::Validate,
    ),
    ("v6 direct", AiSdkVersion::V6, AiSdkRoute::Straight),
    ("v7 convert", AiSdkVersion::V7, AiSdkRoute::Convert),
    (
        "v7 validate+convert",
        AiSdkVersion::V7,
        AiSdkRoute::Validate,
    ),
    ("v7 direct", AiSdkVersion::V7, AiSdkRoute::Straight),
    (
        "template f18af236",
        AiSdkVersion::V4,
        AiSdkRoute::Template(0),
    ),
    (
        "template 575c1250",
        AiSdkVersion::V4,
        AiSdkRoute::Template(1),
    ),
    (
        "template 4c281fe0",
        AiSdkVersion::V5,
        AiSdkRoute::Template(2),
    ),
    (
        "template b1da8606",
        AiSdkVersion::V5,
        AiSdkRoute::Template(3),
    ),
    (
        "template 4d3ba8d9",
        AiSdkVersion::V6,
        AiSdkRoute::Template(4),
    ),
];

/// What the mock made of a body, in the words of the table.
fn outcome(mock: &AiSdkMock, before: usize, status: u16, body: &str) -> String {
    let received = mock.received();
    if received.len() > before {
        let messages = received.last().unwrap().messages.iter();
        let lines: Vec<String> = messages
            .map(|message| format!("{}:{}", &message.role[..1], message.content))
            .collect();
        return format!("ok  {}", lines.join(" | "));
    }
    match status {
        200 => {
            assert!(body.contains("\"error\""), "{body}");
            "ERR".to_owned()
        }
        500 => "THROW".to_owned(),
        400 => "REFUSED".to_owned(),
        other => panic!("{other}"),
    }
}

/// The text of a cell without the files, of which the mock keeps no note, and
/// without the words of an error.
fn wanted(cell: &str) -> String {
    let kind = cell.split(' ').next().unwrap_or_default();
    if kind != "ok" {
        return kind.to_owned();
    }
    if cell.contains("uses message") {
        return "ok  ".to_owned();
    }
    let mut text = cell.to_owned();
    for file in ["[file image/png]+", "+[image image/png]"] {
        text = text.replace(file, "");
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mock_takes_what_real_servers_take() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/recordings/ai-sdk-accept.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for (server, version, route) in SERVERS {
        let mock = AiSdkMock::builder()
            .version(*version)
            .route(*route)
            .start()
            .await
            .unwrap();
        for (name, body) in file["bodies"].as_object().unwrap() {
            let before = mock.received().len();
            let (status, answer) = post(&mock.url(), &body.to_string()).await;
            let got = outcome(&mock, before, status, &answer);
            let cell = file["results"][name][server].as_str().unwrap();
            let want = wanted(cell);
            let is_right = match want.as_str() {
                // The template's own table does not say what reached the model.
                "ok  " if cell.contains("uses message") => got.starts_with("ok"),
                _ => got == want,
            };
            if !is_right {
                wrong.push(format!("{server}, {name}: {got:?} and not {cell:?}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Posts over a plain connection, so that nothing of our own client counts.
async fn post(url: &str, body: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/chat HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer
        .get(9..12)
        .and_then(|code| code.parse().ok())
        .unwrap();
    (status, answer)
}

#[tokio::test]
async fn each_version_answers_in_its_own_protocol() {
    for version in AiSdkVersion::ALL {
        let mock = AiSdkMock::builder().version(version).start().await.unwrap();
        let body = r#"{"messages":[{"id":"m","role":"user","content":"Q","parts":[{"type":"text","text":"Q"}]}]}"#;
        let (_, answer) = post(&mock.url(), body).await;
        let is_ui = answer.contains("x-vercel-ai-ui-message-stream: v1");
        let is_data = answer.contains("x-vercel-ai-data-stream: v1");
        assert_eq!(
            is_ui,
            version.default_stream() == AiSdkStream::Ui,
            "{version:?}"
        );
        assert_eq!(
            is_data,
            version.default_stream() == AiSdkStream::Data,
            "{version:?}"
        );
    }
}
