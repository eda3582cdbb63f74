//! Tools for authors of providers: HTTP under the shared policy, credentials that
//! are fetched once and shared, decoders, and the reading of refusals.
//!
//! Users of a provider need none of them.

pub use crate::credentials::{Cached, CredentialCache};
pub use crate::decode::ReplyDecoder;
pub use crate::http::{BaseUrl, HttpClient, HttpRequest, HttpResponse, RequestUrl};
pub use crate::provider::{Setting, SettingKind, listed_models, read_settings};
pub use crate::secret::Redactor;

/// Decoders: pure functions of bytes. No I/O, no clock, and the same result
/// wherever the bytes are cut.
pub mod decode {
    pub use crate::decode::{Lines, PlainText, SseDecoder, SseEvent, Utf8Decoder};
}

/// Pages that servers send, read as a browser reads them.
pub mod html {
    pub use crate::html::{Tag, tags};
}

/// What servers say instead of an answer: refusals in words, pages, JSON with
/// noise around it, and how long to wait.
///
/// Everything here is a pure function, and linear in its input: of a body that
/// is not an answer, at most the first [64 KiB](refusal::JUDGED) are judged.
pub mod refusal {
    pub use crate::refusal::{
        ErrorResponse, JUDGED, first_line, from_words, is_html_page, is_quota, is_temporary,
        json_in, kind_from_words, message_in_json, page_error, page_title, plain_text, unreadable,
        wait_from_header, wait_from_words,
    };
}
