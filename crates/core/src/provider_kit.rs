//! What authors of providers need besides the types of the crate's root: HTTP
//! under the shared policy, credentials that are fetched once, decoders, and
//! what servers say when they refuse.
//!
//! Users of a provider need none of it.

pub use crate::credentials::{Cached, CredentialCache};
pub use crate::decode::ReplyDecoder;
pub use crate::http::{BaseUrl, HttpClient, HttpRequest, HttpResponse, RequestUrl};
pub use crate::provider::{Setting, SettingKind, read_settings};
pub use crate::secret::Redactor;

/// Decoders: pure functions of bytes. No I/O, no clock, and the same result
/// wherever the bytes are cut.
pub mod decode {
    pub use crate::decode::{Lines, PlainText, SseDecoder, SseEvent, Utf8Decoder};
}

/// What servers say instead of an answer: pure functions of their words.
pub mod refusal {
    pub use crate::http::{message_of_json, refusal, retry_after};
    pub use crate::text::{is_html_page, plain as plain_text};
    pub use crate::words::{kind_from_words, sounds_temporary, wait_from_words};
}
