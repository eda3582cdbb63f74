//! No secret comes out, whatever is around it.
#![no_main]

use chatwire_core::Secret;
use chatwire_core::provider_kit::Redactor;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut secrets = text.split('\n');
    let said = secrets.next_back().unwrap_or_default();
    let redactor = Redactor::new();
    let secrets: Vec<&str> = secrets.take(8).collect();
    for secret in &secrets {
        redactor.keep(&Secret::new(*secret));
    }
    let shown = redactor.text(said);
    assert!(!shown.chars().any(|c| c.is_control() && c != '\t'));
    for secret in secrets {
        // The mask and what follows it can look like a secret again.
        let is_like_mask = secret.contains(['[', ']', 'r', 'e', 'd', 'a', 'c', 't']);
        // What shows nothing is not searched for.
        let visible = secret.chars().filter(char::is_ascii_graphic).count();
        if visible >= 4 && !is_like_mask {
            assert!(!shown.contains(secret), "{secret:?} in {shown:?}");
        }
    }
});
