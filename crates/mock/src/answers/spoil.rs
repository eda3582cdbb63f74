//! Puts a fault into an answer.

use bytes::Bytes;

use super::answer::{Answer, Framing, HeadFault, Step};
use super::ending::Ending;
use super::fault::Fault;

/// How the server of a protocol says that its model failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Instead of an answer.
    pub(crate) answer: Answer,
    /// In a stream that has begun, where the protocol can.
    pub(crate) late: Option<String>,
}

/// What a flood repeats at most at once.
const FLOOD_PIECE: usize = 1024;

/// Returns the answer with this fault. What was wrong with it before is replaced where the fault
/// concerns the same.
pub(crate) fn spoil(answer: Answer, fault: Fault, failure: impl FnOnce() -> Failure) -> Answer {
    let half = answer.body_len() / 2;
    match fault {
        Fault::CloseBeforeHead => answer.head_fault(HeadFault::CloseBeforeHead),
        Fault::ResetBeforeHead => answer.head_fault(HeadFault::ResetBeforeHead),
        Fault::StallBeforeHead => answer.head_fault(HeadFault::StallBeforeHead),
        Fault::CloseInHead(bytes) => answer.head_fault(HeadFault::CutHead(bytes)),
        Fault::ResetInHead(bytes) => answer.head_fault(HeadFault::ResetMidHead(bytes)),
        Fault::StallInHead(bytes) => answer.head_fault(HeadFault::StallMidHead(bytes)),
        Fault::CloseBody(at) => cut(answer, at.unwrap_or(half), Ending::Truncate),
        Fault::ResetBody(at) => cut(answer, at.unwrap_or(half), Ending::Reset),
        Fault::StallBody(at) => cut(answer, at.unwrap_or(half), Ending::Stall),
        Fault::CutAtEvent(events) => {
            let at = event_end(&answer, events);
            cut(answer, at, Ending::Clean)
        }
        Fault::ShortLength => answer
            .framing(Framing::ContentLengthOf(half))
            .ending(Ending::Truncate),
        Fault::LongLength => {
            let length = answer.body_len().saturating_add(100);
            answer
                .framing(Framing::ContentLengthOf(length))
                .ending(Ending::Truncate)
        }
        Fault::BadChunk => cut(answer, half, Ending::BadChunk).framing(Framing::Chunked),
        Fault::NoLastChunk => answer.framing(Framing::Chunked).ending(Ending::Truncate),
        Fault::Drip(pause) => answer.in_fragments(1, pause),
        Fault::Flood(bytes) => flood(answer, bytes),
        Fault::LateError => {
            let failure = failure();
            match failure.late {
                // What is not a stream has no middle in which something can be said.
                Some(_) if !is_stream(&answer) => failure.answer,
                Some(late) => {
                    let at = event_end(&answer, None);
                    cut(answer, at, Ending::Clean).piece(late)
                }
                None => cut(answer, half, Ending::Truncate),
            }
        }
        Fault::Error => failure().answer,
        Fault::RateLimit => {
            let answer = failure().answer.with_status(429);
            answer.header("retry-after", "1")
        }
        Fault::Html => Answer::html(
            200,
            "<!DOCTYPE html><html><head><title>Just a moment...</title></head>\
             <body>Checking your browser.</body></html>",
        ),
        Fault::Empty => {
            let mut answer = answer.framing(Framing::ContentLength).ending(Ending::Clean);
            answer.steps.clear();
            answer
        }
    }
}

fn is_stream(answer: &Answer) -> bool {
    answer.headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("content-type") && value.starts_with(b"text/event-stream")
    })
}

/// Cuts the body after this many bytes. Pauses before the cut stay.
fn cut(mut answer: Answer, at: u64, ending: Ending) -> Answer {
    let mut left = at;
    let mut steps = Vec::new();
    for step in std::mem::take(&mut answer.steps) {
        if left == 0 {
            break;
        }
        match step {
            Step::Piece(piece) => {
                let kept = start_of(&piece, left);
                left = left.saturating_sub(kept.len() as u64);
                steps.push(Step::Piece(kept));
            }
            Step::Repeat { piece, times } => {
                let size = piece.len().max(1) as u64;
                let whole = times.unwrap_or(u64::MAX).min(left / size);
                left = left.saturating_sub(whole.saturating_mul(size));
                let is_cut = times.is_none_or(|times| times > whole);
                let rest = start_of(&piece, left);
                steps.push(Step::Repeat {
                    piece,
                    times: Some(whole),
                });
                if is_cut {
                    steps.push(Step::Piece(rest));
                    left = 0;
                }
            }
            step => steps.push(step),
        }
    }
    answer.steps = steps;
    // A length of its own would be wrong now in another way.
    if let Framing::ContentLengthOf(_) = answer.framing {
        answer.framing = Framing::ContentLength;
    }
    answer.ending(ending)
}

fn start_of(piece: &Bytes, length: u64) -> Bytes {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    piece.slice(..length.min(piece.len()))
}

/// Where an event ends: the one with this number, or that in the middle. In a body without events
/// it is the middle of the body.
fn event_end(answer: &Answer, number: Option<usize>) -> u64 {
    let mut ends = Vec::new();
    let mut at: u64 = 0;
    let mut last = 0;
    for step in &answer.steps {
        match step {
            Step::Piece(piece) => {
                for byte in piece {
                    at += 1;
                    if (last, *byte) == (b'\n', b'\n') {
                        ends.push(at);
                    }
                    last = *byte;
                }
            }
            // What is repeated has no events that could be counted.
            Step::Repeat { .. } | Step::Live(_) => break,
            Step::Delay(_) | Step::Wait(_) => {}
        }
    }
    let number = number.unwrap_or(ends.len() / 2);
    match number.checked_sub(1) {
        Some(index) => ends.get(index).or(ends.last()).copied(),
        None => (!ends.is_empty()).then_some(0),
    }
    .unwrap_or(answer.body_len() / 2)
}

/// Repeats what comes last before the middle.
fn flood(answer: Answer, bytes: Option<u64>) -> Answer {
    let at = event_end(&answer, None);
    let answer = cut(answer, at, Ending::Truncate).framing(Framing::Chunked);
    let last = answer.steps.iter().rev().find_map(|step| match step {
        Step::Piece(piece) if !piece.is_empty() => Some(piece.clone()),
        _ => None,
    });
    let mut piece = last.unwrap_or_else(|| Bytes::from_static(b"x"));
    piece.truncate(FLOOD_PIECE);
    let times = bytes.map(|bytes| bytes / piece.len().max(1) as u64);
    answer.repeat(piece, times)
}
