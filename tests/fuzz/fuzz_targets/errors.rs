//! Responses that are errors, and lists of models: whatever the server says, the
//! error is short, and every id can be shown.
#![no_main]

use std::time::SystemTime;

use chatwire_core::provider_kit::refusal::ErrorResponse;
use chatwire_core::provider_kit::{Redactor, listed_models};
use chatwire_core::{Error, ModelInfo};

const STATUSES: [u16; 10] = [400, 401, 403, 404, 407, 413, 429, 451, 500, 503];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((status, data)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(data);
    let headers = http::HeaderMap::new();
    let response = ErrorResponse {
        status: STATUSES[usize::from(*status) % STATUSES.len()],
        reason: text.lines().next(),
        headers: &headers,
        url: "http://localhost/",
        body: &text,
    };
    for words in [None, Some(&*text)] {
        let error = response.to_error(words, SystemTime::UNIX_EPOCH);
        assert!(error.detail().is_none_or(|it| it.len() <= Error::DETAIL_MAX));
        assert!(error.excerpt().is_none_or(|it| it.len() <= Error::EXCERPT_MAX));
        assert!(error.to_string().len() <= 4096);
    }
    let models = text.split(',').map(ModelInfo::new);
    for model in listed_models(models, &Redactor::new()) {
        assert!((1..=256).contains(&model.id.len()));
        assert!(!model.id.contains(char::is_control));
    }
});
