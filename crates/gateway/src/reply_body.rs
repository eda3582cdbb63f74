use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use chatwire_core::{BoxFuture, Finish, ReplyEvent, ReplyStream};
use futures_core::Stream as _;
use http_body::{Body, Frame};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep};

use crate::attempt::{Begun, late_failure};
use crate::catch::catch;
use crate::chunks::{ChunkWriter, WholeUsage};
use crate::endpoint::Endpoint;
use crate::errors::ApiError;
use crate::images::as_markdown;
use crate::metrics::Flight;
use crate::stop::{Passed, StopMatcher};

/// How much is gathered into one frame at most. What is ready at the same
/// time goes out together; a backend that never pauses still gets its turn to
/// be slowed down by the client.
const FRAME: usize = 16 * 1024;

/// How many events are taken at once at most. A backend that is never out of
/// notes must not keep the others waiting.
const EVENTS: usize = 256;

/// A line that clients skip.
const COMMENT: &[u8] = b": keep-alive\n\n";

/// A streamed answer as the body of a response.
///
/// It holds the provider's stream itself: no task and no queue stands between
/// them. When the client goes away the body is dropped, and with it the
/// provider's connection.
pub(crate) struct ReplyBody {
    state: State,
    out: BytesMut,
    flight: Flight,
    /// Who the answer is from, as far as it is known before it begins.
    identity: Identity,
    stop: Option<StopMatcher>,
    cut: Pin<Box<dyn Future<Output = ()> + Send>>,
    keep_alive: Pin<Box<Sleep>>,
    interval: Duration,
    /// When something was last sent.
    sent: Instant,
    /// What the gateway took before the question went out.
    overhead: Duration,
    /// When the first text came, until it is sent.
    first: Option<Instant>,
    _permit: OwnedSemaphorePermit,
}

/// What is the same in all chunks of an answer, but for the model.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) id: String,
    pub(crate) created: u64,
    pub(crate) include_usage: bool,
}

enum State {
    /// The head is out already, because the first text takes long.
    Waiting(BoxFuture<'static, Result<Begun, ApiError>>),
    Answering(Box<Answer>),
    Done,
}

struct Answer {
    stream: ReplyStream,
    chunks: ChunkWriter,
    endpoint: Arc<Endpoint>,
    any_text: bool,
}

/// An answer that has begun, or is still waited for.
pub(crate) enum Source {
    Begun(Box<Begun>),
    Waiting(BoxFuture<'static, Result<Begun, ApiError>>),
}

/// How a body is paced and ended.
pub(crate) struct Pace {
    pub(crate) keep_alive: Duration,
    /// Resolves when running answers must end.
    pub(crate) cut: Pin<Box<dyn Future<Output = ()> + Send>>,
    pub(crate) permit: OwnedSemaphorePermit,
    pub(crate) overhead: Duration,
}

impl ReplyBody {
    pub(crate) fn new(
        source: Source,
        identity: Identity,
        stop: Option<StopMatcher>,
        flight: Flight,
        pace: Pace,
    ) -> ReplyBody {
        let mut body = ReplyBody {
            state: State::Done,
            out: BytesMut::new(),
            flight,
            identity,
            stop,
            cut: pace.cut,
            keep_alive: Box::pin(sleep(pace.keep_alive)),
            interval: pace.keep_alive,
            sent: Instant::now(),
            overhead: pace.overhead,
            first: None,
            _permit: pace.permit,
        };
        match source {
            Source::Begun(begun) => body.begin(*begun),
            Source::Waiting(future) => {
                body.state = State::Waiting(future);
                body.out.put_slice(COMMENT);
            }
        }
        body
    }

    fn begin(&mut self, begun: Begun) {
        let Identity {
            id,
            created,
            include_usage,
        } = &self.identity;
        let chunks = ChunkWriter::new(id, *created, &begun.target.id(), *include_usage);
        chunks.role(&mut self.out);
        self.flight.moved_to(&begun.target.endpoint.name);
        self.flight.first_text();
        self.first = Some(begun.at);
        self.state = State::Answering(Box::new(Answer {
            stream: begun.stream,
            chunks,
            endpoint: begun.target.endpoint,
            any_text: false,
        }));
    }

    /// Writes what is ready.
    fn fill(&mut self, context: &mut Context<'_>) {
        if !matches!(self.state, State::Done) && self.cut.as_mut().poll(context).is_ready() {
            return self.fail(&ApiError::shutting_down());
        }
        if let State::Waiting(future) = &mut self.state {
            match catch(|| future.as_mut().poll(context)) {
                Ok(Poll::Ready(Ok(begun))) => self.begin(begun),
                Ok(Poll::Ready(Err(error))) => return self.fail(&error),
                Ok(Poll::Pending) => return,
                Err(panicked) => return self.panicked(&panicked.0),
            }
        }
        let mut taken = 0;
        while self.out.len() < FRAME {
            if taken == EVENTS {
                context.waker().wake_by_ref();
                return;
            }
            taken += 1;
            let State::Answering(answer) = &mut self.state else {
                return;
            };
            match catch(|| Pin::new(&mut answer.stream).poll_next(context)) {
                Ok(Poll::Ready(Some(Ok(event)))) => self.take(event),
                Ok(Poll::Ready(Some(Err(error)))) => {
                    let error = late_failure(&answer.endpoint, &error);
                    return self.fail(&error);
                }
                // The stream ends with a finish or an error, never before.
                Ok(Poll::Ready(None)) => return self.fail(&ApiError::internal()),
                Ok(Poll::Pending) => return,
                Err(panicked) => return self.panicked(&panicked.0),
            }
        }
    }

    fn take(&mut self, event: ReplyEvent) {
        let State::Answering(answer) = &mut self.state else {
            return;
        };
        match event {
            ReplyEvent::Text(text) => {
                answer.any_text = true;
                match &mut self.stop {
                    None => answer.chunks.text(&mut self.out, &text),
                    Some(stop) => match stop.push(&text) {
                        Passed::Text(text) if text.is_empty() => {}
                        Passed::Text(text) => answer.chunks.text(&mut self.out, &text),
                        Passed::Stopped(text) => {
                            if !text.is_empty() {
                                answer.chunks.text(&mut self.out, &text);
                            }
                            answer.chunks.end(&mut self.out, None);
                            self.end();
                        }
                    },
                }
            }
            ReplyEvent::Finish(finish) => self.finish(finish),
            // Notes about the work are never part of the answer, and the API
            // has no place for them.
            _ => {}
        }
    }

    fn finish(&mut self, finish: Finish) {
        let State::Answering(answer) = &mut self.state else {
            return;
        };
        let mut rest = match &mut self.stop {
            Some(stop) => stop.finish(),
            None => String::new(),
        };
        rest.push_str(&as_markdown(&finish.images, answer.any_text));
        if !rest.is_empty() {
            answer.chunks.text(&mut self.out, &rest);
        }
        let usage = match self.identity.include_usage {
            true => WholeUsage::of(finish.usage),
            false => None,
        };
        answer.chunks.end(&mut self.out, usage);
        self.end();
    }

    /// The answer is whole: the provider's stream goes now, not when the
    /// client has read the rest.
    fn end(&mut self) {
        if let State::Answering(answer) = std::mem::replace(&mut self.state, State::Done) {
            answer.endpoint.record(None);
            self.flight.done();
        }
    }

    /// A fault after the head: an event, and no finish and no `[DONE]`, so
    /// that nobody takes the answer for a whole one.
    fn fail(&mut self, error: &ApiError) {
        self.out.put_slice(b"data: ");
        self.out.put_slice(&error.to_json());
        self.out.put_slice(b"\n\n");
        if let Some(endpoint) = &error.endpoint {
            self.flight.moved_to(endpoint);
        }
        self.flight.failed_late(error.code);
        self.state = State::Done;
    }

    fn panicked(&mut self, words: &str) {
        tracing::error!(panic = %words, "a provider panicked");
        self.fail(&ApiError::internal());
    }

    /// What was written, as a frame.
    fn frame(&mut self) -> Frame<Bytes> {
        self.sent = Instant::now();
        if let Some(first) = self.first.take() {
            self.flight.overhead(self.overhead + first.elapsed());
        }
        Frame::data(self.out.split().freeze())
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let body = self.get_mut();
        body.fill(context);
        if !body.out.is_empty() {
            return Poll::Ready(Some(Ok(body.frame())));
        }
        if matches!(body.state, State::Done) {
            return Poll::Ready(None);
        }
        // The timer is moved only when it fires: most answers end before.
        while body.keep_alive.as_mut().poll(context).is_ready() {
            let due = body.sent + body.interval;
            if due <= Instant::now() {
                body.keep_alive
                    .as_mut()
                    .reset(Instant::now() + body.interval);
                body.out.put_slice(COMMENT);
                return Poll::Ready(Some(Ok(body.frame())));
            }
            body.keep_alive.as_mut().reset(due);
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Done) && self.out.is_empty()
    }
}
