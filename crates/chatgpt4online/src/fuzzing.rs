//! The pure functions of this crate that read what a server sends, for the
//! fuzz tests alone: `--cfg fuzzing` is what brings them.

use chatwire_core::provider_kit::refusal::json_in;

use crate::page;
use crate::payload::Answer;

/// The nonce on a page with a chatbot.
pub fn nonce_in_page(page: &str) -> Option<String> {
    page::nonce_in(page).map(|nonce| nonce.expose().to_owned())
}

/// The address of the REST API that a page names.
pub fn root_in_page(page: &str) -> Option<String> {
    page::linked_root(page)
}

/// The nonce in an answer in JSON, with PHP warnings around it.
pub fn nonce_in_json(body: &str) -> Option<String> {
    let answer: Answer = json_in(body, |_| true)?;
    let nonce = page::checked_nonce(&answer.rest_nonce?)?;
    Some(nonce.expose().to_owned())
}
