use std::collections::VecDeque;
use std::fmt;
use std::future::{Future as _, poll_fn};
use std::hash::Hasher as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::stream::{FusedStream, Stream};
use tokio::time::{Instant, Sleep, sleep};
use twox_hash::XxHash64;

use crate::decode::ReplyDecoder;
use crate::http::HttpBody;
use crate::{Error, ErrorKind, Finish, IncompleteReply, Limit, Redactor, Reply, ReplyEvent};

/// How long the rest of a body is waited for once the answer is whole. Reading
/// it to the end lets the connection serve the next request.
const DRAIN: Duration = Duration::from_millis(100);

/// How many bytes may follow a whole answer before the connection is not worth
/// keeping.
const MAX_DRAIN: usize = 64 * 1024;

/// How many pieces of a body are read in a row when none has an event.
const MAX_READS: usize = 32;

/// An answer as it arrives.
///
/// It yields any number of [`ReplyEvent::Text`] and [`ReplyEvent::Progress`],
/// then exactly one [`ReplyEvent::Finish`] or an error, then nothing; this type
/// keeps that contract for every provider. Texts are never empty, and an answer
/// without any text or image is an error. The connection is released at the end,
/// and closed when the stream is dropped before it. No task runs behind it.
///
/// Use [`next`](ReplyStream::next) and [`collect`](ReplyStream::collect), or the
/// `Stream` that it is.
pub struct ReplyStream {
    source: Source,
    /// Events that were taken from the source but not handed out.
    pending: VecDeque<ReplyEvent>,
    started: Instant,
    delivered: Delivered,
    max_text: Option<usize>,
    redactor: Redactor,
    provider: String,
    model: String,
    status: Option<u16>,
}

enum Source {
    Body {
        body: HttpBody,
        decoder: Box<dyn ReplyDecoder>,
        ended: bool,
        /// The decoder has no event before more bytes come.
        hungry: bool,
        /// How many bytes have come since the last event.
        eventless: usize,
    },
    Events(Pin<Box<dyn Stream<Item = Result<ReplyEvent, Error>> + Send>>),
    /// The answer is whole; the rest of its body is read for the sake of the
    /// connection.
    Draining {
        body: HttpBody,
        room: usize,
        timer: Pin<Box<Sleep>>,
        finish: Finish,
    },
    /// The answer is whole, and so is its body.
    Finishing(Finish),
    Done,
}

/// What has been handed out as text, as far as it must be remembered.
#[derive(Default)]
struct Delivered {
    length: usize,
    pieces: usize,
    /// A hash stands for the text itself, which may be large. It is the same
    /// in whatever pieces the text comes.
    hasher: Option<XxHash64>,
}

impl ReplyStream {
    pub(crate) fn from_body(body: HttpBody, decoder: Box<dyn ReplyDecoder>) -> ReplyStream {
        let remember = decoder.has_authoritative_text();
        let started = body.started();
        let source = Source::Body {
            body,
            decoder,
            ended: false,
            hungry: false,
            eventless: 0,
        };
        ReplyStream {
            started,
            ..ReplyStream::from_source(source, remember)
        }
    }

    /// A reply from any stream of events: for providers that do not speak HTTP,
    /// for wrappers and for tests. The contract is enforced on it.
    pub fn from_events(
        events: impl Stream<Item = Result<ReplyEvent, Error>> + Send + 'static,
    ) -> ReplyStream {
        ReplyStream::from_source(Source::Events(Box::pin(events)), true)
    }

    fn from_source(source: Source, remember: bool) -> ReplyStream {
        ReplyStream {
            source,
            pending: VecDeque::new(),
            started: Instant::now(),
            delivered: Delivered {
                length: 0,
                pieces: 0,
                hasher: remember.then(|| XxHash64::with_seed(0)),
            },
            max_text: None,
            redactor: Redactor::new(),
            provider: String::new(),
            model: String::new(),
            status: None,
        }
    }

    /// Says which provider and model answer.
    #[must_use]
    pub fn with_source(mut self, provider: &str, model: &str) -> ReplyStream {
        self.provider = provider.to_owned();
        self.model = model.to_owned();
        self
    }

    pub(crate) fn with_max_text(mut self, limit: Option<usize>) -> ReplyStream {
        self.max_text = limit;
        self
    }

    pub(crate) fn with_redactor(mut self, redactor: Redactor) -> ReplyStream {
        self.redactor = redactor;
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> ReplyStream {
        self.status = Some(status);
        self
    }

    /// The provider that answers.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The model that answers, as far as the request knows.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Waits until the answer has begun: the stream then has its first event
    /// at hand.
    ///
    /// # Errors
    ///
    /// What the stream would have begun with, if that is an error.
    pub async fn begun(mut self) -> Result<ReplyStream, Error> {
        match self.next().await {
            Some(Ok(event)) => {
                self.pending.push_front(event);
                Ok(self)
            }
            Some(Err(error)) => Err(error),
            None => Ok(self),
        }
    }

    /// Waits until there is text of the answer, or its end; notes about
    /// progress that come before stay in the stream. Wrappers that may ask
    /// again use it as the boundary after which they do not.
    ///
    /// # Errors
    ///
    /// The error that came before any text.
    pub async fn begun_with_text(mut self) -> Result<ReplyStream, Error> {
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

    /// The next event; none after the last.
    pub async fn next(&mut self) -> Option<Result<ReplyEvent, Error>> {
        poll_fn(|context| self.poll_event(context)).await
    }

    /// Collects the whole answer.
    ///
    /// # Errors
    ///
    /// [`IncompleteReply`]: the error, and the text that had come before it.
    pub async fn collect(mut self) -> Result<Reply, IncompleteReply> {
        let mut text = String::new();
        loop {
            match self.next().await {
                Some(Ok(ReplyEvent::Text(piece))) => text.push_str(&piece),
                Some(Ok(ReplyEvent::Progress { .. })) => {}
                Some(Ok(ReplyEvent::Finish(finish))) => {
                    return Ok(Reply {
                        text: finish.text.unwrap_or(text),
                        reason: finish.reason,
                        usage: finish.usage,
                        images: finish.images,
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
            let event = match ready!(self.poll_source(context)) {
                Some(event) => event.and_then(|event| self.admit(event)),
                None => {
                    let finish = ready!(self.poll_finish(context));
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
                    self.source = Source::Done;
                    self.note_end(error.kind().as_str(), error.status().or(self.status));
                    return Poll::Ready(Some(Err(self.finish_error(error))));
                }
            }
        }
    }

    /// Keeps the contract: what may be handed out for this event.
    fn admit(&mut self, event: ReplyEvent) -> Result<Option<ReplyEvent>, Error> {
        match event {
            ReplyEvent::Text(text) if text.is_empty() => Ok(None),
            ReplyEvent::Text(text) => {
                self.deliver(&text)?;
                Ok(Some(ReplyEvent::Text(text)))
            }
            ReplyEvent::Finish(finish) => self.admit_finish(finish),
            progress @ ReplyEvent::Progress { .. } => Ok(Some(progress)),
        }
    }

    fn deliver(&mut self, text: &str) -> Result<(), Error> {
        self.delivered.length += text.len();
        self.delivered.pieces += 1;
        if let Some(hasher) = &mut self.delivered.hasher {
            hasher.write(text.as_bytes());
        }
        match self.max_text {
            Some(limit) if self.delivered.length > limit => Err(Error::new(
                ErrorKind::LimitExceeded(Limit::Reply),
                format!("the answer is longer than the limit of {limit} bytes"),
            )),
            _ => Ok(()),
        }
    }

    fn admit_finish(&mut self, mut finish: Finish) -> Result<Option<ReplyEvent>, Error> {
        // A whole text of nothing does not take back what was streamed.
        finish.text = finish.text.filter(|text| !text.is_empty());
        let whole = finish.text.as_deref().unwrap_or_default();
        if self.delivered.length == 0 && whole.is_empty() && finish.images.is_empty() {
            return Err(Error::new(
                ErrorKind::Protocol,
                "the answer is empty: the backend ended it without a word",
            ));
        }
        // Where the whole text goes on after what was streamed, the rest of it
        // is streamed too; where it differs, the collected reply has it.
        let rest = self.delivered.rest_of(whole).to_owned();
        if !rest.is_empty() {
            self.deliver(&rest)?;
        }
        self.release(finish);
        if rest.is_empty() {
            return Ok(None);
        }
        Ok(Some(ReplyEvent::Text(rest)))
    }

    /// The answer is whole: lets go of the connection, then says so.
    fn release(&mut self, finish: Finish) {
        self.source = match std::mem::replace(&mut self.source, Source::Done) {
            Source::Body {
                body, ended: false, ..
            } => Source::Draining {
                body,
                room: MAX_DRAIN,
                timer: Box::pin(sleep(DRAIN)),
                finish,
            },
            _ => Source::Finishing(finish),
        };
    }

    /// The next event of the source, before the contract is applied to it.
    fn poll_source(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<ReplyEvent, Error>>> {
        let limit = self.max_text;
        let mut reads = 0;
        match &mut self.source {
            Source::Events(events) => match ready!(events.as_mut().poll_next(context)) {
                None => Poll::Ready(Some(Err(cut_off()))),
                event => Poll::Ready(event),
            },
            Source::Body {
                body,
                decoder,
                ended,
                hungry,
                eventless,
            } => loop {
                if !*hungry {
                    match decoder.next_event() {
                        Ok(Some(event)) => {
                            *eventless = 0;
                            return Poll::Ready(Some(Ok(event)));
                        }
                        Ok(None) if *ended => return Poll::Ready(Some(Err(cut_off()))),
                        Ok(None) => *hungry = true,
                        Err(error) => return Poll::Ready(Some(Err(error))),
                    }
                }
                // A body that says nothing must leave others their turn.
                if reads == MAX_READS {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                reads += 1;
                match ready!(body.poll_chunk(context)) {
                    Some(Ok(chunk)) => {
                        *eventless = eventless.saturating_add(chunk.len());
                        if let Some(limit) = limit
                            && *eventless > limit
                        {
                            return Poll::Ready(Some(Err(without_event(limit))));
                        }
                        decoder.feed(chunk);
                        *hungry = false;
                    }
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    None => {
                        *ended = true;
                        decoder.end();
                        *hungry = false;
                    }
                }
            },
            Source::Draining { .. } | Source::Finishing(_) | Source::Done => Poll::Ready(None),
        }
    }

    /// Waits until nothing is left to do, and takes the end of the answer.
    fn poll_finish(&mut self, context: &mut Context<'_>) -> Poll<Option<Finish>> {
        if let Source::Draining {
            body, room, timer, ..
        } = &mut self.source
        {
            loop {
                match body.poll_chunk(context) {
                    Poll::Ready(Some(Ok(chunk))) if chunk.len() < *room => *room -= chunk.len(),
                    Poll::Ready(_) => break,
                    Poll::Pending => {
                        ready!(timer.as_mut().poll(context));
                        break;
                    }
                }
            }
        }
        Poll::Ready(match std::mem::replace(&mut self.source, Source::Done) {
            Source::Draining { finish, .. } | Source::Finishing(finish) => Some(finish),
            _ => None,
        })
    }

    /// Says how it ended and what had come, and nothing of what was said.
    fn note_end(&self, end: &'static str, status: Option<u16>) {
        tracing::debug!(
            provider = %self.provider,
            model = %self.model,
            end,
            status,
            pieces = self.delivered.pieces,
            bytes = self.delivered.length,
            elapsed = ?self.started.elapsed(),
            "finish"
        );
    }

    fn finish_error(&self, error: Error) -> Error {
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

/// The error for an answer whose body ended before it did.
fn cut_off() -> Error {
    Error::new(
        ErrorKind::Truncated,
        "the answer was cut off: its body ended before the answer did",
    )
}

/// The error for comments and empty events without end.
fn without_event(limit: usize) -> Error {
    Error::new(
        ErrorKind::LimitExceeded(Limit::Reply),
        format!("the answer has more than the limit of {limit} bytes without any event in them"),
    )
}

impl Delivered {
    /// What of the whole text has not been handed out; nothing when it does not
    /// begin with what has been.
    fn rest_of<'a>(&self, whole: &'a str) -> &'a str {
        let (Some(begin), Some(hasher)) = (whole.get(..self.length), &self.hasher) else {
            return "";
        };
        if XxHash64::oneshot(hasher.seed(), begin.as_bytes()) == hasher.finish() {
            whole.get(self.length..).unwrap_or_default()
        } else {
            ""
        }
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
        self.pending.is_empty() && matches!(self.source, Source::Done)
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
