use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chatwire_core::BoxFuture;
use http_body::{Body, Frame};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep};

use super::metrics::InFlight;
use super::reader::CompletionReader;
use super::reply::{Account, Reply};
use super::route::StartedReply;
use crate::catch::catch;
use crate::completion::{CompletionEvent, ReplyHead};
use crate::dialects::ReplyWriter;
use crate::error::ApiError;
use crate::kept_replies::KeptReplies;

/// How much is gathered into one frame at most. What is ready at the same
/// time goes out together, but the client can still slow down a backend that
/// never pauses.
const FRAME: usize = 16 * 1024;

/// How many events are taken in one poll at most. A backend that never runs
/// out of notes must not keep other connections waiting.
const EVENTS: usize = 256;

/// A streamed reply as the body of a response.
///
/// It owns the provider's stream: no task and no queue stands between them.
/// When the client goes away the body is dropped, and with it the provider's
/// connection.
pub(crate) struct ReplyBody {
    state: State,
    writer: Box<dyn ReplyWriter>,
    out: BytesMut,
    /// Complete but for the model, which is known when the reply begins.
    head: ReplyHead,
    account: Account,
    kept: Arc<KeptReplies>,
    in_flight: InFlight,
    cut: Pin<Box<dyn Future<Output = ()> + Send>>,
    keep_alive: Pin<Box<Sleep>>,
    interval: Duration,
    /// When something was last sent.
    sent: Instant,
    /// How long the gateway took before the provider was asked.
    overhead: Duration,
    /// When the first text came, until it is sent.
    first: Option<Instant>,
    _permit: OwnedSemaphorePermit,
}

enum State {
    /// The response's head is out already, because the first text takes long.
    Waiting(
        BoxFuture<'static, Result<StartedReply, ApiError>>,
        CompletionReader,
    ),
    Streaming(Box<Reply>),
    Done,
}

/// A reply that has begun, or one that is still waited for.
pub(crate) enum Source {
    Started(Box<StartedReply>),
    Waiting(BoxFuture<'static, Result<StartedReply, ApiError>>),
}

/// What a reply needs besides its source.
pub(crate) struct ReplyContext {
    pub(crate) writer: Box<dyn ReplyWriter>,
    pub(crate) reader: CompletionReader,
    pub(crate) head: ReplyHead,
    pub(crate) account: Account,
    pub(crate) kept: Arc<KeptReplies>,
    pub(crate) in_flight: InFlight,
    /// The longest silence.
    pub(crate) keep_alive: Duration,
    /// Resolves when running replies must end.
    pub(crate) cut: Pin<Box<dyn Future<Output = ()> + Send>>,
    pub(crate) overhead: Duration,
    pub(crate) permit: OwnedSemaphorePermit,
}

impl ReplyBody {
    pub(crate) fn new(source: Source, context: ReplyContext) -> ReplyBody {
        let mut body = ReplyBody {
            state: State::Done,
            writer: context.writer,
            out: BytesMut::new(),
            head: context.head,
            account: context.account,
            kept: context.kept,
            in_flight: context.in_flight,
            cut: context.cut,
            keep_alive: Box::pin(sleep(context.keep_alive)),
            interval: context.keep_alive,
            sent: Instant::now(),
            overhead: context.overhead,
            first: None,
            _permit: context.permit,
        };
        match source {
            Source::Started(started) => body.begin(*started, context.reader),
            Source::Waiting(future) => {
                body.state = State::Waiting(future, context.reader);
                body.writer.keep_alive(&mut body.out, &body.head);
            }
        }
        body
    }

    fn begin(&mut self, started: StartedReply, reader: CompletionReader) {
        self.head.model = started.target.id();
        self.head.has_tools = started.takes_tools;
        self.writer.begin(&mut self.out, &self.head);
        self.in_flight.moved_to(&started.target.endpoint.name);
        self.in_flight.emulated(started.emulation.as_ref());
        self.in_flight.first_text(&self.head.model);
        self.first = Some(started.at);
        let record = self.in_flight.record().clone();
        let reply = Reply::new(started, reader, self.account, record);
        self.state = State::Streaming(Box::new(reply));
    }

    /// Writes what is ready.
    fn fill(&mut self, context: &mut Context<'_>) {
        if !matches!(self.state, State::Done) && self.cut.as_mut().poll(context).is_ready() {
            return self.fail(&ApiError::shutting_down());
        }
        self.poll_start(context);
        let mut taken = 0;
        while self.out.len() < FRAME {
            let State::Streaming(reply) = &mut self.state else {
                return;
            };
            if taken == EVENTS {
                context.waker().wake_by_ref();
                return;
            }
            taken += 1;
            match reply.poll_event(context) {
                Poll::Ready(Ok(event)) => self.write(&event),
                Poll::Ready(Err(error)) => return self.fail(&error),
                Poll::Pending => return,
            }
        }
    }

    /// Sees whether the reply has begun, where it is still waited for.
    fn poll_start(&mut self, context: &mut Context<'_>) {
        let State::Waiting(future, _) = &mut self.state else {
            return;
        };
        let result = match catch(|| future.as_mut().poll(context)) {
            Ok(Poll::Pending) => return,
            Ok(Poll::Ready(result)) => result,
            Err(panicked) => {
                self.in_flight.record().panicked(&panicked);
                Err(ApiError::internal())
            }
        };
        match (result, std::mem::replace(&mut self.state, State::Done)) {
            (Ok(started), State::Waiting(_, reader)) => self.begin(started, reader),
            (Err(error), _) => self.fail(&error),
            (Ok(_), _) => {}
        }
    }

    fn write(&mut self, event: &CompletionEvent) {
        if !event.delta.is_empty() {
            self.writer.delta(&mut self.out, &event.delta);
        }
        if let Some(call) = &event.call {
            self.writer.call(&mut self.out, call);
        }
        if let Some(end) = &event.end {
            if let Some(doubt) = &end.doubt {
                self.writer.doubt(&mut self.out, doubt);
            }
            self.writer.end(&mut self.out, end);
            if let Some(reply) = self.writer.kept() {
                self.kept.keep(reply);
            }
            // The provider's stream is dropped now, not when the client has
            // read the rest.
            self.state = State::Done;
            self.in_flight.emulated(end.emulation.as_ref());
            self.in_flight.finished(&end.reason);
        }
    }

    /// Ends the body after its head has been sent: the error is part of it.
    fn fail(&mut self, error: &ApiError) {
        self.writer.error(&mut self.out, &self.head, error);
        if let Some(endpoint) = &error.endpoint {
            self.in_flight.moved_to(endpoint);
        }
        self.in_flight.failed(error.code);
        self.state = State::Done;
    }

    /// What was written, as a frame.
    fn frame(&mut self) -> Frame<Bytes> {
        self.sent = Instant::now();
        if let Some(first) = self.first.take() {
            self.in_flight.overhead(self.overhead + first.elapsed());
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
        // The timer is moved only when it fires: most replies end before.
        while body.keep_alive.as_mut().poll(context).is_ready() {
            let due = body.sent + body.interval;
            if due <= Instant::now() {
                body.keep_alive
                    .as_mut()
                    .reset(Instant::now() + body.interval);
                body.writer.keep_alive(&mut body.out, &body.head);
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
