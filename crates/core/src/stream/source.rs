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

/// How long to wait for the rest of a body once the answer is complete. A
/// connection whose body was read to its end can serve the next request.
const DRAIN: Duration = Duration::from_millis(100);

/// How long to wait in silence for additions to a complete answer.
const ADDITIONS: Duration = Duration::from_secs(2);

/// How many bytes of such a rest are read before the connection is given up.
const MAX_DRAIN: usize = 64 * 1024;

/// How many chunks without an event are read before other tasks get a turn.
const MAX_READS: usize = 32;

/// Where the events of a reply come from: it reads and decodes the body, and
/// releases the connection. The contract is not applied here.
pub(super) enum Source {
    Body(Body),
    Events(Pin<Box<dyn Stream<Item = Result<ReplyEvent, Error>> + Send>>),
    /// The answer is complete; the rest of the body is read so that the connection
    /// can be used again.
    Draining {
        chunks: Chunks,
        room: usize,
        timer: Pin<Box<Sleep>>,
        finish: Finish,
    },
    /// The answer is complete, and the body was read to its end.
    Finishing(Finish),
    Closed,
}

/// A body and its decoder.
pub(super) struct Body {
    chunks: Chunks,
    decoder: Box<dyn ReplyDecoder>,
    ended: bool,
    /// The decoder has no event until it gets more bytes.
    needs_input: bool,
    /// How many bytes came since the last event.
    eventless: usize,
    /// When the silence after a complete answer ends the reply.
    silence: Option<Pin<Box<Sleep>>>,
}

impl Source {
    pub(super) fn body(chunks: Chunks, decoder: Box<dyn ReplyDecoder>) -> Source {
        Source::Body(Body {
            chunks,
            decoder,
            ended: false,
            needs_input: false,
            eventless: 0,
            silence: None,
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

    /// Returns the next event, or `None` if the answer is complete or the source is
    /// closed. `limit` is the number of bytes that may come without an event.
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

    /// Returns whether bytes have come that made no event yet.
    pub(super) fn has_eventless_bytes(&self) -> bool {
        matches!(self, Source::Body(body) if body.eventless > 0)
    }

    /// Begins to release the connection, once the answer is complete.
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

    /// Waits until the connection is released, and returns the end of the answer.
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
                        // An empty text is none: there may be no end of them.
                        let is_empty = matches!(&event, ReplyEvent::Text(text) if text.is_empty());
                        if !is_empty {
                            self.eventless = 0;
                        }
                        return Poll::Ready(Ok(event));
                    }
                    Ok(None) if self.ended => return Poll::Ready(Err(cut_off())),
                    Ok(None) => self.needs_input = true,
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            // Chunks without events must not starve other tasks.
            if reads == MAX_READS {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            reads += 1;
            match ready!(self.poll_chunk(context)) {
                Some(Ok(chunk)) => {
                    self.silence = None;
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

impl Body {
    /// Polls the next chunk. An error or a silence after a complete answer is the
    /// end of the body.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let polled = self.chunks.as_mut().poll_next(context);
        if !self.decoder.is_complete() {
            return polled;
        }
        match polled {
            Poll::Ready(Some(Err(_))) => Poll::Ready(None),
            Poll::Ready(chunk) => Poll::Ready(chunk),
            Poll::Pending => {
                let timer = || Box::pin(sleep(ADDITIONS));
                let timer = self.silence.get_or_insert_with(timer);
                timer.as_mut().poll(context).map(|()| None)
            }
        }
    }
}

/// The error if the body ends before the answer does.
fn cut_off() -> Error {
    Error::new(
        ErrorKind::Truncated,
        "the answer was cut off: its body ended before the answer did",
    )
}

/// The error if there is no end of comments and empty events.
fn without_event(limit: usize) -> Error {
    Error::new(
        ErrorKind::LimitExceeded(Limit::Reply),
        format!("the answer has more than the limit of {limit} bytes without any event in them"),
    )
}
