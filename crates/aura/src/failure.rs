use chatwire_core::provider_kit::HttpResponse;
use chatwire_core::provider_kit::refusal::{json_in, kind_from_words};
use chatwire_core::{Error, ErrorKind};
use serde::Deserialize;

/// Returns the error that a response with a status other than 2xx reports.
///
/// Whatever happens before the stream, Chatbot-UI answers 500 with the body
/// `Error`; the cause is only in the reason phrase. chatbot-ollama answers JSON.
pub(crate) async fn failure(mut response: HttpResponse) -> Error {
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
    let body = response.read_excerpt().await;
    if let Some(words) = words_in(&body) {
        return from_words(&response, &words);
    }
    match response.reason() {
        Some("") => response.complete_error(Error::new(
            ErrorKind::Refused,
            "the server failed without a reason: the reason phrase, where such servers put it, is \
             empty or cannot be read",
        )),
        Some(reason) => from_words(&response, reason),
        // The usual phrase: the cause did not fit into one, or nothing is known.
        None => response.error_with_body(&body),
    }
}

/// What chatbot-ollama says in an error.
#[derive(Deserialize)]
struct OllamaError {
    message: String,
    suggestion: Option<String>,
}

fn words_in(body: &str) -> Option<String> {
    let error: OllamaError = json_in(body, |_| true)?;
    Some(match error.suggestion {
        Some(suggestion) => format!("{} ({suggestion})", error.message),
        None => error.message,
    })
}

fn from_words(response: &HttpResponse, words: &str) -> Error {
    let error = response.error_with_words(words);
    // A key that is wrong is ours, or the server's own for its model.
    match kind_from_words(words) {
        Some(ErrorKind::Credentials) => error.with_kind(ErrorKind::Credentials),
        None if is_about_the_model(words) => error
            .with_kind(ErrorKind::UnsupportedModel)
            .with_retryable(false),
        _ => error,
    }
}

/// Whether the words say that there is no such model.
fn is_about_the_model(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    let parts = [
        "does not exist",
        "doesn't exist",
        "not found",
        "no such model",
        "unknown model",
        "invalid model",
    ];
    words.contains("model") && parts.iter().any(|part| words.contains(part))
}

#[cfg(test)]
mod tests {
    use super::{is_about_the_model, words_in};

    #[test]
    fn what_the_words_are_about() {
        for (words, expected) in [
            ("The model `openchat_3.6` does not exist", true),
            ("model 'llama9' not found, try pulling it first", true),
            ("invalid model ID", true),
            ("The model is overloaded", false),
            ("Page not found", false),
        ] {
            assert_eq!(is_about_the_model(words), expected, "{words}");
        }
    }

    #[test]
    fn errors_in_json() {
        for (body, words) in [
            (
                r#"{"error":"Ollama Error","message":"m","suggestion":"s"}"#,
                Some("m (s)"),
            ),
            (
                r#"{"error":"Internal Server Error","message":"m"}"#,
                Some("m"),
            ),
            (r#"{"error":"x"}"#, None),
            ("Error", None),
        ] {
            assert_eq!(words_in(body).as_deref(), words, "{body}");
        }
    }
}
