//! Runs the built program as a person or a script would.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// No test waits longer for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What a run of the program left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The program, with an environment in which nothing is set.
pub(crate) fn program<I: AsRef<str>>(args: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatwire"));
    command
        .args(args.into_iter().map(|arg| arg.as_ref().to_owned()))
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("CHATWIRE_HISTORY", "off")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs it to its end with nothing on standard input.
pub(crate) async fn run<I: AsRef<str>>(args: impl IntoIterator<Item = I>) -> Run {
    finish(program(args).spawn().unwrap()).await
}

/// Runs it to its end with this on standard input.
pub(crate) async fn run_with_input<I: AsRef<str>>(
    args: impl IntoIterator<Item = I>,
    input: impl AsRef<[u8]>,
) -> Run {
    let mut child = program(args).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_ref()).await.unwrap();
    drop(stdin);
    finish(child).await
}

/// Waits for its end.
pub(crate) async fn finish(child: Child) -> Run {
    let output = timeout(PATIENCE, child.wait_with_output())
        .await
        .expect("the program ends")
        .unwrap();
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Reads from the program until exactly this has come.
pub(crate) async fn expect(out: &mut ChildStdout, text: &str) {
    let mut bytes = vec![0; text.len()];
    timeout(PATIENCE, out.read_exact(&mut bytes))
        .await
        .unwrap_or_else(|_| panic!("{text:?} comes"))
        .unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), text);
}

/// Starts `chatwire mock` with these arguments. Also returns the lines with which it names its
/// first servers, this many.
pub(crate) async fn mock_servers(args: &[&str], count: usize) -> (Child, Vec<String>) {
    let args = ["mock"].into_iter().chain(args.iter().copied());
    let mut child = program(args).spawn().unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = Vec::new();
    for _ in 0..count {
        let line = timeout(PATIENCE, printed.next_line()).await;
        lines.push(line.unwrap().unwrap().unwrap());
    }
    // The rest is read too, so that the program can write it.
    tokio::spawn(async move { while let Ok(Some(_)) = printed.next_line().await {} });
    (child, lines)
}

/// Waits until the program hears Ctrl-C itself: before that, it would just
/// be killed.
pub(crate) async fn hears_ctrl_c(child: &Child) {
    let status = format!("/proc/{}/status", child.id().unwrap());
    for _ in 0..200 {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        match caught {
            // Interrupt is signal number 2.
            Some(mask) if mask & 0b10 != 0 => return,
            Some(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            // Not Linux.
            None => return tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
    panic!("the program does not listen to Ctrl-C");
}

/// Sends a signal, for example `INT`.
pub(crate) async fn signal(child: &Child, signal: &str) {
    let killed = Command::new("kill")
        .arg(format!("-{signal}"))
        .arg(child.id().unwrap().to_string())
        .status()
        .await
        .unwrap();
    assert!(killed.success());
}

/// Posts JSON and reads to the end.
#[cfg(unix)]
pub(crate) async fn exchange(address: String, path: String, body: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         anthropic-version: 2023-06-01\r\nauthorization: Bearer sk-of-the-test\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// A file that is gone after the test.
pub(crate) struct TempFile(pub(crate) std::path::PathBuf);

impl TempFile {
    pub(crate) fn new(name: &str, content: impl AsRef<[u8]>) -> TempFile {
        let dir = std::env::temp_dir().join(format!("chatwire-{}-{name}", std::process::id()));
        std::fs::write(&dir, content).unwrap();
        TempFile(dir)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A folder that is gone after the test.
pub(crate) struct TempFolder(pub(crate) std::path::PathBuf);

impl TempFolder {
    pub(crate) fn new(name: &str) -> TempFolder {
        let folder = std::env::temp_dir().join(format!("chatwire-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        TempFolder(folder)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    /// What is in it, sorted.
    pub(crate) fn files(&self) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
