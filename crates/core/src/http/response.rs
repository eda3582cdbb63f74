use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use tokio::time::Instant;

use super::body::HttpBody;
use super::client::Policy;
use super::deadlines::Deadlines;
use super::url::RequestUrl;
use super::{message_of_json, retry_after};
use crate::decode::{PlainText, ReplyDecoder};
use crate::error::{Error, ErrorKind, Limit};
use crate::stream::ReplyStream;
use crate::text::{html_title, is_html_page, plain, shorten};
use crate::words::{kind_from_words, sounds_temporary, wait_from_words};

/// The head of a response, and its body still to be read.
pub struct HttpResponse {
    status: u16,
    reason: Option<String>,
    headers: HeaderMap,
    url: RequestUrl,
    body: HttpBody,
    policy: Arc<Policy>,
}

impl HttpResponse {
    pub(super) fn new(
        response: reqwest::Response,
        url: RequestUrl,
        policy: Arc<Policy>,
        deadlines: Deadlines,
    ) -> HttpResponse {
        let (head, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        // HTTP/1 reasons are Latin-1, where each byte is one character. The
        // parser below gives an empty one where a byte is not ASCII.
        let reason = head
            .extensions
            .get::<hyper::ext::ReasonPhrase>()
            .map(|reason| reason.as_bytes().iter().map(|byte| *byte as char).collect());
        HttpResponse {
            status: head.status.as_u16(),
            reason,
            headers: head.headers,
            url,
            body: HttpBody::new(body, policy.clone(), deadlines),
            policy,
        }
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The reason phrase, where it is not the usual one of the status. Empty
    /// when it has characters beyond ASCII, which the HTTP parser drops.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// A header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The address that answered, after redirects.
    pub fn url(&self) -> &RequestUrl {
        &self.url
    }

    /// Reads the body as a reply, and resolves with its first event.
    ///
    /// # Errors
    ///
    /// What the body says before any event, or what keeps it from saying it.
    pub async fn into_reply(
        self,
        decoder: impl ReplyDecoder + 'static,
        model: &str,
    ) -> Result<ReplyStream, Error> {
        let provider = self.policy.provider.clone();
        let started = self.body.started();
        ReplyStream::from_body(Box::pin(self.body), Box::new(decoder), started)
            .with_provider_and_model(&provider, model)
            .with_max_text(self.policy.config.max_reply)
            .with_redactor(self.policy.redactor.clone())
            .with_status(self.status)
            .wait_for_first_event()
            .await
    }

    /// Reads the body as a reply in plain text, and resolves with its first
    /// text.
    ///
    /// # Errors
    ///
    /// As [`into_reply`](HttpResponse::into_reply).
    pub async fn into_text_reply(self, model: &str) -> Result<ReplyStream, Error> {
        let header = |name| {
            self.headers
                .get(name)
                .and_then(|value: &http::HeaderValue| value.to_str().ok())
        };
        let decoder = PlainText::new(header(CONTENT_TYPE), header(CONTENT_ENCODING));
        self.into_reply(decoder, model).await
    }

    /// Reads the whole body, a page or a script.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LimitExceeded`] when it is larger than the limit for pages,
    /// and what breaks the body off.
    pub async fn into_page(mut self) -> Result<String, Error> {
        self.read_page().await
    }

    /// The same, for those who need the head afterwards.
    ///
    /// # Errors
    ///
    /// As [`into_page`](HttpResponse::into_page).
    pub async fn read_page(&mut self) -> Result<String, Error> {
        match self.read_body().await {
            Ok(page) => Ok(match String::from_utf8(page) {
                Ok(page) => page,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            }),
            Err(error) => Err(self.finish_error(error.with_status(self.status))),
        }
    }

    async fn read_body(&mut self) -> Result<Vec<u8>, Error> {
        let limit = self.policy.config.max_page;
        let mut page = Vec::new();
        while let Some(chunk) = self.body.chunk().await? {
            if let Some(limit) = limit
                && page.len() + chunk.len() > limit
            {
                return Err(Error::new(
                    ErrorKind::LimitExceeded(Limit::Page),
                    format!("{} is larger than the limit of {limit} bytes", self.url),
                ));
            }
            page.extend_from_slice(&chunk);
        }
        Ok(page)
    }

    /// The start of the body, as much as is read of an error. What breaks the
    /// body off is no error here: what has come is worth showing.
    pub async fn excerpt(&mut self) -> String {
        let limit = self.policy.config.max_error_body;
        // An error page that does not end must not hold its error back.
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut body: Vec<u8> = Vec::new();
        while body.len() < limit {
            match tokio::time::timeout_at(deadline, self.body.chunk()).await {
                Ok(Ok(Some(chunk))) => {
                    let room = limit - body.len();
                    body.extend(chunk.iter().take(room));
                }
                Ok(Ok(None) | Err(_)) | Err(_) => break,
            }
        }
        String::from_utf8_lossy(&body).into_owned()
    }

    /// The error that a response with a status other than 2xx is.
    pub async fn into_error(mut self) -> Error {
        let body = self.excerpt().await;
        self.error_for(&body)
    }

    /// The error that this response with that body is.
    pub fn error_for(&self, body: &str) -> Error {
        self.finish_error(self.error_from(body))
    }

    /// Adds what every error of this response has.
    pub fn finish_error(&self, error: Error) -> Error {
        let error = error.with_provider(&self.policy.provider);
        self.policy.redactor.error(error)
    }

    fn error_from(&self, body: &str) -> Error {
        let status = self.status;
        let wait = self
            .header(RETRY_AFTER.as_str())
            .and_then(|value| retry_after(value, SystemTime::now()));
        let message = message_of_json(body);
        let error = match (status, &message) {
            (429, None) => Error::new(ErrorKind::RateLimited, "too many requests"),
            (429, Some(message)) => refusal(message).with_kind(ErrorKind::RateLimited),
            (_, Some(message)) => refusal(message),
            (401 | 403 | 407 | 451, None) if is_html_page(body) => crate::decode::page_error(body),
            _ => {
                let detail = html_title(body)
                    .or_else(|| {
                        let text = plain(body);
                        (!text.is_empty() && !is_html_page(body)).then_some(text)
                    })
                    .or_else(|| self.reason.clone().filter(|reason| !reason.is_empty()))
                    .map_or(String::new(), |detail| {
                        format!(": {}", shorten(&detail, 200))
                    });
                Error::new(
                    ErrorKind::Status,
                    format!("{} answered with status {status}{detail}", self.url),
                )
            }
        };
        let error = error.with_status(status).with_retry_after(wait);
        let error = match status {
            // A conversation that is too long stays so.
            _ if error.kind() == ErrorKind::ContextLength => error,
            408 | 425 | 429 | 500 | 502 | 503 | 504 => error.with_retryable(true),
            _ => error,
        };
        if message.is_none() {
            error.with_excerpt(body)
        } else {
            error
        }
    }
}

/// Without the values of headers: cookies and nonces are among them.
impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(|name| name.as_str()).collect();
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("url", &self.url)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

/// The error that a backend's own words are: its kind from the words where
/// they are known, otherwise [`ErrorKind::Refused`].
pub fn refusal(words: &str) -> Error {
    let words = plain(words);
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
    if kind == ErrorKind::Refused && sounds_temporary(&words) {
        error.with_retryable(true)
    } else {
        error
    }
}
