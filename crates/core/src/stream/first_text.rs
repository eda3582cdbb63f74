use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::error::{Error, ErrorKind, TimeoutPhase};

/// Until when the first text of a reply must have come. A server that sends
/// nothing but signs of life has sent no answer.
pub(super) struct FirstText {
    until: Instant,
    limit: Duration,
    /// Set only while there is something to wait for: most replies begin with
    /// their text.
    timer: Option<Pin<Box<Sleep>>>,
}

impl FirstText {
    pub(super) fn new(until: Instant, limit: Duration) -> FirstText {
        FirstText {
            until,
            limit,
            timer: None,
        }
    }

    /// Resolves with the error when the time has passed.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        let timer = || Box::pin(sleep_until(self.until));
        let timer = self.timer.get_or_insert_with(timer);
        timer.as_mut().poll(context).map(|()| {
            let limit = self.limit.as_secs_f64();
            Error::new(
                ErrorKind::Timeout(TimeoutPhase::FirstText),
                format!("no first text of the answer within the limit of {limit} s"),
            )
        })
    }
}
