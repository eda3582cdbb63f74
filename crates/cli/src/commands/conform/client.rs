//! Runs the client, and ends it with its children.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use crate::failure::Failure;

const KEY: &str = "sk-conform";
const PROMPT: &str = "Say the first words of the alphabet of radio.";

/// How much of each output is kept; the rest is read and forgotten.
const KEPT: usize = 1024 * 1024;
/// How long outputs are read after the client has ended: a grandchild that got
/// away may hold them open.
const AFTER: Duration = Duration::from_secs(1);

/// A command with its limit.
#[derive(Debug, Clone)]
pub(super) struct Client {
    words: Vec<String>,
    limit: Duration,
}

/// What came of a run.
#[derive(Debug, Default)]
pub(super) struct Ran {
    /// `None` if it was killed.
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    /// Whether the time limit passed.
    pub(super) is_late: bool,
    pub(super) out: String,
    pub(super) err: String,
    pub(super) elapsed: Duration,
}

impl Client {
    pub(super) fn new(command: &str, shell: bool, limit: Duration) -> Result<Client, Failure> {
        let words = match shell {
            true => vec!["sh".to_owned(), "-c".to_owned(), command.to_owned()],
            false => shlex::split(command)
                .filter(|words| !words.is_empty())
                .ok_or_else(|| {
                    let why = "--client is empty or has a quote that is not closed";
                    Failure::Usage(why.to_owned())
                })?,
        };
        if !command.contains("{url}") {
            let why = "--client has no {url}: the client has to be told which server to ask";
            return Err(Failure::Usage(why.to_owned()));
        }
        Ok(Client { words, limit })
    }

    /// Runs the command once.
    pub(super) async fn run(&self, url: &str, model: &str) -> io::Result<Ran> {
        let filled = |word: &String| {
            word.replace("{url}", url)
                .replace("{key}", KEY)
                .replace("{model}", model)
                .replace("{prompt}", PROMPT)
        };
        let mut words = self.words.iter().map(filled);
        let mut command = Command::new(words.next().unwrap_or_default());
        command
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A group of its own, so that its children can be ended with it.
        #[cfg(unix)]
        command.process_group(0);
        let started = Instant::now();
        let mut child = command.spawn()?;
        #[cfg(unix)]
        let group = Group::of(&child);
        let mut ran = Ran::default();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let status = {
            let reading = async {
                tokio::join!(read(stdout, &mut out), read(stderr, &mut err));
            };
            let mut reading = std::pin::pin!(reading);
            let mut has_read = false;
            let mut limit = std::pin::pin!(tokio::time::sleep(self.limit));
            let status = loop {
                tokio::select! {
                    status = child.wait() => break Some(status?),
                    () = &mut reading, if !has_read => has_read = true,
                    () = &mut limit => break None,
                }
            };
            ran.elapsed = started.elapsed();
            // Also after its end: what it left behind would go on.
            #[cfg(unix)]
            drop(group);
            if status.is_none() {
                child.kill().await?;
            }
            if !has_read {
                let _ = timeout(AFTER, &mut reading).await;
            }
            status
        };
        ran.is_late = status.is_none();
        if let Some(status) = status {
            ran.code = status.code();
            ran.signal = signal(status);
        }
        ran.out = String::from_utf8_lossy(&out).into_owned();
        ran.err = String::from_utf8_lossy(&err).into_owned();
        Ok(ran)
    }
}

/// Reads to the end, and keeps the start.
async fn read(from: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let Some(mut from) = from else {
        return;
    };
    let mut piece = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        let room = KEPT.saturating_sub(kept.len());
        kept.extend(piece.iter().take(count.min(room)));
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal()
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

/// The processes of a client: killed when this is dropped, also by Ctrl-C.
#[cfg(unix)]
struct Group(Option<u32>);

#[cfg(unix)]
impl Group {
    fn of(child: &tokio::process::Child) -> Group {
        Group(child.id())
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self
            .0
            .and_then(|id| i32::try_from(id).ok())
            .and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
    }
}
