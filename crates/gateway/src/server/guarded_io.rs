use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::Limits;
use super::raw_error::RawErrors;

/// How much of what a refused client still sends is read, so that it gets to
/// see its answer.
const LINGER_BYTES: usize = 64 * 1024 * 1024;

/// What the connection is told by what happens on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Activity(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    busy: AtomicBool,
    refused: AtomicBool,
}

impl Activity {
    /// Whether a request is being answered.
    pub(crate) fn set_busy(&self, busy: bool) {
        self.0.busy.store(busy, Ordering::Relaxed);
    }

    /// Whether the last request was refused, perhaps before it was read.
    pub(crate) fn set_refused(&self, refused: bool) {
        self.0.refused.store(refused, Ordering::Relaxed);
    }

    fn is_busy(&self) -> bool {
        self.0.busy.load(Ordering::Relaxed)
    }

    fn is_refused(&self) -> bool {
        self.0.refused.load(Ordering::Relaxed)
    }
}

/// A connection with limits on how long its client may take.
///
/// - A head must be whole in time, counted from the connection or from its
///   first byte, however its bytes drip.
/// - Between two requests, and while the client takes nothing of what it is
///   sent, the idle time counts.
/// - While a request is being answered, reading has no limit here: the body
///   has one of its own, and after it nothing is due.
/// - A connection that ends with a refusal is still read for a moment. Closing
///   it with bytes unread would make the client's system throw away the answer.
#[derive(Debug)]
pub(crate) struct GuardedIo<T> {
    io: T,
    activity: Activity,
    waiting: Waiting,
    read_timer: Pin<Box<Sleep>>,
    write_timer: Option<Pin<Box<Sleep>>>,
    lingering: Option<Lingering>,
    raw_errors: RawErrors,
    header_read: Duration,
    idle: Duration,
    linger: Duration,
}

/// What is due from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// The rest of a head.
    Head,
    /// The first byte of the next head.
    Next,
    /// Nothing.
    Nothing,
}

#[derive(Debug)]
struct Lingering {
    timer: Pin<Box<Sleep>>,
    room: usize,
}

impl<T> GuardedIo<T> {
    pub(crate) fn new(
        io: T,
        activity: Activity,
        limits: &Limits,
        raw_errors: RawErrors,
    ) -> GuardedIo<T> {
        GuardedIo {
            io,
            activity,
            waiting: Waiting::Head,
            read_timer: Box::pin(sleep_until(Instant::now() + limits.header_read)),
            write_timer: None,
            lingering: None,
            raw_errors,
            header_read: limits.header_read,
            idle: limits.idle,
            linger: limits.linger,
        }
    }

    /// Bytes have come, or none: moves on to what is due now.
    fn note_read(&mut self, any: bool) {
        let now = match (self.activity.is_busy(), self.waiting) {
            (true, _) => Waiting::Nothing,
            (false, Waiting::Head) => Waiting::Head,
            (false, _) if any => Waiting::Head,
            (false, _) => Waiting::Next,
        };
        if now == self.waiting {
            return;
        }
        self.waiting = now;
        match now {
            Waiting::Head => self.read_timer.as_mut().reset(after(self.header_read)),
            Waiting::Next => self.read_timer.as_mut().reset(after(self.idle)),
            Waiting::Nothing => {}
        }
    }

    /// Writing has got on, or has not.
    fn check_write<R>(
        &mut self,
        context: &mut Context<'_>,
        result: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if result.is_ready() {
            self.write_timer = None;
            return result;
        }
        let idle = self.idle;
        let timer = self
            .write_timer
            .get_or_insert_with(|| Box::pin(sleep_until(after(idle))));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Err(late("the client takes nothing of what it is sent")))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for GuardedIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let result = Pin::new(&mut this.io).poll_read(context, buffer);
        this.note_read(result.is_ready() && buffer.filled().len() > before);
        if result.is_ready() || this.waiting == Waiting::Nothing {
            return result;
        }
        ready!(this.read_timer.as_mut().poll(context));
        Poll::Ready(Err(late("the next request, or the rest of its head")))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for GuardedIo<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = match this.raw_errors.replacement(bytes) {
            // The server's own answer to a head it cannot read is swallowed
            // whole when the replacement is out.
            Some(other) => {
                this.activity.set_refused(true);
                let mut done = Poll::Pending;
                while !other.is_empty() {
                    match Pin::new(&mut this.io).poll_write(context, other) {
                        Poll::Ready(Ok(0)) => {
                            done = Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                            break;
                        }
                        Poll::Ready(Ok(written)) => *other = other.split_off(written),
                        Poll::Ready(Err(error)) => {
                            done = Poll::Ready(Err(error));
                            break;
                        }
                        Poll::Pending => break,
                    }
                }
                if other.is_empty() {
                    done = Poll::Ready(Ok(bytes.len()));
                }
                done
            }
            None => Pin::new(&mut this.io).poll_write(context, bytes),
        };
        this.check_write(context, result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // An answer without a body is one slice.
        if let [only] = slices {
            return self.poll_write(context, only);
        }
        let this = self.get_mut();
        let result = Pin::new(&mut this.io).poll_write_vectored(context, slices);
        this.check_write(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.io).poll_flush(context);
        this.check_write(context, result)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let linger = this.linger;
        if this.lingering.is_none() {
            ready!(Pin::new(&mut this.io).poll_shutdown(context))?;
            if !this.activity.is_refused() {
                return Poll::Ready(Ok(()));
            }
        }
        let lingering = this.lingering.get_or_insert_with(|| Lingering {
            timer: Box::pin(sleep_until(after(linger))),
            room: LINGER_BYTES,
        });
        let mut scrap = [0; 8192];
        loop {
            let mut buffer = ReadBuf::new(&mut scrap);
            match Pin::new(&mut this.io).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) if buffer.filled().len() < lingering.room => {
                    lingering.room -= buffer.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return lingering.timer.as_mut().poll(context).map(Ok),
            }
            // A client that never pauses must not outlast the time.
            if lingering.timer.as_mut().poll(context).is_ready() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

fn after(time: Duration) -> Instant {
    let now = Instant::now();
    // A time beyond what the clock can tell is a year.
    now.checked_add(time)
        .unwrap_or_else(|| now + Duration::from_secs(365 * 24 * 3600))
}

fn late(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        format!("waited too long for: {what}"),
    )
}
