//! However UTF-8 is cut, it comes to what the standard library makes of it.
#![no_main]

use chatwire_core::provider_kit::decode::Utf8Decoder;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (pieces, whole) = chatwire_fuzz::pieces(data);
    let mut decoder = Utf8Decoder::new();
    let mut text: String = pieces.iter().map(|piece| decoder.decode(piece)).collect();
    text.push_str(&decoder.finish());
    assert_eq!(text, String::from_utf8_lossy(whole));
});
