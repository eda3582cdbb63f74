//! How long a server asks to wait.

use std::time::{Duration, SystemTime};

use http::header::{HeaderMap, RETRY_AFTER};

/// Returns how long a `Retry-After` header asks to wait: seconds, or until a
/// date. A date in the past means no wait. Dates have no fractions of a second, and
/// neither has the wait until one.
pub fn wait_from_header(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let wait = until.duration_since(now).unwrap_or_default();
    let begun = u64::from(wait.subsec_nanos() > 0);
    Some(Duration::from_secs(wait.as_secs().saturating_add(begun)))
}

/// Returns how long the headers of a response ask to wait.
pub(crate) fn wait_in(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    wait_from_header(value, now)
}

/// Returns how long to wait, where the words say it: "Please try again in
/// 800ms", "try again in 1m2.5s", "retry after 20 seconds".
pub fn wait_from_words(words: &str) -> Option<Duration> {
    let words = words.to_ascii_lowercase();
    let start = ["try again in ", "retry in ", "retry after "]
        .iter()
        .find_map(|lead| words.find(lead).map(|at| at + lead.len()))?;
    let mut rest = words.get(start..)?.trim_start();
    let mut total = 0.0;
    let mut known = false;
    while let Some((number, after)) = split_at_end_of(rest, |c| c.is_ascii_digit() || c == '.')
        && let Ok(number) = number.parse::<f64>()
        && let Some((unit, after)) = split_at_end_of(after, |c| c.is_ascii_alphabetic())
        && let Some(unit) = seconds_in(unit)
    {
        total += number * unit;
        known = true;
        rest = after;
    }
    // A day is longer than any backend means, and keeps the sum in range.
    (known && total <= 86_400.0).then(|| Duration::from_secs_f64(total))
}

/// Splits off the characters at the start that are of that sort. The rest is
/// without blanks at its start.
fn split_at_end_of(text: &str, sort: impl Fn(char) -> bool) -> Option<(&str, &str)> {
    let end = text.find(|c| !sort(c)).unwrap_or(text.len());
    let (start, rest) = text.split_at_checked(end)?;
    Some((start, rest.trim_start()))
}

fn seconds_in(unit: &str) -> Option<f64> {
    Some(match unit {
        "ms" | "millisecond" | "milliseconds" => 0.001,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        _ => return None,
    })
}
