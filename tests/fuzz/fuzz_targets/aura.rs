//! An answer of Aura's server comes to the same however it is cut, as text or as
//! the stream of the model behind it.
#![no_main]

use chatwire_aura::AuraDecoder;
use chatwire_fuzz::{outcome, pieces};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (pieces, whole) = pieces(data);
    // So low a limit that it is met; where, may depend on the pieces.
    outcome(Box::new(AuraDecoder::new(None, 100)), pieces.iter().copied());
    for content_type in [None, Some("text/event-stream")] {
        let decoder = || Box::new(AuraDecoder::new(content_type, None));
        let at_once = outcome(decoder(), [whole]);
        let in_pieces = outcome(decoder(), pieces.iter().copied());
        assert_eq!(in_pieces, at_once);
    }
});
