use std::time::SystemTime;

use http::HeaderMap;
use http::header::{HeaderName, PROXY_AUTHENTICATE, WWW_AUTHENTICATE};

use super::json::message_in_json;
use super::page::{first_line, is_html_page, page_error, page_title};
use super::plain::plain_text;
use super::words::{is_quota, is_temporary, kind_from_words};
use crate::error::{Error, ErrorKind};
use crate::text::shorten;
use crate::wait::{wait_from_words, wait_in};

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
        let words = message_in_json(self.body);
        if let Some(error) = self.wants_password() {
            let detail = words.map(|words| plain_text(&words));
            return error.with_detail(&detail.or_else(|| self.detail()).unwrap_or_default());
        }
        if let Some(words) = words {
            let error = from_words(&words);
            return match status {
                // Neither a long conversation nor a used-up quota gets better.
                _ if is_lasting(&error, &words) => error,
                429 => error.with_kind(ErrorKind::RateLimited),
                _ if is_transient(status) => error.with_retryable(true),
                _ => error,
            };
        }
        let detail = self.detail().unwrap_or_default();
        let by_words = from_words(&detail);
        let error = match status {
            400 if self.wants_https() => Error::new(
                ErrorKind::Status,
                format!("{} speaks TLS: its address begins with https://", self.url),
            ),
            401 | 403 | 407 | 451 if is_html_page(self.body) => {
                return page_error(self.body, "an answer");
            }
            429 if is_lasting(&by_words, &detail) => by_words,
            429 => Error::new(ErrorKind::RateLimited, "too many requests"),
            _ => Error::new(
                ErrorKind::Status,
                format!("{} answered with an error", self.url),
            ),
        };
        error.with_detail(&detail).with_excerpt(self.body)
    }

    /// What the body or the head say about the status: the title of the page,
    /// or the first line. The number of the status is left out.
    fn detail(&self) -> Option<String> {
        let reason = || self.reason.map(str::to_owned);
        let detail = page_title(self.body)
            .or_else(|| first_line(self.body))
            .or_else(reason)?;
        let detail = without_status(&detail, self.status);
        (!detail.is_empty()).then(|| detail.to_owned())
    }

    /// Whether a server that speaks TLS says that it was spoken to without.
    fn wants_https(&self) -> bool {
        const WORDS: [&str; 4] = [
            "plain http request was sent to https port",
            "http request to an https server",
            "speaking plain http to an ssl-enabled server",
            "combination of host and port requires tls",
        ];
        let body = self.body.to_ascii_lowercase();
        self.url.starts_with("http://") && WORDS.iter().any(|words| body.contains(words))
    }

    /// The error where the server or a proxy asks for a user name and a
    /// password, as browsers do in a window of their own.
    fn wants_password(&self) -> Option<Error> {
        let asks = |name: HeaderName| {
            let values = self.headers.get_all(name).into_iter();
            let values = values.filter_map(|value| value.to_str().ok());
            let mut challenges = values.flat_map(|value| value.split(','));
            challenges.any(|challenge| {
                let scheme = challenge.split_whitespace().next().unwrap_or_default();
                scheme.eq_ignore_ascii_case("basic")
            })
        };
        let message = match self.status {
            401 if asks(WWW_AUTHENTICATE) => format!(
                "{} wants a user name and a password, or does not accept those that it was \
                 sent: put them into the base URL, as in https://USER:PASSWORD@example.org",
                self.url
            ),
            407 if asks(PROXY_AUTHENTICATE) => "the proxy wants a user name and a password, or \
                 does not accept those that it was sent: put them into its address, as in \
                 http://USER:PASSWORD@127.0.0.1:3128"
                .to_owned(),
            _ => return None,
        };
        Some(Error::new(ErrorKind::Credentials, message))
    }
}

/// Whether waiting does not help, whatever the status says.
fn is_lasting(error: &Error, words: &str) -> bool {
    error.kind() == ErrorKind::ContextLength || is_quota(words)
}

/// Returns a title without the status that it begins with, as in "503 Service
/// Unavailable" or "HTTP Status 404 – Not Found".
fn without_status(title: &str, status: u16) -> &str {
    const BEFORE: [&str; 4] = ["http", "error", "status", "code"];
    const BETWEEN: [char; 8] = [' ', '-', '–', '—', ':', '|', '.', '\u{a0}'];
    let title = title.trim();
    let mut rest = title;
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let Some((word, after)) = rest.split_at_checked(end) else {
            return title;
        };
        if word.parse() == Ok(status) {
            return after.trim_start_matches(BETWEEN);
        }
        if !BEFORE.iter().any(|known| word.eq_ignore_ascii_case(known)) {
            return title;
        }
        rest = after.trim_start_matches(BETWEEN);
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
        )
        .with_detail(&first_line(body).unwrap_or_default()),
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
