//! Any split of any recorded body gives the same reply, down to single bytes.

use chatwire::ai_sdk::{AnswerDecoder, Head, Limits};
use chatwire::aura::AuraDecoder;
use chatwire::chatgpt4online::AiEngineDecoder;
use chatwire::{ErrorKind, ReplyEvent};
use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_tests::{Recording, all, outcome};
use proptest::prelude::*;

fn decoder_for(folder: &str, recording: &Recording) -> Box<dyn ReplyDecoder> {
    let header = |name: &str| recording.response.header(name);
    match folder {
        "ai-engine" => Box::new(AiEngineDecoder::new(1024 * 1024)),
        "ai-sdk" => Box::new(AnswerDecoder::new(Head::new(header), None, Limits::new())),
        _ => Box::new(AuraDecoder::new(header("content-type"), 1024 * 1024)),
    }
}

/// The bodies of all recordings of answers.
fn bodies() -> Vec<(&'static str, Recording)> {
    ["ai-engine", "ai-sdk", "chatbot-ui"]
        .into_iter()
        .flat_map(|folder| {
            let recordings = all(folder).expect("recordings");
            recordings
                .into_iter()
                .map(move |recording| (folder, recording))
        })
        .filter(|(_, recording)| recording.response.status == 200)
        .collect()
}

#[test]
fn single_bytes_and_the_recorded_pieces_give_the_same_as_the_whole() {
    for (folder, recording) in bodies() {
        let body = recording.response.body();
        let make = || decoder_for(folder, &recording);
        let whole = outcome(make(), [body.as_slice()]);
        let pieces = recording.response.pieces.iter().map(Vec::as_slice);
        assert_eq!(outcome(make(), pieces), whole, "{}", recording.name);
        assert_eq!(outcome(make(), body.chunks(1)), whole, "{}", recording.name);
    }
}

#[test]
fn every_cut_in_two_gives_the_same_as_the_whole() {
    for (folder, recording) in bodies() {
        let body = recording.response.body();
        // Long bodies repeat themselves, and every cut of them is much work.
        if body.len() > 1000 {
            continue;
        }
        let whole = outcome(decoder_for(folder, &recording), [body.as_slice()]);
        for at in 0..=body.len() {
            let (start, end) = body.split_at(at);
            let cut = outcome(decoder_for(folder, &recording), [start, end]);
            assert_eq!(cut, whole, "{} cut at {at}", recording.name);
        }
    }
}

/// A body of AI Engine that ends within a line: what the line says counts once.
#[test]
fn the_last_line_counts_once() {
    // (body, the text, the notes, how it ends)
    type Case = (
        &'static str,
        &'static str,
        &'static [&'static str],
        Result<(), ErrorKind>,
    );
    let cases: [Case; 6] = [
        (
            r#"data: {"type":"live","data":"a"}"#,
            "a",
            &[],
            Err(ErrorKind::Truncated),
        ),
        (
            r#"data: {"type":"live","data":"n","subtype":"status"}"#,
            "",
            &["n"],
            Err(ErrorKind::Truncated),
        ),
        (
            "data: {\"type\":\"live\",\"data\":\"a\"}\ndata: {\"type\":\"live\",\"data\":\"b\"}",
            "ab",
            &[],
            Err(ErrorKind::Truncated),
        ),
        (": comment", "", &[], Err(ErrorKind::Truncated)),
        (
            r#"data: {"type":"end","data":"{\"success\":true,\"reply\":\"a\"}"}"#,
            "",
            &[],
            Ok(()),
        ),
        (r#"{"success":true,"reply":"a"}"#, "", &[], Ok(())),
    ];
    for (body, text, notes, ended) in cases {
        for at in 0..=body.len() {
            let (start, end) = body.as_bytes().split_at(at);
            let read = outcome(Box::new(AiEngineDecoder::new(1024)), [start, end]);
            assert_eq!(read.text, text, "{body:?} cut at {at}");
            assert_eq!(read.notes, notes, "{body:?} cut at {at}");
            match (read.end, ended) {
                (Ok(Some(ReplyEvent::Finish(_))), Ok(())) => {}
                (Err(kind), Err(wanted)) => assert_eq!(kind, wanted, "{body:?} cut at {at}"),
                (end, _) => panic!("{body:?} cut at {at}: {end:?}"),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn any_split_gives_the_same_as_the_whole(sizes in prop::collection::vec(1usize..200, 1..50)) {
        let bodies = bodies();
        for (folder, recording) in &bodies {
            let body = recording.response.body();
            let mut rest = body.as_slice();
            let mut pieces = Vec::new();
            for size in sizes.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at((*size).min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            let whole = outcome(decoder_for(folder, recording), [body.as_slice()]);
            let split = outcome(decoder_for(folder, recording), pieces);
            prop_assert_eq!(split, whole, "{}", recording.name);
        }
    }
}
