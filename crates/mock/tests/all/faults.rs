//! The faults by name, in every protocol that has events and in a body that has none.

use std::time::Duration;

use chatwire_mock::{AnyMock, Fault, FaultEffect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::request_bytes;

const PATIENCE: Duration = Duration::from_secs(60);

/// A name, a path and a question.
const PLACES: [(&str, &str, &str); 6] = [
    (
        "openai",
        "/v1/chat/completions",
        r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}"#,
    ),
    (
        "openai",
        "/v1/chat/completions",
        r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#,
    ),
    (
        "responses",
        "/v1/responses",
        r#"{"model":"m","stream":true,"input":"hi"}"#,
    ),
    (
        "anthropic",
        "/v1/messages",
        r#"{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}"#,
    ),
    (
        "ai-sdk",
        "/api/chat",
        r#"{"id":"c","messages":[{"id":"m","role":"user","parts":[{"type":"text","text":"hi"}]}]}"#,
    ),
    (
        "aura",
        "/api/chat",
        r#"{"model":{"id":"openchat_3.6"},"messages":[{"role":"user","content":"hi"}]}"#,
    ),
];

const TEXT: &str = "one two three four five six seven eight nine zebra";

/// How a connection came to its end.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Ended {
    Closed,
    Reset,
    /// It is open, after what was waited for.
    Open,
}

/// Asks and reads to the end, or until so much has come.
async fn ask(mock: &AnyMock, path: &str, body: &str, enough: usize) -> (Vec<u8>, Ended) {
    let mut stream = TcpStream::connect(mock.addr()).await.unwrap();
    let headers = [("anthropic-version", "2023-06-01"), ("connection", "close")];
    let request = request_bytes("POST", path, &headers, body.as_bytes());
    stream.write_all(&request).await.unwrap();
    let mut bytes = Vec::new();
    loop {
        if bytes.len() >= enough {
            return (bytes, Ended::Open);
        }
        match timeout(PATIENCE, stream.read_buf(&mut bytes))
            .await
            .unwrap()
        {
            Ok(0) => return (bytes, Ended::Closed),
            Ok(_) => {}
            Err(_) => return (bytes, Ended::Reset),
        }
    }
}

fn body(bytes: &[u8]) -> &[u8] {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    end.map_or(b"", |end| &bytes[end + 4..])
}

#[tokio::test]
async fn every_fault_by_name() {
    for (name, path, question) in PLACES {
        let mock = AnyMock::by_name(name).await.unwrap();
        mock.reply(TEXT);
        let (whole, ended) = ask(&mock, path, question, usize::MAX).await;
        assert_eq!(ended, Ended::Closed, "{name}");
        for fault in Fault::all() {
            let what = format!("{name} {fault} {question}");
            // Endless ones are stopped when there has been more than in a whole answer.
            let enough = match fault {
                Fault::StallBeforeHead => 0,
                Fault::StallInHead(bytes) => bytes,
                Fault::StallBody(None) => usize::MAX,
                Fault::Flood(None) => 4 * whole.len(),
                _ => usize::MAX,
            };
            let fault = match fault {
                Fault::StallBody(_) => Fault::StallBody(Some(10)),
                Fault::Drip(_) => Fault::Drip(Duration::ZERO),
                fault => fault,
            };
            mock.fault(fault).reply(TEXT);
            let stalls = matches!(fault, Fault::StallBody(_));
            let (bytes, ended) = match stalls {
                true => stalled_body(&mock, path, question).await,
                false => ask(&mock, path, question, enough).await,
            };
            let expected = match fault {
                Fault::ResetBeforeHead | Fault::ResetInHead(_) | Fault::ResetBody(_) => {
                    Ended::Reset
                }
                Fault::StallBeforeHead
                | Fault::StallInHead(_)
                | Fault::StallBody(_)
                | Fault::Flood(_) => Ended::Open,
                _ => Ended::Closed,
            };
            assert_eq!(ended, expected, "{what}");
            let text = String::from_utf8_lossy(&bytes).into_owned();
            match fault {
                Fault::CloseBeforeHead | Fault::ResetBeforeHead | Fault::StallBeforeHead => {
                    assert_eq!(text, "", "{what}");
                }
                Fault::CloseInHead(length) | Fault::StallInHead(length) => {
                    assert_eq!(bytes.len(), length, "{what}");
                }
                Fault::ResetInHead(length) => assert!(bytes.len() <= length, "{what}"),
                Fault::CloseBody(_) | Fault::BadChunk | Fault::CutAtEvent(_) => {
                    assert!(!body(&bytes).is_empty(), "{what}: {text}");
                    // In one body, the text may come before its middle.
                    let is_half = !text.ends_with("}}") && !text.contains("DONE");
                    assert!(is_half, "{what}: {text}");
                    let is_stream = text.contains("text/event-stream") || name == "aura";
                    assert!(!is_stream || !text.contains("zebra"), "{what}: {text}");
                    let ends = text.ends_with("0\r\n\r\n");
                    let is_clean = matches!(fault, Fault::CutAtEvent(_));
                    assert!(!ends || is_clean, "{what}: {text}");
                    assert_eq!(
                        text.contains("\r\nzz\r\n"),
                        fault == Fault::BadChunk,
                        "{what}"
                    );
                }
                Fault::ShortLength | Fault::LongLength => {
                    let length = text.split("content-length: ").nth(1).unwrap();
                    let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
                    let is_short = length < body(&bytes).len();
                    assert_eq!(is_short, fault == Fault::ShortLength, "{what}");
                }
                Fault::NoLastChunk => assert!(!text.ends_with("0\r\n\r\n"), "{what}"),
                Fault::Drip(_) => assert!(
                    bytes.len() > whole.len() || name == "aura" || !question.contains("stream"),
                    "{what}"
                ),
                Fault::LateError => {
                    let says = text.contains("The model failed") || name == "aura";
                    assert!(says && !text.contains("zebra"), "{what}: {text}");
                }
                Fault::Error => assert!(!text.contains("three"), "{what}: {text}"),
                Fault::RateLimit => {
                    assert!(text.starts_with("HTTP/1.1 429 "), "{what}: {text}");
                    assert!(text.contains("retry-after: 1\r\n"), "{what}: {text}");
                }
                Fault::Html => assert!(text.contains("<html>"), "{what}: {text}"),
                Fault::Empty => assert!(body(&bytes).is_empty(), "{what}: {text}"),
                _ => {}
            }
            if fault.effect() == FaultEffect::Broken {
                assert!(!bytes.ends_with(&whole[whole.len() / 2..]), "{what}");
            }
        }
        mock.fault(None).reply(TEXT);
        let (again, _) = ask(&mock, path, question, usize::MAX).await;
        let again = String::from_utf8_lossy(&again).into_owned();
        assert!(again.contains("zebra"), "{name}: {again}");
    }
}

/// Reads until ten bytes of the body have come.
async fn stalled_body(mock: &AnyMock, path: &str, question: &str) -> (Vec<u8>, Ended) {
    let mut stream = TcpStream::connect(mock.addr()).await.unwrap();
    let headers = [("anthropic-version", "2023-06-01")];
    let request = request_bytes("POST", path, &headers, question.as_bytes());
    stream.write_all(&request).await.unwrap();
    let mut bytes = Vec::new();
    // A chunk's length before them and a line's end after.
    while body(&bytes).len() < 10 {
        let read = timeout(PATIENCE, stream.read_buf(&mut bytes))
            .await
            .unwrap();
        assert!(read.unwrap() > 0);
    }
    let rest = timeout(Duration::from_millis(20), stream.read_buf(&mut bytes)).await;
    assert!(!matches!(rest, Ok(Ok(0)) | Ok(Err(_))), "closed");
    assert!(body(&bytes).len() <= 60, "{bytes:?}");
    (bytes, Ended::Open)
}

#[tokio::test]
async fn values() {
    let (name, path, question) = PLACES[0];
    let mock = AnyMock::by_name(name).await.unwrap();
    for (fault, expected) in [
        ("event-cut=0", 0),
        ("event-cut=1", 1),
        ("event-cut=3", 3),
        // More than there are: all of them.
        ("event-cut=1000", 13),
    ] {
        mock.fault(fault.parse::<Fault>().unwrap()).reply(TEXT);
        let (bytes, ended) = ask(&mock, path, question, usize::MAX).await;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(ended, Ended::Closed);
        assert!(text.ends_with("0\r\n\r\n"), "{text}");
        assert_eq!(text.matches("data: ").count(), expected, "{fault}: {text}");
    }
    mock.fault("flood=100000".parse::<Fault>().unwrap())
        .reply(TEXT);
    let (bytes, ended) = ask(&mock, path, question, usize::MAX).await;
    assert_eq!(ended, Ended::Closed);
    assert!((90_000..200_000).contains(&bytes.len()), "{}", bytes.len());
    for at in [0, 1, 57] {
        mock.fault(Fault::CloseBody(Some(at))).reply(TEXT);
        let (bytes, _) = ask(&mock, path, question, usize::MAX).await;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let sent = text.matches("\r\n").count();
        assert!(sent > 0 && !text.ends_with("0\r\n\r\n"), "{text}");
    }
}
