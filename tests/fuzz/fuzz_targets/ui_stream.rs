//! A UI message stream comes to the same however it is cut.
#![no_main]

use chatwire_ai_sdk::{Limits, UiMessageStream};
use chatwire_fuzz::{outcome, pieces};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (pieces, whole) = pieces(data);
    let decoder = |limits| Box::new(UiMessageStream::new(limits));
    // So low limits that they are met; where, may depend on the pieces.
    let low = Limits::new().with_delta(10).with_data_url(40).with_total(300);
    outcome(decoder(low), pieces.iter().copied());
    let at_once = outcome(decoder(Limits::new()), [whole]);
    let in_pieces = outcome(decoder(Limits::new()), pieces);
    assert_eq!(in_pieces, at_once);
});
