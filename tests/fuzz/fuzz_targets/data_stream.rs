//! A data stream comes to the same however it is cut, marked by a header or not.
#![no_main]

use chatwire_ai_sdk::{DataStream, Limits};
use chatwire_fuzz::{outcome, pieces};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (pieces, whole) = pieces(data);
    let low = Limits::new().with_delta(10).with_data_url(40).with_total(300);
    for marked in [false, true] {
        let decoder = |limits| Box::new(DataStream::new(limits).with_mark(marked));
        // So low limits that they are met; where, may depend on the pieces.
        outcome(decoder(low), pieces.iter().copied());
        let at_once = outcome(decoder(Limits::new()), [whole]);
        let in_pieces = outcome(decoder(Limits::new()), pieces.iter().copied());
        assert_eq!(in_pieces, at_once);
    }
});
