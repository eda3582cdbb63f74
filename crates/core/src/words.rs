//! What backends say in words only.

use std::time::Duration;

use crate::error::ErrorKind;

/// Recognises the kind of an error from the words of a backend or of the model
/// behind it; none when they say nothing known.
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
    let says = |patterns: &[&str]| patterns.iter().any(|pattern| words.contains(pattern));
    if says(&[
        "context length",
        "context_length",
        "context window",
        "maximum context",
        "prompt is too long",
        "too many tokens",
        "reduce the length",
    ]) {
        Some(ErrorKind::ContextLength)
    } else if says(&[
        "rate limit",
        "rate_limit",
        "ratelimit",
        "too many requests",
        "quota",
        "reached the limit",
        "reached your limit",
        "limit reached",
        "limit exceeded",
        "resource_exhausted",
        "resource exhausted",
    ]) {
        Some(ErrorKind::RateLimited)
    } else if says(&[
        "api key",
        "api_key",
        "unauthorized",
        "unauthorised",
        "authentication",
        "invalid token",
        "not authenticated",
    ]) {
        Some(ErrorKind::Credentials)
    } else {
        None
    }
}

/// Whether the words promise that a later attempt can succeed.
pub fn sounds_temporary(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    [
        "overloaded",
        "try again",
        "temporarily",
        "briefly unavailable",
        "had an error while processing",
        "server_error",
        "curl error",
        "timed out",
        "timeout",
    ]
    .iter()
    .any(|pattern| words.contains(pattern))
}

/// How long to wait, where the words say it: "Please try again in 800ms",
/// "try again in 1m2.5s", "retry after 20 seconds".
pub fn wait_from_words(words: &str) -> Option<Duration> {
    let words = words.to_ascii_lowercase();
    let start = ["try again in ", "retry in ", "retry after "]
        .iter()
        .find_map(|lead| words.find(lead).map(|at| at + lead.len()))?;
    let mut rest = words.get(start..)?.trim_start();
    let mut total = 0.0;
    let mut known = false;
    loop {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let Some(number) = rest.get(..digits).and_then(|n| n.parse::<f64>().ok()) else {
            break;
        };
        let after = rest.get(digits..).unwrap_or_default().trim_start();
        let letters = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let unit = match after.get(..letters).unwrap_or_default() {
            "ms" | "millisecond" | "milliseconds" => 0.001,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            _ => break,
        };
        total += number * unit;
        known = true;
        rest = after.get(letters..).unwrap_or_default().trim_start();
    }
    // A day is longer than any backend means, and keeps the sum in range.
    (known && total <= 86_400.0).then(|| Duration::from_secs_f64(total))
}
