//! A body of AI Engine that ends within a line: what the line says counts once.

// A panic is how a test fails, also in its helpers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use chatwire::chatgpt4online::AiEngineDecoder;
use chatwire::{ErrorKind, ReplyEvent};
use chatwire_core::provider_kit::ReplyDecoder;

#[test]
fn the_last_line_counts_once() {
    // (body, the texts and notes, how it ends)
    let cases: [(&str, &[&str], Result<(), ErrorKind>); 6] = [
        (
            r#"data: {"type":"live","data":"a"}"#,
            &["a"],
            Err(ErrorKind::Truncated),
        ),
        (
            r#"data: {"type":"live","data":"n","subtype":"status"}"#,
            &["n"],
            Err(ErrorKind::Truncated),
        ),
        (
            "data: {\"type\":\"live\",\"data\":\"a\"}\ndata: {\"type\":\"live\",\"data\":\"b\"}",
            &["a", "b"],
            Err(ErrorKind::Truncated),
        ),
        (": comment", &[], Err(ErrorKind::Truncated)),
        (
            r#"data: {"type":"end","data":"{\"success\":true,\"reply\":\"a\"}"}"#,
            &[],
            Ok(()),
        ),
        (r#"{"success":true,"reply":"a"}"#, &[], Ok(())),
    ];
    for (body, said, ended) in cases {
        for cut in 0..=body.len() {
            let mut decoder = AiEngineDecoder::new(1024);
            let (mut seen, mut end) = (Vec::new(), None);
            for piece in [Some(&body[..cut]), Some(&body[cut..]), None] {
                match piece {
                    Some(piece) => decoder.feed(piece.to_owned().into()),
                    None => decoder.end(),
                }
                // More rounds than there are events: one too many is noticed.
                for _ in 0..5 {
                    match decoder.next_event() {
                        Ok(Some(ReplyEvent::Text(text) | ReplyEvent::Progress { text, .. })) => {
                            seen.push(text);
                        }
                        Ok(Some(_)) => end = Some(Ok(())),
                        Ok(None) => break,
                        Err(error) => {
                            end = Some(Err(error.kind()));
                            break;
                        }
                    }
                }
            }
            assert_eq!(
                (seen, end),
                (
                    said.iter().map(|it| (*it).to_owned()).collect(),
                    Some(ended)
                ),
                "{body:?} cut at {cut}"
            );
        }
    }
}
