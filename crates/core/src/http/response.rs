use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, LOCATION};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout, timeout_at};

use super::body::HttpBody;
use super::charset::decode;
use super::coding::ContentCoding;
use super::deadlines::Deadlines;
use super::policy::Policy;
use super::redirect::refused;
use super::url::RequestUrl;
use crate::decode::{PlainText, ReplyDecoder, Utf8Decoder};
use crate::error::{Error, ErrorKind, Limit, TimeoutPhase};
use crate::refusal::{ErrorResponse, add_response, unreadable, wait_in};
use crate::stream::ReplyStream;
use crate::text::CUT;

/// How long the body of an error is read. One that does not end must not hold
/// its error back.
const MAX_ERROR_TIME: Duration = Duration::from_secs(10);

/// The head of a response, and its body still to be read.
pub struct HttpResponse {
    status: u16,
    reason: Option<String>,
    headers: HeaderMap,
    url: RequestUrl,
    body: HttpBody,
    policy: Arc<Policy>,
    /// The proxy that it came through.
    proxy: Option<String>,
}

impl HttpResponse {
    pub(super) fn new(
        response: reqwest::Response,
        url: RequestUrl,
        policy: Arc<Policy>,
        deadlines: Deadlines,
        proxy: Option<String>,
    ) -> HttpResponse {
        let (head, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        // HTTP/1 reasons are Latin-1, where each byte is one character. The
        // parser below gives an empty one where a byte is not ASCII.
        let reason = head
            .extensions
            .get::<hyper::ext::ReasonPhrase>()
            .map(|reason| reason.as_bytes().iter().map(|byte| *byte as char).collect());
        let coding = ContentCoding::new(&head.headers);
        HttpResponse {
            status: head.status.as_u16(),
            reason,
            headers: head.headers,
            url,
            body: HttpBody::new(body, coding, policy.clone(), deadlines),
            policy,
            proxy,
        }
    }

    /// Returns the status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the reason phrase, if it is not the usual one of the status. It
    /// is empty if the server sent none, or one that the HTTP parser does not
    /// take, because of characters beyond ASCII.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Returns a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns all headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the address that answered, after redirects.
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
        let first_text = self.body.first_text();
        let wait = wait_in(&self.headers, SystemTime::now());
        ReplyStream::from_body(Box::pin(self.body), Box::new(decoder), started)
            .with_provider_and_model(&provider, model)
            .with_max_text(self.policy.config.max_reply)
            .with_first_text(first_text)
            .with_redactor(self.policy.redactor.clone())
            .with_response(self.status, wait, self.proxy)
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
        let decoder = PlainText::new(self.header(CONTENT_TYPE.as_str()));
        self.into_reply(decoder, model).await
    }

    /// Reads the next piece of the body as it arrived; `None` at its end.
    ///
    /// # Errors
    ///
    /// What breaks the body off, and a limit that passes.
    pub async fn next_piece(&mut self) -> Result<Option<Bytes>, Error> {
        let piece = self.body.chunk().await;
        piece.map_err(|error| self.complete_error(error))
    }

    /// Reads the whole body: a page, a script, a list.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LimitExceeded`] if it is larger than the limit for pages,
    /// [`ErrorKind::Timeout`] if it takes longer than a first text may, and what
    /// breaks the body off.
    pub async fn into_page(mut self) -> Result<String, Error> {
        self.read_page().await
    }

    /// Reads the whole body as it is: a picture.
    ///
    /// # Errors
    ///
    /// As [`into_page`](HttpResponse::into_page).
    pub async fn into_bytes(mut self) -> Result<Vec<u8>, Error> {
        let body = self.read_body().await;
        body.map_err(|error| self.complete_error(error))
    }

    /// Reads the whole body, and leaves the head.
    ///
    /// # Errors
    ///
    /// As [`into_page`](HttpResponse::into_page).
    pub async fn read_page(&mut self) -> Result<String, Error> {
        match self.read_body().await {
            Ok(page) => Ok(self.decode(page)),
            Err(error) => Err(self.complete_error(error)),
        }
    }

    async fn read_body(&mut self) -> Result<Vec<u8>, Error> {
        // A byte now and then is no silence, and a page of them would take years.
        match self.policy.config.first_byte_timeout {
            Some(patience) => match timeout(patience, self.read_rest()).await {
                Ok(read) => read,
                Err(_) => Err(self.unfinished_page(patience)),
            },
            None => self.read_rest().await,
        }
    }

    async fn read_rest(&mut self) -> Result<Vec<u8>, Error> {
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

    fn unfinished_page(&self, patience: Duration) -> Error {
        let patience = patience.as_secs_f64();
        Error::new(
            ErrorKind::Timeout(TimeoutPhase::FirstText),
            format!(
                "{} was not complete within the limit of {patience} s",
                self.url
            ),
        )
    }

    /// Reads the whole body as JSON. `wanted` names in an error what it should
    /// be, for example "the list of models".
    ///
    /// # Errors
    ///
    /// As [`into_page`](HttpResponse::into_page); what the body reports if it is
    /// an error or a page, and [`ErrorKind::Protocol`] if it is anything else.
    pub async fn into_json<T: DeserializeOwned>(mut self, wanted: &str) -> Result<T, Error> {
        let body = self.read_page().await?;
        // Without the error as a source: it repeats what it read.
        serde_json::from_str(&body)
            .map_err(|error| self.complete_error(unreadable(&body, wanted, &error.to_string())))
    }

    /// Reads the start of the body, as much as is read of an error. What breaks
    /// the body off is no error here: what has come is worth showing.
    pub async fn read_excerpt(&mut self) -> String {
        let limit = self.policy.config.max_error_body;
        let deadline = Instant::now() + MAX_ERROR_TIME;
        let mut body: Vec<u8> = Vec::new();
        while body.len() <= limit {
            match timeout_at(deadline, self.body.chunk()).await {
                Ok(Ok(Some(chunk))) => {
                    let room = limit.saturating_add(1) - body.len();
                    body.extend(chunk.iter().take(room));
                }
                Ok(Ok(None)) | Err(_) => break,
                Ok(Err(error)) => {
                    // A compressed body says nothing else.
                    if error.kind() == ErrorKind::Protocol && body.is_empty() {
                        return error.message().to_owned();
                    }
                    break;
                }
            }
        }
        if body.len() > limit && limit > 0 {
            // A secret may have been cut in two, which the mark tells.
            body.truncate(limit);
            let whole_characters = Utf8Decoder::new().decode(&body);
            return whole_characters + CUT;
        }
        body.truncate(limit);
        self.decode(body)
    }

    fn decode(&self, body: Vec<u8>) -> String {
        decode(body, self.header(CONTENT_TYPE.as_str()).unwrap_or_default())
    }

    /// Reads the start of the body, and returns the error that the response
    /// reports: for a response with a status other than 2xx.
    pub async fn into_error(mut self) -> Error {
        let body = self.read_excerpt().await;
        self.error_with_body(&body)
    }

    /// Returns the error that the response reports, given the start of its
    /// body.
    pub fn error_with_body(&self, body: &str) -> Error {
        self.make_error(body, None)
    }

    /// Returns the error that the response reports, given the backend's own
    /// words that a provider has read out of its protocol. They alone tell
    /// whether to try again, not the status.
    pub fn error_with_words(&self, words: &str) -> Error {
        self.make_error("", Some(words))
    }

    fn make_error(&self, body: &str, words: Option<&str>) -> Error {
        // Before its lines and markup are joined, so that these hide no secret.
        let mut body = body.to_owned();
        self.policy.redactor.mask(&mut body);
        let response = ErrorResponse {
            status: self.status,
            reason: self.reason.as_deref(),
            headers: &self.headers,
            url: &self.url.to_string(),
            body: &body,
        };
        let error = response.to_error(words, SystemTime::now());
        // The address of a page was given where that of the server is meant.
        let error = match self.url.folder() {
            Some(folder)
                if matches!(self.status, 404 | 405) && error.kind() == ErrorKind::Status =>
            {
                let base = self.url.origin();
                error.with_context(&format!("the base URL may be {base} without {folder}"))
            }
            _ => error,
        };
        self.policy.complete(error, self.proxy.as_deref())
    }

    /// Returns the error for a redirect that is not followed, with what to set as
    /// the base URL, if this is one: for requests
    /// [without redirects](super::HttpRequest::without_redirects).
    pub fn redirect_error(&self) -> Option<Error> {
        let location = self.header(LOCATION.as_str()).filter(|_| {
            // What is not modified is nowhere else.
            matches!(self.status, 300..=303 | 305..=308)
        })?;
        let to = self.url.resolve(location)?;
        Some(self.complete_error(refused(&self.url, &to, self.status)))
    }

    /// Adds to an error what every error of this response has, its status and
    /// the wait that it asks for, and removes secrets.
    pub fn complete_error(&self, error: Error) -> Error {
        let now = SystemTime::now();
        let error = add_response(error, self.status, &self.headers, now);
        self.policy.complete(error, self.proxy.as_deref())
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
