use chatwire_core::provider_kit::HttpResponse;
use chatwire_core::provider_kit::refusal::{json_in, plain_text};
use chatwire_core::{Error, ErrorKind};

use crate::payload::Answer;

/// What a response with a status other than 2xx means.
pub(crate) enum Failure {
    /// The nonce is missing, wrong or too old: a fresh one may help.
    Nonce(Error),
    /// Anything else.
    Other(Error),
}

/// The codes with which WordPress refuses a nonce.
const NONCE_CODES: [&str; 2] = ["rest_forbidden", "rest_cookie_invalid_nonce"];

pub(crate) async fn failure(mut response: HttpResponse) -> Failure {
    let status = response.status();
    let body = response.read_excerpt().await;
    let answer = json_in(&body, |answer: &Answer| {
        !answer.message.is_empty() || !answer.code.is_empty()
    });
    match answer {
        Some(answer)
            if matches!(status, 401 | 403) && NONCE_CODES.contains(&answer.code.as_str()) =>
        {
            let words = plain_text(&answer.message);
            Failure::Nonce(response.complete_error(Error::new(
                ErrorKind::Credentials,
                format!("the site refuses the nonce ({words}), also a fresh one"),
            )))
        }
        // The plugin's own errors are all under status 500, so only the words
        // tell whether to try again.
        Some(answer) if answer.success == Some(false) => {
            Failure::Other(response.error_with_words(&answer.message))
        }
        _ => Failure::Other(response.error_with_body(&body)),
    }
}
