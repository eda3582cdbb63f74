//! HTTP as every provider speaks it: one policy for time and size limits,
//! proxies, headers and redirects, in one place.

mod alarm;
mod body;
mod client;
mod config;
mod deadlines;
mod response;
mod url;

use std::time::{Duration, SystemTime};

use serde_json::Value;

pub use client::{HttpClient, HttpRequest};
pub use config::HttpConfig;
pub use response::{HttpResponse, refusal};
pub use url::{BaseUrl, RequestUrl};

/// The message in a JSON error, in one of the shapes that servers use:
/// `{"message": …}`, `{"error": …}` or `{"error": {"message": …}}`. Members of
/// other types are passed over, for example `"error": true`.
pub fn message_of_json(body: &str) -> Option<String> {
    let start = body.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let whole: Value = serde_json::from_str(start).ok()?;
    let error = whole.get("error");
    [
        whole.get("message"),
        error,
        error.and_then(|error| error.get("message")),
    ]
    .into_iter()
    .flatten()
    .filter_map(Value::as_str)
    .find(|message| !message.is_empty())
    .map(str::to_owned)
}

/// How long a `Retry-After` header asks to wait: seconds, or until a date.
/// A date that has passed is no wait.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}
