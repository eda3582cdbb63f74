//! Credentials in scripts, pages and JSON: whatever is found can be sent.
#![no_main]

use chatwire_chatgpt4online::fuzzing as site;
use chatwire_core::provider_kit::refusal;
use chatwire_magickpen::fuzzing as pen;

fn check(secret: &str) {
    assert!((1..=1024).contains(&secret.len()));
    let sendable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    assert!(secret.bytes().all(sendable), "{secret:?}");
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for secret in pen::secrets(&text).iter().flatten() {
        check(secret);
        assert!(text.contains(secret));
    }
    for address in pen::script_addresses(&text) {
        assert!(!address.is_empty());
    }
    site::root_in_page(&text);
    for nonce in [site::nonce_in_page(&text), site::nonce_in_json(&text)] {
        if let Some(nonce) = nonce {
            check(&nonce);
            assert!(nonce.len() <= 64);
        }
    }
    let plain = refusal::plain_text(&text);
    // An entity of a few bytes can be two characters of three.
    assert!(plain.len() <= 2 * text.len());
    refusal::is_html_page(&text);
    refusal::kind_from_words(&text);
    refusal::wait_from_words(&text);
    refusal::message_in_json(&text);
});
