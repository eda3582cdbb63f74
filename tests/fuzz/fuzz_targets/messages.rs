//! Messages from JSON: what is read can be written, and reads the same again.
#![no_main]

use chatwire_core::{ChatRequest, Message, Messages, PromptFormat};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = serde_json::from_slice::<Message>(data);
    let Ok(messages) = serde_json::from_slice::<Messages>(data) else {
        return;
    };
    let json = serde_json::to_string(&messages).unwrap();
    let again: Messages = serde_json::from_str(&json).unwrap();
    assert_eq!(again, messages);
    let prompt = PromptFormat::new().format(&messages);
    let request = ChatRequest::new(messages);
    if request.validate().is_ok() {
        assert!(prompt.is_ok_and(|prompt| !prompt.is_empty()));
    }
});
