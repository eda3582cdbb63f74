//! Standard output, written without holding up anything else.

use std::io;

use tokio::io::AsyncWriteExt as _;

/// Standard output.
pub(super) struct StandardOutput {
    /// Written on a thread of its own, so that a full pipe does not delay Ctrl-C.
    slow: tokio::io::Stdout,
    /// The same, for what a pipe takes at once: no thread has to be woken.
    #[cfg(unix)]
    quick: Option<std::fs::File>,
}

impl StandardOutput {
    /// With a pipe or file, what fits is written at once.
    pub(super) fn new(is_pipe: bool) -> StandardOutput {
        #[cfg(not(unix))]
        let _ = is_pipe;
        StandardOutput {
            slow: tokio::io::stdout(),
            #[cfg(unix)]
            quick: is_pipe.then(quick).flatten(),
        }
    }

    /// Writes the buffer, and empties it first: a cancelled write is not
    /// repeated.
    pub(super) async fn write(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        if buffer.is_empty() {
            return Ok(());
        }
        #[cfg(unix)]
        if let Some(quick) = &mut self.quick {
            let written = write_at_once(quick, buffer)?;
            if written == buffer.len() {
                // Its memory is used again.
                buffer.clear();
                return Ok(());
            }
            buffer.drain(..written);
        }
        let bytes = std::mem::take(buffer);
        self.slow.write_all(&bytes).await?;
        self.slow.flush().await
    }
}

/// A pipe that can be written has room for this many bytes (POSIX's `PIPE_BUF`
/// on Linux; elsewhere it may be less, but no less than 512).
#[cfg(unix)]
const ROOM: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };

#[cfg(unix)]
fn quick() -> Option<std::fs::File> {
    use std::os::fd::AsFd as _;
    let own = io::stdout().as_fd().try_clone_to_owned().ok()?;
    Some(std::fs::File::from(own))
}

/// Writes as much as can be written without waiting.
#[cfg(unix)]
fn write_at_once(file: &mut std::fs::File, bytes: &[u8]) -> io::Result<usize> {
    use std::io::Write as _;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let mut written = 0;
    for part in bytes.chunks(ROOM) {
        let mut fds = [PollFd::new(&*file, PollFlags::OUT)];
        let at_once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let ready = poll(&mut fds, Some(&at_once)).is_ok_and(|count| count > 0);
        if !ready {
            break;
        }
        match file.write(part) {
            Ok(count) => {
                written += count;
                if count < part.len() {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => break,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}
