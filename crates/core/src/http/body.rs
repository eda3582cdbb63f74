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

use super::alarm::Alarm;
use super::client::{Policy, root, timeout_error};
use super::deadlines::Deadlines;
use crate::error::{Error, ErrorKind, TimeoutPhase};

/// How often in the time that a server may be silent an alarm rings. A silence
/// is noticed late by at most one such part.
const RINGS: u32 = 16;

/// The body of a response, with the time limits of the policy.
///
/// Silence counts from when somebody waits for more: a caller that takes its
/// time between two reads is not the server's silence. The clock is read when
/// an alarm is set or rings, not for each piece, so that limits cost a fast
/// body nothing.
pub(super) struct HttpBody {
    body: reqwest::Body,
    policy: Arc<Policy>,
    deadlines: Deadlines,
    has_begun: bool,
    /// Since when nothing has come although it was waited for; none when
    /// something has come since the clock was read.
    silent_since: Option<Instant>,
    alarm: Alarm,
}

impl HttpBody {
    pub(super) fn new(body: reqwest::Body, policy: Arc<Policy>, deadlines: Deadlines) -> HttpBody {
        HttpBody {
            body,
            policy,
            deadlines,
            has_begun: false,
            silent_since: None,
            alarm: Alarm::default(),
        }
    }

    /// When the request was begun.
    pub(super) fn started(&self) -> Instant {
        self.deadlines.started
    }

    /// The next piece; none at the end that HTTP says is one.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|context| self.poll_chunk(context))
            .await
            .transpose()
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Ok(frame))) => {
                    // What is not data are trailers, which say nothing here.
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        if !self.has_begun {
                            self.has_begun = true;
                            tracing::debug!(
                                provider = %self.policy.provider,
                                elapsed = ?self.deadlines.started.elapsed(),
                                "first byte"
                            );
                        }
                        self.silent_since = None;
                        // With data at hand, only the limit for the whole can
                        // have passed.
                        if self
                            .deadlines
                            .total
                            .is_some_and(|total| total <= Instant::now())
                        {
                            return Poll::Ready(Some(Err(self.total_passed())));
                        }
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Some(Err(broken(error))));
                }
                Poll::Pending => return self.poll_limits(context).map(|error| Some(Err(error))),
            }
        }
    }

    /// Waits for the next limit that can pass.
    fn poll_limits(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        if self.alarm.is_set_for(context) {
            return Poll::Pending;
        }
        loop {
            let now = Instant::now();
            self.silent_since.get_or_insert(now);
            if let Some(error) = self.passed(now) {
                return Poll::Ready(error);
            }
            let Some(time) = self.next_ring(now) else {
                return Poll::Pending;
            };
            ready!(self.alarm.set(time, context));
        }
    }

    /// When to look at the clock again, at the latest.
    fn next_ring(&self, now: Instant) -> Option<Instant> {
        let idle = self.policy.config.idle_timeout;
        let part = idle.map(|idle| (idle / RINGS).max(Duration::from_millis(1)));
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

    /// The error when a limit has passed while nothing came.
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

/// The error for a body that ended before its end.
fn broken(error: reqwest::Error) -> Error {
    let error = error.without_url();
    // Limits that are not ours: of the network, or of the caller's own client.
    if error.is_timeout() {
        return timeout_error(TimeoutPhase::Idle, None).with_source(error);
    }
    Error::new(
        ErrorKind::Interrupted,
        format!("the connection broke within the answer: {}", root(&error)),
    )
    .with_source(error)
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
