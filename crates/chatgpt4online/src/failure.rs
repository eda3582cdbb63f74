use chatwire_core::provider_kit::HttpResponse;
use chatwire_core::provider_kit::refusal::{plain_text, refusal};
use chatwire_core::{Error, ErrorKind};
use serde::Deserialize;

use crate::access::json_in;

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
    #[derive(Deserialize)]
    struct Wire {
        success: Option<bool>,
        message: Option<String>,
        code: Option<String>,
    }
    let status = response.status();
    let body = response.excerpt().await;
    // Errors may have warnings of PHP before them, so they are looked for.
    let wire = json_in::<Wire>(&body);
    let Some(wire) = wire.filter(|wire| wire.message.is_some() || wire.code.is_some()) else {
        return Failure::Other(response.error_for(&body));
    };
    let message = wire.message.unwrap_or_default();
    let is_nonce = matches!(status, 401 | 403)
        && wire
            .code
            .as_deref()
            .is_some_and(|code| NONCE_CODES.contains(&code));
    if is_nonce {
        let error = Error::new(
            ErrorKind::Credentials,
            format!(
                "the site refuses the nonce ({}), also a fresh one",
                plain_text(&message)
            ),
        );
        return Failure::Nonce(response.finish_error(error.with_status(status)));
    }
    if wire.success == Some(false) {
        // The plugin's own errors are all under status 500, so only the words
        // tell whether to try again.
        let error = refusal(&message).with_status(status);
        return Failure::Other(response.finish_error(error));
    }
    let json = serde_json::json!({ "message": message }).to_string();
    Failure::Other(response.error_for(&json))
}
