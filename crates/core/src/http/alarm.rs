use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

/// A timer for one who waits again and again, each time for a moment. It stays
/// set from one wait to the next, which then costs nothing; so it may ring
/// earlier than the wait at hand needs.
#[derive(Default)]
pub(super) struct Alarm {
    timer: Option<Pin<Box<Sleep>>>,
    /// Whom it wakes.
    waker: Option<Waker>,
}

impl Alarm {
    /// Whether it is still to ring, and will then wake this task.
    pub(super) fn is_set_for(&self, context: &Context<'_>) -> bool {
        let is_set = self.timer.as_ref().is_some_and(|timer| !timer.is_elapsed());
        let waker = self.waker.as_ref();
        is_set && waker.is_some_and(|waker| waker.will_wake(context.waker()))
    }

    /// Sets it for a time and this task, unless that has passed.
    pub(super) fn set(&mut self, time: Instant, context: &mut Context<'_>) -> Poll<()> {
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(time)));
        timer.as_mut().reset(time);
        // A timer that is pending only because the task has used up its turn
        // would not be set.
        let rung = Pin::new(&mut unconstrained(timer.as_mut())).poll(context);
        self.waker = rung.is_pending().then(|| context.waker().clone());
        rung
    }
}
