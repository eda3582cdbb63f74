use chatwire_core::provider_kit::refusal::{from_words, message_in_json};
use chatwire_core::{Error, ErrorKind, Limit};

/// What servers say that hide why they failed, besides nothing at all.
const MASKS: &[&str] = &["An error occurred.", "An error occurred", "{}", "null"];

/// The error that the words of an `error` event are.
pub(crate) fn server_failure(words: &str) -> Error {
    let is_json = words.trim_start().starts_with('{');
    let inner = is_json.then(|| message_in_json(words)).flatten();
    let said = inner.as_deref().unwrap_or(words).trim();
    if said.is_empty() || MASKS.contains(&said) {
        masked()
    } else {
        from_words(said)
    }
}

/// The error of a server that does not say what went wrong.
pub(crate) fn masked() -> Error {
    Error::new(
        ErrorKind::Refused,
        "the server failed and hides why: an AI SDK server masks its errors unless its own \
         `onError` passes them on, so the reason stands in its log",
    )
    .with_retryable(true)
}

/// The error of an answer that the server stopped.
pub(crate) fn aborted(reason: &str) -> Error {
    let reason = match reason.trim() {
        "" => String::new(),
        reason => format!(": {}", shorten(reason)),
    };
    truncated(&format!("the server stopped the answer{reason}"))
}

/// The error of an answer that is not whole although HTTP ended cleanly.
pub(crate) fn truncated(why: &str) -> Error {
    Error::new(
        ErrorKind::Truncated,
        format!("the answer was cut off: {why}"),
    )
}

/// The error of a body that ended without an end mark, after `unreadable`
/// events or lines that are not of the protocol, of which one was `sample`.
pub(crate) fn unended(mark: &str, unreadable: usize, sample: &str) -> Error {
    let unreadable = match unreadable {
        0 => String::new(),
        count => format!(", and {count} of its lines cannot be read"),
    };
    truncated(&format!("its body ended without {mark}{unreadable}")).with_excerpt(sample)
}

/// The error of an answer without any text, which ended for this reason.
pub(crate) fn empty(reason: &str, tool: Option<&str>) -> Error {
    let (kind, why) = match reason {
        "tool-calls" => (
            ErrorKind::Refused,
            match tool {
                Some(tool) => format!(
                    "the answer has no text: the server waits for the tool {}, which only its \
                     own page can run",
                    shorten(tool)
                ),
                None => "the answer has no text: the server waits for a tool, which only its own \
                         page can run"
                    .to_owned(),
            },
        ),
        "content-filter" => (
            ErrorKind::Refused,
            "the answer has no text: a content filter kept it back".to_owned(),
        ),
        "error" => return masked(),
        _ => (
            ErrorKind::Protocol,
            "the answer is empty: the server ended it without a word".to_owned(),
        ),
    };
    Error::new(kind, why)
}

/// The error of something that is larger than its limit.
pub(crate) fn too_large(what: &str, limit: usize) -> Error {
    Error::new(
        ErrorKind::LimitExceeded(Limit::Event),
        format!("{what} is larger than the limit of {limit} bytes"),
    )
}

/// Checks a size against its limit.
pub(crate) fn check(what: &str, size: usize, limit: Option<usize>) -> Result<(), Error> {
    match limit {
        Some(limit) if size > limit => Err(too_large(what, limit)),
        _ => Ok(()),
    }
}

/// At most 300 characters of a text.
fn shorten(text: &str) -> String {
    text.chars().take(300).collect()
}
