//! What is read from an answer is an object, and one that is JSON stays as it is.
#![no_main]

use chatwire_core::FinishReason;
use chatwire_structured::json::read;
use serde_json::{Map, Value};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let object = |json: &str| serde_json::from_str::<Map<String, Value>>(json).ok();
    for reason in [FinishReason::Stop, FinishReason::Eof, FinishReason::Length] {
        match read(text, &reason, None) {
            Ok(json) => {
                assert!(object(&json).is_some(), "{json}");
                // What was mended once is not mended again.
                assert_eq!(read(&json, &reason, None).unwrap(), json);
                if object(text).is_some() {
                    assert_eq!(json, text.trim());
                }
            }
            Err(invalid) => {
                let words = invalid.to_string();
                assert!(words.len() < 4096 && !words.contains(char::is_control), "{words}");
            }
        }
    }
});
