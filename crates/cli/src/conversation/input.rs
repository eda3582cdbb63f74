//! Standard input.

use std::io::{self, IsTerminal as _, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::timeout;

use super::text::text;
use crate::bounded::read_rest;
use crate::failure::Failure;
use crate::terminal::say;

/// How long to wait for the first byte of standard input.
const SILENCE: Duration = Duration::from_secs(3);

/// Reads standard input to its end. If it is `optional` and stays silent, there
/// is none.
pub(super) async fn standard_input(optional: bool) -> Result<Option<String>, Failure> {
    let typing = io::stdin().is_terminal();
    if typing {
        say("type the question; Ctrl-D on a line of its own ends it");
    }
    let begun = Arc::new(AtomicBool::new(false));
    let began = Arc::clone(&begun);
    // In a thread of its own, so that Ctrl-C is heard meanwhile.
    let mut read = tokio::task::spawn_blocking(move || read_all(&began));
    let done = match timeout(SILENCE, &mut read).await {
        Ok(done) => done,
        // A pipe that nobody closes looks like a slow one.
        Err(_) if !typing && optional && !begun.load(Ordering::Relaxed) => {
            say("nothing came on standard input: asking without it; </dev/null saves the wait");
            return Ok(None);
        }
        Err(_) => {
            if !typing {
                say("still reading standard input; if there is none, add </dev/null");
            }
            read.await
        }
    };
    match done {
        Ok(Ok(bytes)) => Ok(Some(text("standard input", bytes))),
        Ok(Err(error)) => Err(unreadable(&error)),
        Err(error) => Err(Failure::Other(format!("standard input: {error}"))),
    }
}

pub(super) fn unreadable(error: &io::Error) -> Failure {
    Failure::Other(format!("standard input cannot be read: {error}"))
}

/// Reads to the end, and notes when something has come.
fn read_all(begun: &AtomicBool) -> io::Result<Vec<u8>> {
    let mut input = io::stdin().lock();
    let mut bytes = Vec::new();
    let first = input.by_ref().take(1).read_to_end(&mut bytes)?;
    begun.store(first > 0, Ordering::Relaxed);
    read_rest(&mut input, &mut bytes)?;
    Ok(bytes)
}
