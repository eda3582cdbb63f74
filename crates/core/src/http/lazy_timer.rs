use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

/// A timer for a task that waits again and again, each time for a moment.
///
/// It stays set from one wait to the next, which then costs nothing, so it may
/// fire earlier than the current wait needs. Setting a timer and reading the
/// clock for each piece of a body takes a tenth of the CPU of a whole reply.
#[derive(Default)]
pub(super) struct LazyTimer {
    timer: Option<Pin<Box<Sleep>>>,
    /// The task that it wakes.
    waker: Option<Waker>,
}

impl LazyTimer {
    /// Returns whether it has not fired yet and will wake this task.
    pub(super) fn is_set_for(&self, context: &Context<'_>) -> bool {
        let is_set = self.timer.as_ref().is_some_and(|timer| !timer.is_elapsed());
        let waker = self.waker.as_ref();
        is_set && waker.is_some_and(|waker| waker.will_wake(context.waker()))
    }

    /// Sets it for a time and this task. Returns `Ready` if that time has passed.
    pub(super) fn set(&mut self, time: Instant, context: &mut Context<'_>) -> Poll<()> {
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(time)));
        timer.as_mut().reset(time);
        // A timer that is pending only because the task has used up its budget
        // would not be set.
        let fired = Pin::new(&mut unconstrained(timer.as_mut())).poll(context);
        self.waker = fired.is_pending().then(|| context.waker().clone());
        fired
    }
}
