use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::stream::Stream;
use tokio::time::{Sleep, sleep};

use crate::chat::{Finish, ReplyEvent};
use crate::decode::ReplyDecoder;
use crate::error::{Error, ErrorKind, Limit};

/// The bytes of a body, as they arrive.
pub(crate) type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// How long the rest of a body is waited for once the answer is whole. Reading
/// it to the end lets the connection serve the next request.
const DRAIN: Duration = Duration::from_millis(100);

/// How many bytes may follow a whole answer before the connection is not worth
/// keeping.
const MAX_DRAIN: usize = 64 * 1024;

/// How many pieces of a body are read in a row when none has an event.
const MAX_READS: usize = 32;

/// Where the events of a reply come from, before the contract is applied to
/// them: it reads, decodes, and lets go of the connection.
pub(super) enum Source {
    Body(Body),
    Events(Pin<Box<dyn Stream<Item = Result<ReplyEvent, Error>> + Send>>),
    /// The answer is whole; the rest of its body is read for the sake of the
    /// connection.
    Draining {
        chunks: Chunks,
        room: usize,
        timer: Pin<Box<Sleep>>,
        finish: Finish,
    },
    /// The answer is whole, and so is its body.
    Finishing(Finish),
    Closed,
}

/// A body, and what turns it into events.
pub(super) struct Body {
    chunks: Chunks,
    decoder: Box<dyn ReplyDecoder>,
    ended: bool,
    /// The decoder has no event before more bytes come.
    needs_input: bool,
    /// How many bytes have come since the last event.
    eventless: usize,
}

impl Source {
    pub(super) fn body(chunks: Chunks, decoder: Box<dyn ReplyDecoder>) -> Source {
        Source::Body(Body {
            chunks,
            decoder,
            ended: false,
            needs_input: false,
            eventless: 0,
        })
    }

    pub(super) fn events(
        events: impl Stream<Item = Result<ReplyEvent, Error>> + Send + 'static,
    ) -> Source {
        Source::Events(Box::pin(events))
    }

    /// Closes the connection.
    pub(super) fn close(&mut self) {
        *self = Source::Closed;
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Source::Closed)
    }

    /// The next event; none when the answer is whole or the source is closed.
    /// `limit` is for the bytes of a body that come without any event.
    pub(super) fn poll_event(
        &mut self,
        context: &mut Context<'_>,
        limit: Option<usize>,
    ) -> Poll<Option<Result<ReplyEvent, Error>>> {
        match self {
            Source::Body(body) => body.poll_event(context, limit).map(Some),
            Source::Events(events) => match ready!(events.as_mut().poll_next(context)) {
                None => Poll::Ready(Some(Err(cut_off()))),
                event => Poll::Ready(event),
            },
            Source::Draining { .. } | Source::Finishing(_) | Source::Closed => Poll::Ready(None),
        }
    }

    /// The answer is whole: what is left is to let go of the connection.
    pub(super) fn release(&mut self, finish: Finish) {
        *self = match std::mem::replace(self, Source::Closed) {
            Source::Body(Body {
                chunks,
                ended: false,
                ..
            }) => Source::Draining {
                chunks,
                room: MAX_DRAIN,
                timer: Box::pin(sleep(DRAIN)),
                finish,
            },
            _ => Source::Finishing(finish),
        };
    }

    /// Waits until nothing is left to do, and takes the end of the answer.
    pub(super) fn poll_finish(&mut self, context: &mut Context<'_>) -> Poll<Option<Finish>> {
        if let Source::Draining {
            chunks,
            room,
            timer,
            ..
        } = self
        {
            loop {
                match chunks.as_mut().poll_next(context) {
                    Poll::Ready(Some(Ok(chunk))) if chunk.len() < *room => *room -= chunk.len(),
                    Poll::Ready(_) => break,
                    Poll::Pending => {
                        ready!(timer.as_mut().poll(context));
                        break;
                    }
                }
            }
        }
        Poll::Ready(match std::mem::replace(self, Source::Closed) {
            Source::Draining { finish, .. } | Source::Finishing(finish) => Some(finish),
            _ => None,
        })
    }
}

impl Body {
    fn poll_event(
        &mut self,
        context: &mut Context<'_>,
        limit: Option<usize>,
    ) -> Poll<Result<ReplyEvent, Error>> {
        let mut reads = 0;
        loop {
            if !self.needs_input {
                match self.decoder.next_event() {
                    Ok(Some(event)) => {
                        self.eventless = 0;
                        return Poll::Ready(Ok(event));
                    }
                    Ok(None) if self.ended => return Poll::Ready(Err(cut_off())),
                    Ok(None) => self.needs_input = true,
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            // A body that says nothing must leave others their turn.
            if reads == MAX_READS {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            reads += 1;
            match ready!(self.chunks.as_mut().poll_next(context)) {
                Some(Ok(chunk)) => {
                    self.eventless = self.eventless.saturating_add(chunk.len());
                    if let Some(limit) = limit
                        && self.eventless > limit
                    {
                        return Poll::Ready(Err(without_event(limit)));
                    }
                    self.decoder.feed(chunk);
                }
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => {
                    self.ended = true;
                    self.decoder.end();
                }
            }
            self.needs_input = false;
        }
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
