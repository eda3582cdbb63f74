use chatwire_core::provider_kit::HttpResponse;
use chatwire_core::provider_kit::refusal::kind_from_words;
use chatwire_core::{Error, ErrorKind};

/// Returns the error that a response with a status other than 2xx reports.
///
/// Whatever happens before the stream, the server answers 500 with the body
/// `Error`; the cause is only in the reason phrase.
pub(crate) async fn failure(response: HttpResponse) -> Error {
    let status = response.status();
    if status != 500 {
        let error = response.into_error().await;
        return match (status, error.kind()) {
            (401 | 403, ErrorKind::Refused | ErrorKind::Status) => {
                error.with_kind(ErrorKind::Credentials)
            }
            _ => error,
        };
    }
    match response.reason() {
        Some("") => response.complete_error(Error::new(
            ErrorKind::Refused,
            "the server failed without a reason: the reason phrase, where such servers put it, is \
             empty or cannot be read",
        )),
        Some(reason) => {
            let error = response.error_with_words(reason);
            // A key that is wrong is ours, or the server's own for its model.
            match kind_from_words(reason) {
                Some(ErrorKind::Credentials) => error.with_kind(ErrorKind::Credentials),
                _ => error,
            }
        }
        // The usual phrase: the cause did not fit into one, or nothing is known.
        None => response.into_error().await,
    }
}
