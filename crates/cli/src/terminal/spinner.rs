//! A progress indicator on standard error.

use std::future::Future;
use std::io::{self, Write as _};
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::filter::exact;
use super::say::say;
use super::size::terminal_size;
use super::style::Style;

/// The spinner appears only after this time.
const AFTER: Duration = Duration::from_millis(300);
const STEP: Duration = Duration::from_millis(100);
const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// A spinner on standard error.
#[derive(Debug)]
pub(crate) struct Spinner {
    active: bool,
    drawn: bool,
    started: Instant,
    next: Instant,
    step: usize,
    note: String,
}

impl Spinner {
    /// Creates a spinner whose clock starts now.
    pub(crate) fn new(style: &Style) -> Spinner {
        let now = Instant::now();
        Spinner {
            active: style.spinner,
            drawn: false,
            started: now,
            next: now + AFTER,
            step: 0,
            note: String::new(),
        }
    }

    /// Waits for the task, and spins meanwhile.
    pub(crate) async fn during<T>(&mut self, task: impl Future<Output = T>) -> T {
        let mut task = pin!(task);
        loop {
            if !self.active {
                return task.await;
            }
            tokio::select! {
                biased;
                done = &mut task => return done,
                () = sleep_until(self.next) => self.draw(),
            }
        }
    }

    /// Shows a note of the backend: beside the spinner, or on a line of its
    /// own where there is none.
    pub(crate) fn note(&mut self, note: &str) {
        let note = exact(note.trim()).replace('\n', " ");
        if note.is_empty() {
        } else if self.active {
            self.note = note;
        } else {
            say(&note);
        }
    }

    /// Shows a label beside the spinner, if there is one.
    pub(crate) fn label(&mut self, label: &str) {
        if self.active {
            self.note(label);
        }
    }

    fn draw(&mut self) {
        self.next = Instant::now() + STEP;
        self.step += 1;
        self.drawn = true;
        let frame = FRAMES.get(self.step % FRAMES.len()).unwrap_or(&"");
        let seconds = self.started.elapsed().as_secs();
        // Wide characters take two columns.
        let room = terminal_size().columns.saturating_sub(12) / 2;
        let note: String = self.note.chars().take(room).collect();
        let _ = write!(io::stderr(), "\r{frame} {seconds} s {note}\u{1b}[K");
        let _ = io::stderr().flush();
    }

    /// Removes the spinner; it does not come back.
    pub(crate) fn stop(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
            let _ = io::stderr().flush();
        }
        self.active = false;
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.stop();
    }
}
