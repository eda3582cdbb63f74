use std::fmt;
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http_body::Body as _;
use tokio::time::{Instant, Sleep, sleep_until};

use super::coding::ContentCoding;
use super::deadlines::Deadlines;
use super::failure::{body_error, timeout_error};
use super::policy::Policy;
use crate::error::{Error, TimeoutPhase};

/// The body of a response, with the time limits of the policy.
///
/// Silence counts from when somebody waits for more: a caller that takes its
/// time between two reads is not the server's silence.
pub(super) struct HttpBody {
    body: reqwest::Body,
    policy: Arc<Policy>,
    deadlines: Deadlines,
    coding: ContentCoding,
    has_begun: bool,
    /// Rings when the next limit passes, while somebody waits for more.
    timer: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
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
            timer: None,
            is_waiting: false,
            has_ended: false,
        }
    }

    /// When the request was begun.
    pub(super) fn started(&self) -> Instant {
        self.deadlines.started
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
                Poll::Ready(None) => {
                    self.has_ended = true;
                    let rest = self.coding.finish();
                    return Poll::Ready(rest.transpose());
                }
                Poll::Ready(Some(Ok(frame))) => {
                    // What is not data are trailers, which say nothing here.
                    let Some(data) = frame.into_data().ok().filter(|data| !data.is_empty()) else {
                        continue;
                    };
                    self.note_data();
                    // With data at hand, only the limit for the whole can have
                    // passed.
                    let total = self.deadlines.total;
                    if total.is_some_and(|total| total <= Instant::now()) {
                        return Poll::Ready(Some(Err(self.total_passed())));
                    }
                    match self.coding.admit(data) {
                        Ok(data) if data.is_empty() => {}
                        admitted => return Poll::Ready(Some(admitted)),
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Some(Err(body_error(error))));
                }
                Poll::Pending => return self.poll_limits(context).map(|error| Some(Err(error))),
            }
        }
        Poll::Ready(None)
    }

    fn note_data(&mut self) {
        self.is_waiting = false;
        if !self.has_begun {
            self.has_begun = true;
            tracing::debug!(
                provider = %self.policy.provider,
                elapsed = ?self.deadlines.started.elapsed(),
                "first byte"
            );
        }
    }

    /// Waits for the next limit that can pass.
    fn poll_limits(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        if !self.is_waiting {
            self.is_waiting = true;
            match (self.next_deadline(), &mut self.timer) {
                (Some(deadline), Some(timer)) => timer.as_mut().reset(deadline),
                (Some(deadline), None) => self.timer = Some(Box::pin(sleep_until(deadline))),
                (None, _) => self.timer = None,
            }
        }
        let Some(timer) = &mut self.timer else {
            return Poll::Pending;
        };
        ready!(timer.as_mut().poll(context));
        Poll::Ready(self.passed())
    }

    /// When the next limit passes if nothing comes.
    fn next_deadline(&self) -> Option<Instant> {
        let wait = match self.has_begun {
            true => {
                let limit = self.policy.config.idle_timeout;
                limit.and_then(|limit| Instant::now().checked_add(limit))
            }
            false => self.deadlines.first_byte,
        };
        match (wait, self.deadlines.total) {
            (Some(wait), Some(total)) => Some(wait.min(total)),
            (wait, total) => wait.or(total),
        }
    }

    /// The error for the limit that has passed while nothing came.
    fn passed(&self) -> Error {
        let config = &self.policy.config;
        let total = self.deadlines.total;
        if total.is_some_and(|total| total <= Instant::now()) {
            self.total_passed()
        } else if self.has_begun {
            timeout_error(TimeoutPhase::Idle, config.idle_timeout)
        } else {
            timeout_error(TimeoutPhase::FirstByte, config.first_byte_timeout)
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
