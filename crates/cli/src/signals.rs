//! The signals that end the program.

use std::io::{self, IsTerminal as _};

/// A signal that asks the program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// `kill`, or the end of the session.
    Terminate,
    /// The terminal was closed.
    Hangup,
}

impl Signal {
    /// The exit code, as shells have it.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Signal::Interrupt => 130,
            Signal::Terminate => 143,
            Signal::Hangup => 129,
        }
    }

    /// Its usual name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Signal::Interrupt => "Ctrl-C",
            Signal::Terminate => "SIGTERM",
            Signal::Hangup => "SIGHUP",
        }
    }
}

/// Hears every signal from its creation on, for a server.
#[derive(Debug)]
pub(crate) struct Listener {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
    on_terminal: bool,
}

impl Listener {
    pub(crate) fn new() -> io::Result<Listener> {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Listener {
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
            #[cfg(unix)]
            hangup: signal(SignalKind::hangup())?,
            on_terminal: io::stdin().is_terminal(),
        })
    }

    /// Waits for the next signal.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.hangup.recv() => Signal::Hangup,
        }
    }

    #[cfg(windows)]
    pub(crate) async fn next(&mut self) -> Signal {
        match any().await {
            Ok(signal) => signal,
            Err(_) => std::future::pending().await,
        }
    }

    /// Whether the terminal that the program was started on was closed, which
    /// SIGHUP tells as well.
    pub(crate) fn terminal_is_gone(&self) -> bool {
        self.on_terminal && !io::stdin().is_terminal()
    }
}

/// Waits for the first signal of any kind.
pub(crate) async fn any() -> io::Result<Signal> {
    tokio::select! {
        biased;
        interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| Signal::Interrupt),
        terminated = termination() => terminated,
    }
}

/// Waits for the first signal but Ctrl-C, which a line editor hears itself.
#[cfg(unix)]
pub(crate) async fn termination() -> io::Result<Signal> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = match is_ignored(SignalKind::hangup()) {
        true => None,
        false => Some(signal(SignalKind::hangup())?),
    };
    let hung_up = async {
        match &mut hangup {
            Some(hangup) => hangup.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = terminate.recv() => Ok(Signal::Terminate),
        _ = hung_up => Ok(Signal::Hangup),
    }
}

/// The same of a console: it is closed, or the session ends.
#[cfg(windows)]
pub(crate) async fn termination() -> io::Result<Signal> {
    use tokio::signal::windows::{ctrl_close, ctrl_logoff, ctrl_shutdown};

    let (mut close, mut logoff, mut shutdown) = (ctrl_close()?, ctrl_logoff()?, ctrl_shutdown()?);
    tokio::select! {
        _ = close.recv() => Ok(Signal::Hangup),
        _ = logoff.recv() => Ok(Signal::Terminate),
        _ = shutdown.recv() => Ok(Signal::Terminate),
    }
}

/// Whether the parent process, such as `nohup`, had the signal
/// ignored: that has to stay so. Known on Linux alone.
#[cfg(unix)]
fn is_ignored(signal: tokio::signal::unix::SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let bit = signal.as_raw_value().saturating_sub(1).unsigned_abs();
    mask.is_some_and(|mask| mask & 1_u64.checked_shl(bit).unwrap_or(0) != 0)
}
