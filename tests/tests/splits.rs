//! Any split of any recorded body gives the same reply, down to single bytes.

// A panic is how a test fails, also in its helpers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use bytes::Bytes;
use chatwire::chatgpt4online::AiEngineDecoder;
use chatwire::{ErrorKind, ReplyEvent};
use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_core::provider_kit::decode::PlainText;
use chatwire_tests::{Recording, all};
use proptest::prelude::*;

/// What a body comes to: the text, the notes, and how it ended.
#[derive(Debug, PartialEq)]
struct Outcome {
    text: String,
    notes: Vec<String>,
    end: Result<Option<ReplyEvent>, ErrorKind>,
}

fn decode<'a>(
    mut decoder: Box<dyn ReplyDecoder>,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Outcome {
    let mut outcome = Outcome {
        text: String::new(),
        notes: Vec::new(),
        end: Ok(None),
    };
    for piece in pieces.map(Some).chain([None]) {
        match piece {
            Some(piece) => decoder.feed(Bytes::copy_from_slice(piece)),
            None => decoder.end(),
        }
        loop {
            match decoder.next_event() {
                Ok(Some(ReplyEvent::Text(text))) => outcome.text.push_str(&text),
                Ok(Some(ReplyEvent::Progress { text, .. })) => outcome.notes.push(text),
                Ok(None) => break,
                Ok(end) => {
                    outcome.end = Ok(end);
                    return outcome;
                }
                Err(error) => {
                    outcome.end = Err(error.kind());
                    return outcome;
                }
            }
        }
    }
    outcome
}

fn decoder_for(folder: &str, recording: &Recording) -> Box<dyn ReplyDecoder> {
    if folder == "ai-engine" {
        Box::new(AiEngineDecoder::new(1024 * 1024))
    } else {
        Box::new(PlainText::new(
            recording.response.header("content-type"),
            None,
        ))
    }
}

/// The bodies of all recordings of answers.
fn bodies() -> Vec<(&'static str, Recording)> {
    ["ai-engine", "chatbot-ui"]
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
        let whole = decode(make(), [body.as_slice()].into_iter());
        let pieces = recording.response.pieces.iter().map(Vec::as_slice);
        assert_eq!(decode(make(), pieces), whole, "{}", recording.name);
        assert_eq!(decode(make(), body.chunks(1)), whole, "{}", recording.name);
    }
}

#[test]
fn every_cut_in_two_gives_the_same_as_the_whole() {
    for (folder, recording) in bodies() {
        let body = recording.response.body();
        // Long bodies repeat themselves, and every cut of them is much work.
        if body.len() > 2000 {
            continue;
        }
        let whole = decode(
            decoder_for(folder, &recording),
            [body.as_slice()].into_iter(),
        );
        for at in 0..=body.len() {
            let (start, end) = body.split_at(at);
            let cut = decode(decoder_for(folder, &recording), [start, end].into_iter());
            assert_eq!(cut, whole, "{} cut at {at}", recording.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

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
            let whole = decode(decoder_for(folder, recording), [body.as_slice()].into_iter());
            let split = decode(decoder_for(folder, recording), pieces.into_iter());
            prop_assert_eq!(split, whole, "{}", recording.name);
        }
    }
}
