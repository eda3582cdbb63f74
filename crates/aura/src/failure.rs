use chatwire_core::provider_kit::HttpResponse;
use chatwire_core::provider_kit::refusal::{kind_from_words, refusal};
use chatwire_core::{Error, ErrorKind};

/// The error that a response with a status other than 2xx is.
///
/// Whatever happens before the stream, the server answers 500 with the body
/// `Error`; the cause stands only in the reason phrase.
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
    let error = match response.reason() {
        Some("") => Error::new(
            ErrorKind::Refused,
            "the server failed; its reason has characters beyond ASCII, which are lost in HTTP",
        ),
        Some(reason) => {
            let error = refusal(reason);
            // A key that is wrong is ours, or the server's own for its model.
            match kind_from_words(reason) {
                Some(ErrorKind::Credentials) => error.with_kind(ErrorKind::Credentials),
                _ => error,
            }
        }
        // The usual phrase: the cause did not fit into one, or nothing is known.
        None => return response.into_error().await,
    };
    response.finish_error(error.with_status(status))
}
