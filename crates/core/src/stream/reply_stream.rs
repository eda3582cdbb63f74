use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::stream::{FusedStream, Stream};
use tokio::time::Instant;

use super::delivered::Delivered;
use super::first_text::FirstText;
use super::notes::Notes;
use super::source::{Chunks, Source};
use crate::chat::{Finish, FinishReason, IncompleteReply, ProgressKind, Reply, ReplyEvent};
use crate::decode::ReplyDecoder;
use crate::error::{Error, ErrorKind, Limit};
use crate::secret::Redactor;

/// How many tools an answer may call.
const MAX_CALLS: usize = 1000;

/// An answer as it arrives.
///
/// It yields any number of [`ReplyEvent::Text`], [`ReplyEvent::ToolCall`] and
/// [`ReplyEvent::Progress`],
/// then exactly one [`ReplyEvent::Finish`] or an error, then nothing. This type
/// enforces that contract for every provider. A text is never empty. An answer
/// without any text, call or image is an error, unless its [extras](Finish::extras) are
/// the answer. At the end the connection is released for the next request; if the
/// stream is dropped before, the connection is closed. No task runs in the
/// background. More than 1,000 notes about progress are an error; reasoning is
/// limited by its length, as the text is.
///
/// Some backends send the whole text again at the end, in [`Finish::text`]. That
/// text is authoritative. If it continues the streamed text, the rest of it is
/// yielded as `Text` first. If it differs in another way, the backend has taken
/// streamed text back: [`collect`](ReplyStream::collect) returns the text of
/// `Finish`, and a caller that has shown the streamed text should replace it.
///
/// Read it with [`next`](ReplyStream::next), [`collect`](ReplyStream::collect), or
/// as a `Stream`.
#[must_use = "an answer is read by asking for its events; dropping it closes the connection"]
pub struct ReplyStream {
    source: Source,
    /// Events that were taken from the source but not yielded yet.
    pending: VecDeque<ReplyEvent>,
    started: Instant,
    delivered: Delivered,
    /// How many tools were called.
    calls: usize,
    notes: Notes,
    first_text: Option<FirstText>,
    max_text: Option<usize>,
    redactor: Redactor,
    provider: String,
    model: String,
    status: Option<u16>,
    retry_after: Option<Duration>,
    proxy: Option<String>,
}

impl ReplyStream {
    /// Creates a reply that is decoded from the body of a response, whose request
    /// was sent at `started`.
    pub(crate) fn from_body(
        body: Chunks,
        decoder: Box<dyn ReplyDecoder>,
        started: Instant,
    ) -> ReplyStream {
        let remember = decoder.has_authoritative_text();
        ReplyStream {
            started,
            ..ReplyStream::from_source(Source::body(body, decoder), remember)
        }
    }

    /// Creates a reply from any stream of events, for providers that do not speak
    /// HTTP, for wrappers and for tests. The contract is enforced.
    pub fn from_events(
        events: impl Stream<Item = Result<ReplyEvent, Error>> + Send + 'static,
    ) -> ReplyStream {
        ReplyStream::from_source(Source::events(events), true)
    }

    fn from_source(source: Source, remember: bool) -> ReplyStream {
        ReplyStream {
            source,
            pending: VecDeque::new(),
            started: Instant::now(),
            delivered: Delivered::new(remember),
            calls: 0,
            notes: Notes::default(),
            first_text: None,
            max_text: None,
            redactor: Redactor::new(),
            provider: String::new(),
            model: String::new(),
            status: None,
            retry_after: None,
            proxy: None,
        }
    }

    /// Sets the names of the provider and the model that answer.
    pub fn with_provider_and_model(
        mut self,
        provider: impl Into<String>,
        model: impl Into<String>,
    ) -> ReplyStream {
        self.provider = provider.into();
        self.model = model.into();
        self
    }

    pub(crate) fn with_max_text(mut self, limit: Option<usize>) -> ReplyStream {
        self.max_text = limit;
        self
    }

    /// Sets until when the first text must have come, and how long that is from
    /// the request on.
    pub(crate) fn with_first_text(mut self, limit: Option<(Instant, Duration)>) -> ReplyStream {
        self.first_text = limit.map(|(until, limit)| FirstText::new(until, limit));
        self
    }

    pub(crate) fn with_redactor(mut self, redactor: Redactor) -> ReplyStream {
        self.redactor = redactor;
        self
    }

    /// Sets the status of the response, how long the response asks to wait, and
    /// the proxy that it came through. An error in the body gets all of them.
    pub(crate) fn with_response(
        mut self,
        status: u16,
        wait: Option<Duration>,
        proxy: Option<String>,
    ) -> ReplyStream {
        self.status = Some(status);
        self.retry_after = wait;
        self.proxy = proxy;
        self
    }

    /// Returns the name of the provider that answers.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Returns the model that answers, as far as it is known.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Waits for the first event. The stream still yields it.
    ///
    /// # Errors
    ///
    /// The error, if the stream begins with one.
    pub async fn wait_for_first_event(mut self) -> Result<ReplyStream, Error> {
        match self.next().await {
            Some(Ok(event)) => {
                self.pending.push_front(event);
                Ok(self)
            }
            Some(Err(error)) => Err(error),
            None => Ok(self),
        }
    }

    /// Waits for the first text or call, or for the end if there is none. The stream still
    /// yields it, and the notes about progress before it. Wrappers that repeat
    /// requests use this as the point after which they do not.
    ///
    /// # Errors
    ///
    /// The error, if one comes before any text.
    pub async fn wait_for_first_text(mut self) -> Result<ReplyStream, Error> {
        let mut notes = VecDeque::new();
        while let Some(event) = self.next().await {
            let event = event?;
            let is_note = matches!(event, ReplyEvent::Progress { .. });
            notes.push_back(event);
            if !is_note {
                break;
            }
        }
        notes.append(&mut self.pending);
        self.pending = notes;
        Ok(self)
    }

    /// Returns the next event, or `None` after the last.
    pub async fn next(&mut self) -> Option<Result<ReplyEvent, Error>> {
        poll_fn(|context| self.poll_event(context)).await
    }

    /// Collects the whole answer.
    ///
    /// # Errors
    ///
    /// [`IncompleteReply`]: the error, and the text received before it.
    pub async fn collect(mut self) -> Result<Reply, IncompleteReply> {
        let mut text = String::new();
        let mut tool_calls = Vec::new();
        loop {
            match self.next().await {
                Some(Ok(ReplyEvent::Text(piece))) => text.push_str(&piece),
                Some(Ok(ReplyEvent::ToolCall(call))) => tool_calls.push(call),
                Some(Ok(ReplyEvent::Progress { .. })) => {}
                Some(Ok(ReplyEvent::Finish(finish))) => {
                    return Ok(Reply {
                        text: finish.text.unwrap_or(text),
                        tool_calls,
                        reason: finish.reason,
                        usage: finish.usage,
                        images: finish.images,
                        extras: finish.extras,
                        provider: self.provider,
                        model: self.model,
                    });
                }
                Some(Err(error)) => return Err(IncompleteReply { text, error }),
                None => {
                    let error = Error::new(ErrorKind::Truncated, "the stream had ended already");
                    return Err(IncompleteReply { text, error });
                }
            }
        }
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<ReplyEvent, Error>>> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            let polled = match self.source.poll_event(context, self.max_text) {
                Poll::Ready(polled) => polled,
                Poll::Pending => Some(Err(ready!(self.poll_first_text(context)))),
            };
            let event = match polled {
                Some(event) => event.and_then(|event| self.admit(event)),
                None => {
                    let finish = ready!(self.source.poll_finish(context));
                    if let Some(finish) = &finish {
                        self.note_end(finish.reason.as_str(), None);
                    }
                    return Poll::Ready(finish.map(|finish| Ok(ReplyEvent::Finish(finish))));
                }
            };
            match event {
                Ok(Some(event)) => return Poll::Ready(Some(Ok(event))),
                Ok(None) => {}
                Err(error) => {
                    self.source.close();
                    self.note_end(error.kind().as_str(), error.status().or(self.status));
                    return Poll::Ready(Some(Err(self.complete_error(error))));
                }
            }
        }
    }

    /// Resolves with the error when the time for the first text has passed, while
    /// nothing is at hand. Before anything has come at all, the body itself has
    /// that limit.
    fn poll_first_text(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        let has_begun = !self.notes.is_empty() || self.source.has_eventless_bytes();
        match &mut self.first_text {
            Some(limit) if has_begun && self.delivered.pieces() == 0 && self.calls == 0 => {
                limit.poll(context)
            }
            _ => Poll::Pending,
        }
    }

    /// Enforces the contract: returns what the stream yields for this event.
    fn admit(&mut self, event: ReplyEvent) -> Result<Option<ReplyEvent>, Error> {
        match event {
            ReplyEvent::Text(text) if text.is_empty() => Ok(None),
            ReplyEvent::Text(text) => {
                self.deliver(&text)?;
                Ok(Some(ReplyEvent::Text(text)))
            }
            ReplyEvent::ToolCall(call) => {
                self.calls += 1;
                if self.calls > MAX_CALLS {
                    return Err(Error::new(
                        ErrorKind::LimitExceeded(Limit::Reply),
                        format!("the answer has more than the limit of {MAX_CALLS} calls of tools"),
                    ));
                }
                Ok(Some(ReplyEvent::ToolCall(call)))
            }
            ReplyEvent::Finish(finish) => self.admit_finish(finish),
            ReplyEvent::Progress { mut kind, mut text } => {
                self.notes.admit(&kind, &text, self.max_text)?;
                // Reasoning is the model's, as the text is; all else is the server's.
                if kind != ProgressKind::Thinking {
                    self.redactor.mask(&mut text);
                }
                if let ProgressKind::Other(name) = &mut kind {
                    self.redactor.mask(name);
                }
                Ok(Some(ReplyEvent::Progress { kind, text }))
            }
        }
    }

    fn deliver(&mut self, text: &str) -> Result<(), Error> {
        self.delivered.add(text);
        match self.max_text {
            Some(limit) if self.delivered.length() > limit => Err(Error::new(
                ErrorKind::LimitExceeded(Limit::Reply),
                format!("the answer is longer than the limit of {limit} bytes"),
            )),
            _ => Ok(()),
        }
    }

    fn admit_finish(&mut self, mut finish: Finish) -> Result<Option<ReplyEvent>, Error> {
        if let FinishReason::Other(reason) = &mut finish.reason {
            self.redactor.mask(reason);
        }
        for extra in &mut finish.extras {
            self.redactor.mask(&mut extra.name);
            self.redactor.mask(&mut extra.json);
        }
        // An empty text does not take back what was streamed.
        finish.text = finish.text.filter(|text| !text.is_empty());
        let whole = finish.text.as_deref().unwrap_or_default();
        let has_text = self.delivered.length() > 0 || !whole.is_empty() || self.calls > 0;
        if !has_text && finish.images.is_empty() && !finish.is_for_the_caller() {
            return Err(Error::new(
                ErrorKind::Protocol,
                "the answer is empty: the backend ended it without a word",
            ));
        }
        // If the whole text continues what was streamed, the rest of it is
        // streamed too; if it differs, the collected reply has it.
        let rest = self.delivered.rest_of(whole).to_owned();
        if !rest.is_empty() {
            self.deliver(&rest)?;
        }
        self.source.release(finish);
        if rest.is_empty() {
            return Ok(None);
        }
        Ok(Some(ReplyEvent::Text(rest)))
    }

    /// Logs how the reply ended and how much of it came, but none of its text.
    fn note_end(&self, end: &str, status: Option<u16>) {
        tracing::debug!(
            provider = %self.provider,
            model = %self.model,
            end,
            status,
            pieces = self.delivered.pieces(),
            bytes = self.delivered.length(),
            elapsed = ?self.started.elapsed(),
            "finish"
        );
    }

    fn complete_error(&self, error: Error) -> Error {
        let error = error
            .with_retry_after(self.retry_after)
            .with_proxy(self.proxy.as_deref());
        let error = match (error.status(), self.status) {
            (None, Some(status)) => error.with_status(status),
            _ => error,
        };
        let error = if self.provider.is_empty() {
            error
        } else {
            error.with_provider(&self.provider)
        };
        self.redactor.error(error)
    }
}

impl Stream for ReplyStream {
    type Item = Result<ReplyEvent, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_event(context)
    }
}

impl FusedStream for ReplyStream {
    fn is_terminated(&self) -> bool {
        self.pending.is_empty() && self.source.is_closed()
    }
}

impl fmt::Debug for ReplyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyStream")
            .field("provider", &self.provider)
            .field("model", &self.model)
            .field("is_terminated", &self.is_terminated())
            .finish_non_exhaustive()
    }
}
