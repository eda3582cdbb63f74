use crate::error::ErrorKind;

/// Words that say that the conversation is too long.
const TOO_LONG: &[&str] = &[
    "context length",
    "context_length",
    "context window",
    "maximum context",
    "prompt is too long",
    "too many tokens",
    "reduce the length",
    "input length",
    "input is too long",
];

/// Words that say that there were too many requests in a short time.
const TOO_MANY: &[&str] = &[
    "rate limit",
    "rate_limit",
    "ratelimit",
    "too many requests",
    "requests per",
    "tokens per",
    "reached the limit",
    "reached your limit",
    "limit reached",
    "limit exceeded",
    "resource_exhausted",
    "resource exhausted",
];

/// Words that say that a key or token is missing or wrong.
const NOT_AUTHORIZED: &[&str] = &[
    "api key",
    "api_key",
    "unauthorized",
    "unauthorised",
    "authentication",
    "invalid token",
    "not authenticated",
];

/// Words that promise that a later attempt can succeed.
const TEMPORARY: &[&str] = &[
    "overloaded",
    "try again",
    "temporarily",
    "briefly unavailable",
    "had an error while processing",
    "server_error",
    "curl error",
    "timed out",
    "timeout",
];

/// Recognises the kind of an error from the words of a backend or of the model
/// behind it. Returns `None` if they say nothing known.
///
/// Backends wrap the errors of their model in their own status (500, or even
/// 200), so that only the words tell.
///
/// ```
/// use chatwire_core::ErrorKind;
/// use chatwire_core::provider_kit::refusal::kind_from_words;
///
/// let words = "Rate limit reached for gpt-4o on tokens per min";
/// assert_eq!(kind_from_words(words), Some(ErrorKind::RateLimited));
/// assert_eq!(kind_from_words("Sorry, your query has been rejected."), None);
/// ```
pub fn kind_from_words(words: &str) -> Option<ErrorKind> {
    let words = words.to_ascii_lowercase();
    if has_any(&words, TOO_LONG) {
        Some(ErrorKind::ContextLength)
    } else if has_any(&words, TOO_MANY) {
        Some(ErrorKind::RateLimited)
    } else if has_any(&words, NOT_AUTHORIZED) {
        Some(ErrorKind::Credentials)
    } else {
        None
    }
}

/// Returns whether the words promise that a later attempt can succeed.
pub fn is_temporary(words: &str) -> bool {
    has_any(&words.to_ascii_lowercase(), TEMPORARY)
}

/// Returns whether the words say that what the account may use is used up:
/// waiting a moment does not help, unlike with a rate limit.
pub(super) fn is_quota(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    words.contains("quota") && !has_any(&words, TOO_MANY)
}

fn has_any(words: &str, patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| words.contains(pattern))
}
