//! A reply in plain text comes to the same however it is cut, under any headers.
#![no_main]

use chatwire_core::provider_kit::decode::PlainText;
use chatwire_fuzz::{outcome, pieces};

const TYPES: [Option<&str>; 4] = [
    None,
    Some("text/plain; charset=utf-8"),
    Some("text/html"),
    Some("application/json"),
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let content_type = TYPES[usize::from(*choice) % TYPES.len()];
    let (pieces, whole) = pieces(data);
    let decoder = || PlainText::new(content_type);
    let at_once = outcome(Box::new(decoder()), [whole]);
    let in_pieces = outcome(Box::new(decoder()), pieces);
    assert_eq!(in_pieces, at_once);
    if content_type.is_none() {
        assert_eq!(at_once.text, String::from_utf8_lossy(whole));
    }
});
