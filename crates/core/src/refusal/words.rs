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
    "input too long",
    "message is too long",
    "message too long",
    "length limit",
    "token limit exceeded",
    "maximum length",
];

/// Words that say that there were too many requests in a short time.
const TOO_MANY: &[&str] = &[
    "rate limit",
    "rate_limit",
    "rate-limit",
    "ratelimit",
    "too many requests",
    "requests per",
    "tokens per",
    "resource_exhausted",
    "resource exhausted",
];

/// Words that say the same, unless the limit is one of a size.
const AT_LIMIT: &[&str] = &[
    "reached the limit",
    "reached your limit",
    "limit reached",
    "limit exceeded",
];

/// What else a limit can be of: waiting does not make a file smaller.
const SIZES: &[&str] = &[
    "length",
    "size",
    "character",
    "characters",
    "word",
    "words",
    "token",
    "file",
    "upload",
    "memory",
    "time",
    "depth",
    "recursion",
];

/// Words that say that what the account may use is used up.
const USED_UP: &[&str] = &[
    "quota",
    "billing",
    "credit balance",
    "insufficient credit",
    "insufficient balance",
    "insufficient fund",
    "out of credit",
    "no credits",
    "spending limit",
    "usage limit",
    "monthly limit",
    "hard limit",
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
    } else if has_any(&words, USED_UP) {
        None
    } else if AT_LIMIT
        .iter()
        .any(|at_limit| is_of_requests(&words, at_limit))
    {
        Some(ErrorKind::RateLimited)
    } else if has_any(&words, NOT_AUTHORIZED) {
        Some(ErrorKind::Credentials)
    } else {
        None
    }
}

/// Whether these words stand in the text, and not after the name of a size.
fn is_of_requests(words: &str, at_limit: &str) -> bool {
    words.match_indices(at_limit).any(|(at, _)| {
        let before = words.get(..at).unwrap_or_default();
        // Names of sizes are short, so that little has to be looked at.
        let tail = before.trim_end();
        let start = tail
            .rfind(|c: char| !c.is_ascii_alphabetic())
            .map_or(0, |at| at + 1);
        let word = tail.get(start..).unwrap_or_default();
        !SIZES.contains(&word)
    })
}

/// Returns whether the words promise that a later attempt can succeed.
pub fn is_temporary(words: &str) -> bool {
    has_any(&words.to_ascii_lowercase(), TEMPORARY)
}

/// Returns whether the words say that what the account may use is used up:
/// waiting a moment does not help, unlike with a rate limit.
pub fn is_quota(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    has_any(&words, USED_UP) && !has_any(&words, TOO_MANY)
}

fn has_any(words: &str, patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| words.contains(pattern))
}
