use chatwire_core::provider_kit::refusal::{is_html_page, message_in_json, page_error};
use chatwire_core::{Error, ErrorKind};

use super::failure::server_failure;

/// The start of a body until something of the protocol has come in it, to say
/// what it is if nothing does.
#[derive(Debug)]
pub(crate) struct Stray(Option<Vec<u8>>);

/// How much of the body is kept.
const KEPT: usize = 16 * 1024;

impl Default for Stray {
    fn default() -> Stray {
        Stray(Some(Vec::new()))
    }
}

impl Stray {
    pub(crate) fn keep(&mut self, chunk: &[u8]) {
        if let Some(start) = &mut self.0 {
            let room = KEPT.saturating_sub(start.len());
            start.extend(chunk.iter().take(room));
        }
    }

    /// Something of the protocol has come.
    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }

    /// What the body is, if nothing of the protocol came in it.
    pub(crate) fn error(&self) -> Option<Error> {
        let start = String::from_utf8_lossy(self.0.as_deref()?);
        Some(no_answer(&start))
    }
}

/// The error of a body that is no answer.
pub(crate) fn no_answer(body: &str) -> Error {
    if body.trim().is_empty() {
        return Error::new(
            ErrorKind::Protocol,
            "the answer is empty: the server sent nothing",
        );
    }
    if is_html_page(body) {
        return page_error(body, "an answer");
    }
    if let Some(message) = message_in_json(body) {
        return server_failure(&message);
    }
    Error::new(
        ErrorKind::Protocol,
        "the answer is of none of the AI SDK's protocols",
    )
    .with_excerpt(body)
}
