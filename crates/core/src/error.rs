use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::text::{CUT, shorten};
use crate::wait::wait_from_words;

/// The error of a request or a reply.
///
/// It is one pointer wide and cheap to clone. Branch on [`kind`](Error::kind). Its
/// `Display` says what was wrong, where and what to do. Neither `Display` nor
/// `Debug` contains a secret.
#[derive(Clone, thiserror::Error)]
#[error(transparent)]
pub struct Error(Arc<Inner>);

#[derive(Clone, thiserror::Error)]
#[error("{}{message}{}{}", Origin(.provider.as_deref()), Details(self), Attempts(self))]
struct Inner {
    kind: ErrorKind,
    message: String,
    provider: Option<String>,
    status: Option<u16>,
    detail: Option<String>,
    retry_after: Option<Duration>,
    parameter: Option<&'static str>,
    proxy: Option<String>,
    retryable: Option<bool>,
    excerpt: Option<String>,
    attempts: Vec<Error>,
    source: Option<Source>,
}

/// An error of any type, shared because errors are cloned.
#[derive(Clone)]
struct Source(Arc<dyn StdError + Send + Sync>);

impl Deref for Source {
    type Target = dyn StdError + Send + Sync;

    fn deref(&self) -> &Self::Target {
        self.0.as_ref()
    }
}

/// Shows the provider, in front of the message.
struct Origin<'a>(Option<&'a str>);

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(provider) => write!(f, "{provider}: "),
            None => Ok(()),
        }
    }
}

/// Shows after the message, in this order, what is known: the HTTP status, what
/// the server said, the wait that it asks for, and the proxy in between. What
/// the message says already is not repeated.
struct Details<'a>(&'a Inner);

impl fmt::Display for Details<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.0;
        let detail = inner.detail.as_deref();
        let detail = detail.filter(|it| !inner.message.contains(it.trim_end_matches(CUT)));
        // A status 200 says nothing by itself.
        let status = inner
            .status
            .filter(|status| *status != 200 || detail.is_some());
        let is_told = |wait| {
            [detail, Some(inner.message.as_str())]
                .into_iter()
                .flatten()
                .any(|words| wait_from_words(words) == Some(wait))
        };
        let wait = inner
            .retry_after
            .filter(|wait| !wait.is_zero() && !is_told(*wait));
        let mut parts = Vec::new();
        match (status, detail) {
            (Some(status), Some(detail)) => parts.push(format!("HTTP {status}: {detail}")),
            (Some(status), None) => parts.push(format!("HTTP {status}")),
            (None, Some(detail)) => parts.push(detail.to_owned()),
            (None, None) => {}
        }
        parts.extend(wait.map(|wait| format!("try again in {} s", wait.as_secs_f64())));
        let proxy = inner.proxy.as_deref();
        parts.extend(proxy.map(|proxy| format!("through the proxy {proxy}")));
        match parts.is_empty() {
            true => Ok(()),
            false => write!(f, " ({})", parts.join("; ")),
        }
    }
}

/// Shows the attempts that failed before.
struct Attempts<'a>(&'a Inner);

impl fmt::Display for Attempts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempts = &self.0.attempts;
        let is_same =
            |attempt: &Error| attempt.0.is_like(self.0) && attempt.0.detail == self.0.detail;
        // If this is the error of the last attempt, it is not shown twice, and
        // neither are those before if all say the same.
        let attempts = match attempts.split_last() {
            Some((last, before)) if last.0.is_like(self.0) => {
                write!(f, " in attempt {}", attempts.len())?;
                match before.iter().all(is_same) {
                    true => &[],
                    false => before,
                }
            }
            _ => attempts,
        };
        for (index, attempt) in attempts.iter().enumerate() {
            write!(f, "; attempt {}: {attempt}", index + 1)?;
        }
        Ok(())
    }
}

impl Inner {
    fn is_like(&self, other: &Inner) -> bool {
        self.kind == other.kind && self.message == other.message && self.provider == other.provider
    }
}

/// The kinds of [`Error`] that a caller can act on.
///
/// New kinds can come with any version, so a `match` needs a wildcard arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request or the configuration cannot be right. Nothing was sent.
    InvalidRequest,
    /// There is no provider of that name.
    UnknownProvider,
    /// The provider has no such model.
    UnsupportedModel,
    /// What the backend wants with a request (a nonce, a secret, a key, a
    /// session) could not be had, or was refused even when fresh.
    Credentials,
    /// There is no connection: the name is unknown, it was refused, TLS failed,
    /// or the server closed it before an answer.
    Connect,
    /// A time limit passed.
    Timeout(TimeoutPhase),
    /// There were too many requests, as a status or the backend's words say.
    /// [`Error::retry_after`] has the wait, if the backend says how long.
    RateLimited,
    /// The conversation is too long for the model. The same request always
    /// fails; drop earlier messages, or shorten them, and ask again.
    ContextLength,
    /// The backend refused, in its own words.
    Refused,
    /// There was an HTML page instead of an answer: a firewall, a login, or a
    /// wrong address.
    Blocked,
    /// The answer has an HTTP status that says no more than itself.
    Status,
    /// The answer does not follow the protocol, or is empty.
    Protocol,
    /// The body ended as HTTP says it should, but the answer did not: the
    /// backend's program broke off.
    Truncated,
    /// The connection broke in the middle of the answer.
    Interrupted,
    /// The answer is complete, but not what was asked for: no JSON that the schema
    /// allows, or no valid call of a tool that had to be called. The message says
    /// what is wrong with it, and [`Error::excerpt`] how it begins.
    InvalidOutput,
    /// A size limit was passed.
    LimitExceeded(Limit),
    /// Several providers were asked and all of them failed; see
    /// [`Error::attempts`].
    AllFailed,
    /// The provider's own code panicked. It is a fault of the provider, not of
    /// the request.
    Panicked,
}

impl ErrorKind {
    /// Returns the kind as one word for programs, for example `rate_limited`.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::InvalidRequest => "invalid_request",
            ErrorKind::UnknownProvider => "unknown_provider",
            ErrorKind::UnsupportedModel => "unsupported_model",
            ErrorKind::Credentials => "credentials",
            ErrorKind::Connect => "connect",
            ErrorKind::Timeout(_) => "timeout",
            ErrorKind::RateLimited => "rate_limited",
            ErrorKind::ContextLength => "context_length",
            ErrorKind::Refused => "refused",
            ErrorKind::Blocked => "blocked",
            ErrorKind::Status => "status",
            ErrorKind::Protocol => "protocol",
            ErrorKind::Truncated => "truncated",
            ErrorKind::Interrupted => "interrupted",
            ErrorKind::InvalidOutput => "invalid_output",
            ErrorKind::LimitExceeded(_) => "limit_exceeded",
            ErrorKind::AllFailed => "all_failed",
            ErrorKind::Panicked => "panicked",
        }
    }
}

/// The wait that was too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// For the connection.
    Connect,
    /// For the head of the response.
    Head,
    /// For the first byte of the body.
    FirstByte,
    /// For the first text of the answer. Notes about progress do not count as
    /// one.
    FirstText,
    /// Between two reads.
    Idle,
    /// For the whole reply.
    Total,
}

/// The size that was too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// One event of a stream.
    Event,
    /// A page or script read for credentials.
    Page,
    /// The text of a whole reply.
    Reply,
    /// The notes about progress in a reply.
    Notes,
}

impl Error {
    /// Creates an error. The message says what was wrong, where, and what to do.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Arc::new(Inner {
            kind,
            message: message.into(),
            provider: None,
            status: None,
            detail: None,
            retry_after: None,
            parameter: None,
            proxy: None,
            retryable: None,
            excerpt: None,
            attempts: Vec::new(),
            source: None,
        }))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Error {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Sets the provider, unless it is set already.
    #[must_use]
    pub fn with_provider(self, name: &str) -> Error {
        if self.0.provider.is_some() {
            return self;
        }
        self.with(|inner| inner.provider = Some(name.to_owned()))
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Error {
        self.with(|inner| inner.status = Some(status))
    }

    /// Sets what the server said with the status: the title of its page, or the
    /// first line. It is shown after the status, on one line and cut to
    /// [`Error::DETAIL_MAX`] bytes, unless the message has it already.
    #[must_use]
    pub fn with_detail(self, words: &str) -> Error {
        let words: Vec<&str> = words.split_whitespace().collect();
        let words = shorten(&words.join(" "), Error::DETAIL_MAX);
        if words.is_empty() {
            return self;
        }
        self.with(|inner| inner.detail = Some(words))
    }

    /// Sets the proxy between, as its address without user name and password.
    /// `None` changes nothing.
    #[must_use]
    pub fn with_proxy(self, proxy: Option<&str>) -> Error {
        match proxy {
            Some(proxy) => self.with(|inner| inner.proxy = Some(proxy.to_owned())),
            None => self,
        }
    }

    /// Sets how long the backend asks to wait. `None` changes nothing.
    #[must_use]
    pub fn with_retry_after(self, wait: impl Into<Option<Duration>>) -> Error {
        match wait.into() {
            Some(wait) => self.with(|inner| inner.retry_after = Some(wait)),
            None => self,
        }
    }

    /// Sets the parameter of the request that is wrong, by its name in the OpenAI
    /// API, for example `response_format`.
    #[must_use]
    pub fn with_parameter(self, name: &'static str) -> Error {
        self.with(|inner| inner.parameter = Some(name))
    }

    /// Changes the kind. A provider knows best what words or a status mean in its
    /// protocol.
    #[must_use]
    pub fn with_kind(self, kind: ErrorKind) -> Error {
        self.with(|inner| inner.kind = kind)
    }

    /// Appends to the message, in parentheses, what its author could not know.
    #[must_use]
    pub fn with_context(self, context: &str) -> Error {
        self.with(|inner| {
            inner.message.push_str(" (");
            inner.message.push_str(context);
            inner.message.push(')');
        })
    }

    /// Sets what [`is_retryable`](Error::is_retryable) returns, instead of deriving
    /// it from the kind.
    #[must_use]
    pub fn with_retryable(self, retryable: bool) -> Error {
        self.with(|inner| inner.retryable = Some(retryable))
    }

    /// Sets an excerpt of what the server sent. It is cut to
    /// [`Error::EXCERPT_MAX`] bytes, and then ends with `…`.
    #[must_use]
    pub fn with_excerpt(self, excerpt: &str) -> Error {
        let excerpt = excerpt.trim();
        if excerpt.is_empty() {
            return self;
        }
        let cut = shorten(excerpt, Error::EXCERPT_MAX);
        self.with(|inner| inner.excerpt = Some(cut))
    }

    /// Sets the errors of all attempts.
    #[must_use]
    pub fn with_attempts(self, attempts: Vec<Error>) -> Error {
        self.with(|inner| inner.attempts = attempts)
    }

    /// Sets the error that caused this one.
    #[must_use]
    pub fn with_source(self, source: impl StdError + Send + Sync + 'static) -> Error {
        self.with(|inner| inner.source = Some(Source(Arc::new(source))))
    }

    /// Rewrites the texts that came from a server: message, detail and excerpt of
    /// this error and of its attempts. The source cannot be rewritten; if it would
    /// have to be, it is removed.
    #[must_use]
    pub(crate) fn map_texts(self, rewrite: &dyn Fn(&str) -> Option<String>) -> Error {
        let attempts = self.0.attempts.iter().cloned();
        let attempts: Vec<Error> = attempts.map(|error| error.map_texts(rewrite)).collect();
        let message = rewrite(&self.0.message);
        let excerpt = self.0.excerpt.as_deref().and_then(rewrite);
        let detail = self.0.detail.as_deref().and_then(rewrite);
        let telltale = self.source_says(&|text| rewrite(text).is_some());
        let is_unchanged = message.is_none() && excerpt.is_none() && detail.is_none();
        if is_unchanged && !telltale && attempts.is_empty() {
            return self;
        }
        self.with(|inner| {
            inner.attempts = attempts;
            if let Some(message) = message {
                inner.message = message;
            }
            if excerpt.is_some() {
                inner.excerpt = excerpt;
            }
            if detail.is_some() {
                inner.detail = detail;
            }
            if telltale {
                inner.source = None;
            }
        })
    }

    /// Returns whether the text of a source matches.
    fn source_says(&self, sort: &dyn Fn(&str) -> bool) -> bool {
        let mut cause = self.source();
        while let Some(source) = cause {
            if sort(&source.to_string()) || sort(&format!("{source:?}")) {
                return true;
            }
            cause = source.source();
        }
        false
    }

    /// The maximum length of an [`excerpt`](Error::excerpt), in bytes.
    pub const EXCERPT_MAX: usize = 512;

    /// The maximum length of a [`detail`](Error::detail), in bytes.
    pub const DETAIL_MAX: usize = 200;

    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the message, without the name of the provider.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the message with what is known besides, such as the status, without
    /// the name of the provider: for words around it that name the server already.
    pub fn description(&self) -> String {
        format!("{}{}", self.0.message, Details(&self.0))
    }

    /// Returns the name of the provider that failed, if it is known.
    pub fn provider(&self) -> Option<&str> {
        self.0.provider.as_deref()
    }

    /// Returns the HTTP status of the response, if there was one. An error that
    /// came with status 200 has 200.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Returns what the server said with the status, in one line: the title of
    /// its page, or the first line. Where the server's words are the
    /// [message](Error::message) itself, there is none.
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// Returns the proxy that the request went through, without user name and
    /// password.
    pub fn proxy(&self) -> Option<&str> {
        self.0.proxy.as_deref()
    }

    /// Returns how long the backend asks to wait before the next request.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the parameter of the request that is wrong, by its name in the OpenAI
    /// API. `None` if it is none, or the conversation itself.
    pub fn parameter(&self) -> Option<&'static str> {
        self.0.parameter
    }

    /// Returns whether the same request can succeed later, without any change.
    pub fn is_retryable(&self) -> bool {
        if let Some(retryable) = self.0.retryable {
            return retryable;
        }
        match self.0.kind {
            ErrorKind::Connect
            | ErrorKind::RateLimited
            | ErrorKind::Truncated
            | ErrorKind::Interrupted => true,
            ErrorKind::Timeout(phase) => phase != TimeoutPhase::Total,
            ErrorKind::Status => {
                matches!(self.0.status, Some(408 | 425 | 429 | 500 | 502 | 503 | 504))
            }
            _ => false,
        }
    }

    /// Returns the beginning of what the server sent, if that helps: at most
    /// [`Error::EXCERPT_MAX`] bytes.
    pub fn excerpt(&self) -> Option<&str> {
        self.0.excerpt.as_deref()
    }

    /// Returns the errors of all attempts, the oldest first, if there were several.
    pub fn attempts(&self) -> &[Error] {
        &self.0.attempts
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("Error");
        all.field("kind", &self.kind)
            .field("message", &self.message);
        if let Some(provider) = &self.provider {
            all.field("provider", provider);
        }
        if let Some(status) = self.status {
            all.field("status", &status);
        }
        if let Some(detail) = &self.detail {
            all.field("detail", detail);
        }
        if let Some(name) = self.parameter {
            all.field("parameter", &name);
        }
        if let Some(wait) = self.retry_after {
            all.field("retry_after", &wait);
        }
        if let Some(proxy) = &self.proxy {
            all.field("proxy", proxy);
        }
        if let Some(excerpt) = &self.excerpt {
            all.field("excerpt", excerpt);
        }
        if !self.attempts.is_empty() {
            all.field("attempts", &self.attempts);
        }
        if let Some(source) = &self.source {
            all.field("source", &source.0);
        }
        all.finish()
    }
}
