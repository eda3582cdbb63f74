use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::limits::Limits;

/// Watches one connection for a client that is too slow.
///
/// - A head must be whole in time, counted from the connection or from its
///   first byte, however its bytes drip.
/// - Between two requests, and while the client does not read what it is sent,
///   the idle time counts.
/// - While a request is being answered, nothing is expected here: its body has
///   a limit of its own.
///
/// The HTTP library's own timer for heads also counts the idle time before a
/// head, so it cannot tell these two limits apart.
#[derive(Debug, Clone)]
pub(super) struct Watch(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    header_read: Duration,
    idle: Duration,
    /// A shorter limit for both, until a valid key was seen.
    unauthenticated: Option<Duration>,
    waiting: Waiting,
    write_blocked: Option<Instant>,
    refused: bool,
    bare_error: Option<u16>,
}

#[derive(Debug, Clone, Copy)]
enum Waiting {
    /// The first byte since the client connected.
    FirstByte(Instant),
    /// The rest of a head.
    Head(Instant),
    /// The first byte of the next request.
    NextRequest(Instant),
    Nothing,
}

/// What the client was too slow with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overdue {
    /// It has sent half a head.
    Head,
    /// It has sent nothing, or takes nothing.
    Silent,
}

impl Watch {
    /// Watches a connection from now on. If the gateway has keys, the client has
    /// less time until it has sent one.
    pub(super) fn new(limits: &Limits, has_keys: bool) -> Watch {
        Watch(Arc::new(Mutex::new(State {
            header_read: limits.header_read,
            idle: limits.idle,
            unauthenticated: has_keys.then_some(limits.unauthenticated),
            waiting: Waiting::FirstByte(Instant::now()),
            write_blocked: None,
            refused: false,
            bare_error: None,
        })))
    }

    /// Notes that a valid key was seen.
    pub(super) fn authenticated(&self) {
        self.lock().unauthenticated = None;
    }

    /// The time that a head may take.
    pub(super) fn header_read(&self) -> Duration {
        let state = self.lock();
        state.at_most(state.header_read)
    }

    /// Notes that bytes have come.
    pub(super) fn received(&self) {
        let mut state = self.lock();
        state.waiting = match state.waiting {
            Waiting::FirstByte(since) => Waiting::Head(since),
            Waiting::NextRequest(_) => Waiting::Head(Instant::now()),
            waiting => waiting,
        };
    }

    /// Notes a write, and whether the client has not read enough for it.
    pub(super) fn wrote(&self, blocked: bool) {
        let mut state = self.lock();
        if !blocked {
            state.write_blocked = None;
        } else if state.write_blocked.is_none() {
            state.write_blocked = Some(Instant::now());
        }
    }

    /// Notes that a request is being answered, until the mark is dropped.
    pub(super) fn begin_request(&self) -> RequestMark {
        self.lock().waiting = Waiting::Nothing;
        RequestMark(self.clone())
    }

    /// Notes whether the last request was refused, perhaps before all of it was
    /// read.
    pub(super) fn set_refused(&self, refused: bool) {
        self.lock().refused = refused;
    }

    pub(super) fn is_refused(&self) -> bool {
        self.lock().refused
    }

    /// Notes that the HTTP library answered with a bare error, which was held
    /// back.
    pub(super) fn set_bare_error(&self, status: u16) {
        self.lock().bare_error = Some(status);
    }

    pub(super) fn bare_error(&self) -> Option<u16> {
        self.lock().bare_error
    }

    /// Resolves when the client is too slow. The timer is only moved if it
    /// would fire too late, and when it fires.
    pub(super) fn poll_overdue(
        &self,
        context: &mut Context<'_>,
        mut timer: Pin<&mut Sleep>,
    ) -> Poll<Overdue> {
        let state = self.lock();
        let far = Instant::now() + Duration::from_secs(24 * 3600);
        let deadline = state.deadline().unwrap_or(far);
        if deadline < timer.deadline() {
            timer.as_mut().reset(deadline);
        }
        loop {
            ready!(timer.as_mut().poll(context));
            if deadline <= Instant::now() {
                break;
            }
            timer.as_mut().reset(deadline);
        }
        Poll::Ready(match (state.write_blocked, state.waiting) {
            (None, Waiting::Head(_)) => Overdue::Head,
            _ => Overdue::Silent,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The limit that applies to this client.
    fn at_most(&self, limit: Duration) -> Duration {
        self.unauthenticated.map_or(limit, |least| least.min(limit))
    }

    /// When the client will be too slow; `None` if nothing is expected of it.
    fn deadline(&self) -> Option<Instant> {
        let read = match self.waiting {
            Waiting::FirstByte(since) | Waiting::Head(since) => {
                since.checked_add(self.at_most(self.header_read))
            }
            Waiting::NextRequest(since) => since.checked_add(self.at_most(self.idle)),
            Waiting::Nothing => None,
        };
        let write = self
            .write_blocked
            .and_then(|since| since.checked_add(self.at_most(self.idle)));
        match (read, write) {
            (Some(read), Some(write)) => Some(read.min(write)),
            (read, write) => read.or(write),
        }
    }
}

/// While it lives, a request is being answered.
#[derive(Debug)]
pub(super) struct RequestMark(Watch);

impl Drop for RequestMark {
    fn drop(&mut self) {
        self.0.lock().waiting = Waiting::NextRequest(Instant::now());
    }
}
