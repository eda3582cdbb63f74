//! An answer of AI Engine comes to the same however it is cut.
#![no_main]

use chatwire_chatgpt4online::AiEngineDecoder;
use chatwire_fuzz::{outcome, pieces};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (pieces, whole) = pieces(data);
    // So low a limit that it is met; where, may depend on the pieces.
    outcome(Box::new(AiEngineDecoder::new(100)), pieces.iter().copied());
    let at_once = outcome(Box::new(AiEngineDecoder::new(None)), [whole]);
    let in_pieces = outcome(Box::new(AiEngineDecoder::new(None)), pieces);
    assert_eq!(in_pieces, at_once);
});
