use chatwire_core::provider_kit::HttpResponse;
use chatwire_core::provider_kit::refusal::{self, is_quota, json_in, plain_text};
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

/// `has_sessions` tells whether the plugin's route for sessions was found.
pub(crate) async fn failure(mut response: HttpResponse, has_sessions: bool) -> Failure {
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
        Some(answer) if status == 429 || answer.over_limit == Some(true) => {
            Failure::Other(response.complete_error(over_limit(&answer.message)))
        }
        // The plugin's own errors are all under status 500, so only the words
        // tell whether to try again.
        Some(answer) if answer.success == Some(false) => {
            Failure::Other(response.complete_error(from_words(&answer.message)))
        }
        Some(answer) if answer.code == NO_ROUTE => Failure::Other(
            response
                .error_with_body(&body)
                .with_context(match has_sessions {
                    true => "AI Engine is there, but its chatbots module is off",
                    false => {
                        "this is the REST API of WordPress, so the address is right, but AI Engine \
                         is not installed, or it or its chatbots module is off"
                    }
                }),
        ),
        _ => Failure::Other(response.error_with_body(&body)),
    }
}

/// The code with which WordPress answers for an address that nothing serves.
pub(crate) const NO_ROUTE: &str = "rest_no_route";

/// Words with which plugins from 3.6.3 on, and WordPress, stand in for the
/// errors of a site's model and of its own code.
const MASKS: [&str; 4] = [
    "something went wrong",
    "an error occurred",
    "an error has occurred",
    "an unexpected error",
];

/// The error that the site's words report. A general sentence is no refusal: it
/// hides a fault of the model behind the site, which may be gone in a moment.
pub(crate) fn from_words(words: &str) -> Error {
    let error = refusal::from_words(words);
    let said = error.message().to_lowercase();
    if error.kind() != ErrorKind::Refused || !MASKS.iter().any(|mask| said.contains(mask)) {
        return error;
    }
    Error::new(
        ErrorKind::Status,
        format!("the model behind the site failed: {}", error.message()),
    )
    .with_retryable(true)
}

/// The error for a limit of the site that is used up, by its own words.
pub(crate) fn over_limit(words: &str) -> Error {
    let error = refusal::from_words(words);
    if plain_text(words).is_empty() {
        return Error::new(ErrorKind::RateLimited, "a limit of the site is used up");
    }
    // Neither a long question nor a used-up quota gets better by waiting.
    if error.kind() == ErrorKind::ContextLength || is_quota(words) {
        return error;
    }
    error.with_kind(ErrorKind::RateLimited)
}
