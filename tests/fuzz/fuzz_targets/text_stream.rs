//! A text stream, and a body whose protocol is to be found out, come to the same
//! however they are cut.
#![no_main]

use chatwire_ai_sdk::{AnswerDecoder, Head, Limits, TextStream};
use chatwire_fuzz::{outcome, pieces};

const TYPES: [Option<&str>; 4] = [
    None,
    Some("text/plain; charset=utf-8"),
    Some("text/html"),
    Some("application/json"),
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    let (pieces, whole) = pieces(data);
    let at_once = outcome(Box::new(TextStream::new()), [whole]);
    let in_pieces = outcome(Box::new(TextStream::new()), pieces.iter().copied());
    assert_eq!(in_pieces, at_once);

    let kind = TYPES[usize::from(*kind) % TYPES.len()];
    let head = Head::new(|name| kind.filter(|_| name == "content-type"));
    let decoder = || Box::new(AnswerDecoder::new(head, None, Limits::new()));
    let at_once = outcome(decoder(), [whole]);
    let in_pieces = outcome(decoder(), pieces);
    assert_eq!(in_pieces, at_once);
});
