//! Session files of every format: what is read can be kept, and reads the same
//! again.
#![no_main]

use chatwire_browser::BrowserSession;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let Ok(session) = BrowserSession::import(&text, "https://chat.example.org/app") else {
        return;
    };
    let again = BrowserSession::from_json(&session.to_json()).unwrap();
    assert_eq!(again, session);
});
