//! Replies in plain text, and bodies that are no reply.

use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_core::provider_kit::decode::PlainText;
use chatwire_core::{ErrorKind, FinishReason, ReplyEvent};

/// The texts, and how it ended.
fn decode(
    content_type: Option<&str>,
    pieces: &[&[u8]],
) -> (String, Result<FinishReason, chatwire_core::Error>) {
    let mut decoder = PlainText::new(content_type);
    let mut text = String::new();
    for piece in pieces.iter().map(Some).chain([None]) {
        match piece {
            Some(piece) => decoder.feed(piece.to_vec().into()),
            None => decoder.end(),
        }
        loop {
            match decoder.next_event() {
                Ok(None) => break,
                Ok(Some(ReplyEvent::Text(piece))) => text.push_str(&piece),
                Ok(Some(ReplyEvent::Finish(finish))) => {
                    assert!(
                        decoder.next_event().unwrap().is_none(),
                        "an event after the end"
                    );
                    return (text, Ok(finish.reason));
                }
                Ok(Some(other)) => panic!("{other:?}"),
                Err(error) => return (text, Err(error)),
            }
        }
    }
    panic!("no end: {text:?}");
}

const PAGE: &str = "<!DOCTYPE html><html><head><title>Log &amp; in</title></head></html>";

#[test]
fn answers() {
    let cases: Vec<(Option<&str>, &[u8])> = vec![
        (None, b"Hello"),
        (None, b"  Hello\r\n\0 "),
        (None, "é日本😀".as_bytes()),
        (None, b"a\xffb\xe2\x82"),
        (None, PAGE.as_bytes()),
        (None, br#"{"error":"models write JSON too"}"#),
        (Some("text/plain; charset=utf-8"), PAGE.as_bytes()),
        (Some("text/plain"), br#"{"error":"x"}"#),
        (Some(""), b"Hello"),
        // PHP says text/html where nobody told it otherwise.
        (Some("text/html; charset=UTF-8"), b"Hello"),
        (Some("text/html"), b"\n  Hello <b>"),
        (Some("text/html"), b" "),
        // Only a whole page is a page: models write markup.
        (Some("text/html"), b"<b>Hello</b>"),
        (Some("text/html"), b"\n \t<p>Hi"),
        (Some("text/html"), b"<"),
        (Some("text/html"), b"<bo"),
        (Some("text/html"), b"<svg viewBox=\"0 0 1 1\"><html>"),
        (Some("text/html"), b"<?php echo '<html>';"),
        (Some("text/html"), b"<?xml version=\"1.0\"?><svg/>"),
        (Some("text/html"), b"<!-- a note --><p>Hi"),
        (Some("text/html"), b"<!-- a note"),
        (Some("text/html"), b"<\xff html"),
        (Some("application/xhtml+xml"), b"<h1>Hi</h1>"),
    ];
    for (content_type, body) in cases {
        let expected = String::from_utf8_lossy(body);
        let single: Vec<&[u8]> = body.chunks(1).collect();
        for pieces in [&[body][..], &single] {
            let (text, end) = decode(content_type, pieces);
            assert_eq!(text, expected, "{content_type:?}");
            assert_eq!(end.unwrap(), FinishReason::Eof, "{content_type:?}");
        }
    }
}

#[test]
fn bodies_that_are_no_answer() {
    use ErrorKind::{Blocked, ContextLength, Protocol, RateLimited, Refused};
    let long = format!("<html>{}", "x".repeat(100_000));
    let late = format!("<!-- {} --><html>", "x".repeat(10_000));
    let long_json = format!("{{\"x\":\"{}", "x".repeat(100_000));
    let cases: Vec<(&str, &str, ErrorKind, &[&str])> = vec![
        ("text/html", PAGE, Blocked, &["HTML page", "(Log & in)"]),
        ("Text/HTML; charset=utf-8", PAGE, Blocked, &["Log & in"]),
        ("text/html", "\u{feff}<html>", Blocked, &["HTML page"]),
        ("text/html", " <HTML lang=de>", Blocked, &["HTML page"]),
        ("text/html", "<html", Blocked, &["HTML page"]),
        ("application/xhtml+xml", PAGE, Blocked, &["HTML page"]),
        ("text/html", &long, Blocked, &["HTML page"]),
        ("text/html", &late, Blocked, &["HTML page"]),
        (
            "application/json",
            r#"{"error":"no such thing"}"#,
            Refused,
            &["no such thing"],
        ),
        (
            "application/json; charset=utf-8",
            r#"{"message":"Rate limit reached"}"#,
            RateLimited,
            &["Rate limit"],
        ),
        (
            "application/problem+json",
            r#"{"error":{"message":"context length exceeded"}}"#,
            ContextLength,
            &["context length"],
        ),
        ("application/json", r#"["Hello"]"#, Protocol, &["JSON"]),
        ("application/json", "rubbish", Protocol, &["JSON"]),
        ("application/json", &long_json, Protocol, &["JSON"]),
    ];
    for (content_type, body, kind, words) in cases {
        let single: Vec<&[u8]> = body.as_bytes().chunks(1).collect();
        for pieces in [&[body.as_bytes()][..], &single] {
            let (text, end) = decode(Some(content_type), pieces);
            let error = end.unwrap_err();
            assert_eq!(text, "", "{content_type}: {error}");
            assert_eq!(error.kind(), kind, "{content_type}: {error}");
            for word in words {
                assert!(
                    error.to_string().contains(word),
                    "{content_type}: {error} without {word:?}"
                );
            }
        }
    }
}

#[test]
fn an_empty_body_has_no_text() {
    for content_type in [
        None,
        Some("text/html"),
        Some("application/json"),
        Some("text/plain"),
    ] {
        let (text, end) = decode(content_type, &[]);
        assert_eq!(
            (text.as_str(), end.unwrap()),
            ("", FinishReason::Eof),
            "{content_type:?}"
        );
    }
}

#[test]
fn text_comes_at_once() {
    // Whatever the header says, an answer is not held back longer than doubt lasts.
    for (content_type, start) in [
        (None, "He"),
        (Some("text/html"), "He"),
        (Some("text/html"), "<b>"),
    ] {
        let mut decoder = PlainText::new(content_type);
        decoder.feed(start.into());
        assert_eq!(
            decoder.next_event().unwrap(),
            Some(ReplyEvent::Text(start.into()))
        );
        assert_eq!(decoder.next_event().unwrap(), None);
        decoder.feed("<llo".into());
        assert_eq!(
            decoder.next_event().unwrap(),
            Some(ReplyEvent::Text("<llo".into()))
        );
    }
}

/// How many bytes of a body, fed one by one, are read before the first text comes or
/// it is refused.
fn held(content_type: &str, body: &str) -> usize {
    let mut decoder = PlainText::new(Some(content_type));
    for (index, byte) in body.bytes().enumerate() {
        decoder.feed(vec![byte].into());
        match decoder.next_event() {
            Ok(None) => {}
            Ok(Some(ReplyEvent::Text(_))) | Err(_) => return index + 1,
            Ok(Some(other)) => panic!("{other:?}"),
        }
    }
    panic!("all of it is held back: {body:?}");
}

/// Nothing is held back longer than it takes to know what it is: 64 bytes are judged one
/// by one, then each time there is twice as much, and 16 KiB are the most.
#[test]
fn text_is_out_once_it_is_no_page() {
    // A comment whose last byte is at that place, and then a text.
    let comment = |end: usize| format!("<!--{}-->text{}", "-".repeat(end - 7), "x".repeat(20_000));
    for (content_type, body, expected) in [
        ("text/plain", "<html>".to_owned(), 1),
        ("text/html", "Hello".to_owned(), 1),
        ("text/html", "   Hello".to_owned(), 4),
        ("text/html", "<div>".to_owned(), 2),
        ("text/html", "<b>".to_owned(), 3),
        ("text/html", "<bodywork>".to_owned(), 6),
        ("text/html", "<!-- a note -->  <p>".to_owned(), 19),
        ("text/html", comment(61), 62),
        ("text/html", comment(63), 64),
        ("text/html", comment(64), 128),
        ("text/html", comment(127), 128),
        ("text/html", comment(128), 256),
        ("text/html", comment(5000), 8192),
        ("text/html", comment(8192), 16_384),
        ("text/html", comment(18_000), 16_384),
        ("application/json", "x".repeat(20_000), 16_384),
    ] {
        assert_eq!(held(content_type, &body), expected, "{:.80}", body);
    }
}

/// A long body that is no answer is judged by the same bytes however it is cut.
#[test]
fn long_bodies_are_judged_by_their_beginning() {
    let blank = " ".repeat(20 * 1024);
    let comment = format!("<!--{}-->", "x".repeat(20 * 1024));
    let refusal = r#"{"error":"Quota exceeded"}"#;
    for (content_type, body) in [
        ("application/json", format!("{blank}{refusal}")),
        ("application/json", format!("{refusal}{blank}{refusal}")),
        (
            "application/json",
            format!("{}{refusal}", "é".repeat(8 * 1024 - 1)),
        ),
        ("text/html", format!("{comment}{PAGE}")),
        ("text/html", format!("<html>{comment}{PAGE}")),
        ("text/html", format!("{comment}Hello")),
    ] {
        let shown = |(text, end): (String, Result<FinishReason, chatwire_core::Error>)| {
            (text, end.map_err(|error| error.to_string()))
        };
        let whole = shown(decode(Some(content_type), &[body.as_bytes()]));
        for length in [1, 31, 1000, 16 * 1024] {
            let pieces: Vec<&[u8]> = body.as_bytes().chunks(length).collect();
            let cut = shown(decode(Some(content_type), &pieces));
            assert!(
                cut == whole,
                "{length} {content_type}: {:?} {:?}",
                cut.1,
                whole.1
            );
        }
    }
}
