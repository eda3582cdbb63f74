//! The processes that are measured.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{BACKEND, ROLE};

pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    /// Starts this program again in another role, and waits for its address.
    pub(crate) async fn start(role: &str, backend: Option<&Process>) -> Process {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(ROLE, role).stdout(Stdio::piped());
        if let Some(backend) = backend {
            command.env(BACKEND, format!("http://{}", backend.address));
        }
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        Process {
            child,
            address: line.trim().parse().unwrap(),
        }
    }

    /// The processor time of all its threads so far.
    pub(crate) fn cpu(&self) -> Duration {
        let tasks = format!("/proc/{}/task", self.child.id());
        let nanos = std::fs::read_dir(tasks)
            .unwrap()
            .map(|task| {
                let path = task.unwrap().path().join("schedstat");
                let text = std::fs::read_to_string(path).unwrap_or_default();
                let time = text.split(' ').next().unwrap_or_default();
                time.parse::<u64>().unwrap_or(0)
            })
            .sum();
        Duration::from_nanos(nanos)
    }

    /// The most memory it ever had, in MB.
    pub(crate) fn peak_memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kib * 1024.0 / 1e6
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a server with the runtime that all roles have, and says its address.
pub(crate) fn serve<F: Future<Output = ()>>(server: impl FnOnce(tokio::net::TcpListener) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        server(listener).await;
    });
}
