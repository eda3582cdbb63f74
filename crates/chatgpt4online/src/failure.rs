use chatwire_core::provider_kit::HttpResponse;
use chatwire_core::provider_kit::refusal::{json_in, plain_text};
use chatwire_core::{Error, ErrorKind};
use serde::Deserialize;

use crate::payload::Text;

/// What a response with a status other than 2xx means.
pub(crate) enum Failure {
    /// The nonce is missing, wrong or too old: a fresh one may help.
    Nonce(Error),
    /// Anything else.
    Other(Error),
}

/// The codes with which WordPress refuses a nonce.
const NONCE_CODES: [&str; 2] = ["rest_forbidden", "rest_cookie_invalid_nonce"];

/// An error of the plugin, or of WordPress itself.
#[derive(Deserialize)]
struct Wire<'a> {
    success: Option<bool>,
    #[serde(borrow, default)]
    message: Text<'a>,
    #[serde(borrow, default)]
    code: Text<'a>,
}

pub(crate) async fn failure(mut response: HttpResponse) -> Failure {
    let status = response.status();
    let body = response.read_excerpt().await;
    let wire = json_in(&body, |wire: &Wire<'_>| {
        !wire.message.as_str().is_empty() || !wire.code.as_str().is_empty()
    });
    match wire {
        Some(wire) if matches!(status, 401 | 403) && NONCE_CODES.contains(&wire.code.as_str()) => {
            let words = plain_text(wire.message.as_str());
            Failure::Nonce(response.complete_error(Error::new(
                ErrorKind::Credentials,
                format!("the site refuses the nonce ({words}), also a fresh one"),
            )))
        }
        // The plugin's own errors are all under status 500, so only the words
        // tell whether to try again.
        Some(wire) if wire.success == Some(false) => {
            Failure::Other(response.error_with_words(wire.message.as_str()))
        }
        _ => Failure::Other(response.error_with_body(&body)),
    }
}
