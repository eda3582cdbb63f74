use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// The fast server, in a process of its own so that its CPU time does not
/// count. It ends when this is dropped.
#[derive(Debug)]
pub struct FastServer {
    child: Child,
    address: String,
}

impl FastServer {
    /// Starts the program at that path.
    ///
    /// # Errors
    ///
    /// When it cannot be started or does not say where it listens.
    pub fn start(program: &str) -> std::io::Result<FastServer> {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut address)?;
        }
        let address = address.trim().to_owned();
        Ok(FastServer { child, address })
    }

    /// The base address of replies with so many events, each with a text of
    /// `length` bytes, with a pause before each but the first.
    pub fn base(&self, events: usize, length: usize, pause_ms: usize) -> String {
        format!("http://{}/{events}-{length}-{pause_ms}", self.address)
    }

    /// The base address of replies without pauses, with so many events in each
    /// HTTP chunk.
    pub fn packed(&self, events: usize, length: usize, packed: usize) -> String {
        format!("http://{}/{events}-{length}-0-{packed}", self.address)
    }

    /// Where it counts its connections and requests.
    pub fn counts(&self) -> String {
        format!("http://{}/counts", self.address)
    }
}

impl Drop for FastServer {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
