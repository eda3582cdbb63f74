use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http_body::Body as _;
use tokio::time::Instant;

use super::coding::ContentCoding;
use super::deadlines::Deadlines;
use super::failure::{body_error, timeout_error};
use super::lazy_timer::LazyTimer;
use super::policy::Policy;
use crate::error::{Error, TimeoutPhase};

/// How often the clock is read in the time that a server may be silent. A
/// silence is noticed late by at most one such part.
const LOOKS: u32 = 16;

/// The body of a response, with the time limits of the policy.
///
/// Silence counts while the caller waits for more: the time that a caller
/// takes between two reads is not the server's silence. The clock is read when
/// the timer is set or fires, not for each piece.
pub(super) struct HttpBody {
    body: reqwest::Body,
    policy: Arc<Policy>,
    deadlines: Deadlines,
    coding: ContentCoding,
    has_begun: bool,
    /// When it was noticed that nothing arrives while the caller waits; `None`
    /// after a piece.
    silent_since: Option<Instant>,
    timer: LazyTimer,
    has_ended: bool,
}

impl HttpBody {
    pub(super) fn new(
        body: reqwest::Body,
        coding: ContentCoding,
        policy: Arc<Policy>,
        deadlines: Deadlines,
    ) -> HttpBody {
        HttpBody {
            body,
            policy,
            deadlines,
            coding,
            has_begun: false,
            silent_since: None,
            timer: LazyTimer::default(),
            has_ended: false,
        }
    }

    /// When the request was begun.
    pub(super) fn started(&self) -> Instant {
        self.deadlines.started
    }

    /// Until when the first text must have come, and how long that is.
    pub(super) fn first_text(&self) -> Option<(Instant, Duration)> {
        self.deadlines
            .first_byte
            .zip(self.policy.config.first_byte_timeout)
    }

    /// The next piece; `None` at the end that HTTP marks.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|context| self.poll_chunk(context))
            .await
            .transpose()
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        while !self.has_ended {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    // What is not data are trailers, which say nothing here.
                    let Ok(data) = frame.into_data() else {
                        continue;
                    };
                    if data.is_empty() {
                        continue;
                    }
                    self.silent_since = None;
                    if !self.has_begun {
                        self.note_first_byte();
                    }
                    // With data at hand, only the limit for the whole can have
                    // passed.
                    if let Some(total) = self.deadlines.total
                        && total <= Instant::now()
                    {
                        return Poll::Ready(Some(Err(self.total_passed())));
                    }
                    if self.coding.is_none() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                    match self.coding.admit(data) {
                        Ok(data) if data.is_empty() => {}
                        admitted => return Poll::Ready(Some(admitted)),
                    }
                }
                Poll::Pending => return self.poll_limits(context).map(|error| Some(Err(error))),
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Some(Err(body_error(error))));
                }
                Poll::Ready(None) => {
                    self.has_ended = true;
                    let rest = self.coding.finish();
                    return Poll::Ready(rest.transpose());
                }
            }
        }
        Poll::Ready(None)
    }

    #[cold]
    fn note_first_byte(&mut self) {
        self.has_begun = true;
        tracing::debug!(
            provider = %self.policy.provider,
            elapsed = ?self.deadlines.started.elapsed(),
            "first byte"
        );
    }

    /// Waits for the next limit that can pass.
    fn poll_limits(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        if self.timer.is_set_for(context) {
            return Poll::Pending;
        }
        loop {
            let now = Instant::now();
            self.silent_since.get_or_insert(now);
            if let Some(error) = self.passed(now) {
                return Poll::Ready(error);
            }
            let Some(time) = self.next_look(now) else {
                return Poll::Pending;
            };
            ready!(self.timer.set(time, context));
        }
    }

    /// Returns when to read the clock again, at the latest.
    fn next_look(&self, now: Instant) -> Option<Instant> {
        let idle = self.policy.config.idle_timeout;
        let part = idle.map(|idle| (idle / LOOKS).max(Duration::from_millis(1)));
        let next = part.and_then(|part| now.checked_add(part));
        [self.wait_deadline(), self.deadlines.total, next]
            .into_iter()
            .flatten()
            .min()
    }

    fn wait_deadline(&self) -> Option<Instant> {
        if !self.has_begun {
            return self.deadlines.first_byte;
        }
        let limit = self.policy.config.idle_timeout?;
        self.silent_since?.checked_add(limit)
    }

    /// Returns the error for a limit that has passed while nothing came.
    fn passed(&self, now: Instant) -> Option<Error> {
        let config = &self.policy.config;
        let is_past = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        if is_past(self.deadlines.total) {
            Some(self.total_passed())
        } else if !is_past(self.wait_deadline()) {
            None
        } else if self.has_begun {
            Some(timeout_error(TimeoutPhase::Idle, config.idle_timeout))
        } else {
            let limit = config.first_byte_timeout;
            Some(timeout_error(TimeoutPhase::FirstByte, limit))
        }
    }

    fn total_passed(&self) -> Error {
        timeout_error(TimeoutPhase::Total, self.policy.config.total_timeout)
    }
}

impl Stream for HttpBody {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_chunk(context)
    }
}

impl fmt::Debug for HttpBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpBody").finish_non_exhaustive()
    }
}
