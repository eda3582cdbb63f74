use std::time::SystemTime;

use http::HeaderMap;

use super::json::message_in_json;
use super::page::{is_html_page, page_error, page_title};
use super::plain::plain_text;
use super::wait::{wait_from_words, wait_in};
use super::words::{is_quota, is_temporary, kind_from_words};
use crate::error::{Error, ErrorKind};
use crate::text::shorten;

/// A response that is not an answer, as far as an error is made of it.
#[derive(Debug, Clone, Copy)]
pub struct ErrorResponse<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The reason phrase, where it is not the usual one of the status.
    pub reason: Option<&'a str>,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The address that answered, without secrets.
    pub url: &'a str,
    /// The beginning of the body.
    pub body: &'a str,
}

impl ErrorResponse<'_> {
    /// Makes the error that the response reports.
    ///
    /// `words` are those of the backend, where the provider has read them out
    /// of its protocol; then they alone tell whether to try again, since such
    /// backends send the same status for everything. Otherwise the words are
    /// looked for in the body: a JSON error, the title of a page, plain text.
    pub fn to_error(&self, words: Option<&str>, now: SystemTime) -> Error {
        let error = match words {
            Some(words) => from_words(words),
            None => self.judge(),
        };
        add_response(error, self.status, self.headers, now)
    }

    fn judge(&self) -> Error {
        let status = self.status;
        if let Some(words) = message_in_json(self.body) {
            let error = from_words(&words);
            return match status {
                // Neither a long conversation nor a used-up quota gets better.
                _ if error.kind() == ErrorKind::ContextLength || is_quota(&words) => error,
                429 => error.with_kind(ErrorKind::RateLimited),
                _ if is_transient(status) => error.with_retryable(true),
                _ => error,
            };
        }
        let error = match status {
            401 | 403 | 407 | 451 if is_html_page(self.body) => {
                return page_error(self.body, "an answer");
            }
            429 => Error::new(
                ErrorKind::RateLimited,
                format!("too many requests{}", self.detail()),
            ),
            _ => Error::new(
                ErrorKind::Status,
                format!(
                    "{} answered with status {status}{}",
                    self.url,
                    self.detail()
                ),
            ),
        };
        error.with_excerpt(self.body)
    }

    /// What the body or the head say about the status, to stand after it.
    fn detail(&self) -> String {
        let text = || {
            let plain = plain_text(self.body);
            let words: Vec<&str> = plain.split_whitespace().collect();
            Some(words.join(" ")).filter(|text| !text.is_empty())
        };
        let reason = || self.reason.map(str::to_owned).filter(|it| !it.is_empty());
        page_title(self.body)
            .or_else(text)
            .or_else(reason)
            .map_or(String::new(), |detail| {
                format!(": {}", shorten(&detail, 200))
            })
    }
}

/// Adds to an error the status of the response that it came with, unless it has
/// one, and how long the response asks to wait. A header is made for programs
/// and goes before words.
pub(crate) fn add_response(
    error: Error,
    status: u16,
    headers: &HeaderMap,
    now: SystemTime,
) -> Error {
    let error = error.with_retry_after(wait_in(headers, now));
    match error.status() {
        Some(_) => error,
        None => error.with_status(status),
    }
}

/// Whether a later request can succeed where one was answered with this status.
fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// Makes the error for a body that cannot be read as what was wanted, for
/// example "the list of models": it is a page, or reports an error itself, or
/// `why` says what is wrong with it.
pub fn unreadable(body: &str, wanted: &str, why: &str) -> Error {
    if is_html_page(body) {
        return page_error(body, wanted);
    }
    let error = match message_in_json(body) {
        Some(message) => from_words(&message),
        None => Error::new(
            ErrorKind::Protocol,
            format!("{wanted} cannot be read: {why}"),
        ),
    };
    error.with_excerpt(body)
}

/// Makes the error that a backend's own words report: of the kind that they
/// name, otherwise [`ErrorKind::Refused`]. Markup is taken out.
pub fn from_words(words: &str) -> Error {
    let words = plain_text(words);
    let shown = if words.is_empty() {
        "the backend refused without a word".into()
    } else {
        shorten(&words, 2000)
    };
    // A key that the words call wrong may be ours or the server's own: only the
    // provider knows.
    let kind = match kind_from_words(&words) {
        Some(ErrorKind::Credentials) | None => ErrorKind::Refused,
        Some(kind) => kind,
    };
    let error = Error::new(kind, shown).with_retry_after(wait_from_words(&words));
    if kind == ErrorKind::Refused && is_temporary(&words) && !is_quota(&words) {
        error.with_retryable(true)
    } else {
        error
    }
}
