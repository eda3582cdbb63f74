//! A gate that holds an answer until the test opens it.

use std::sync::Arc;

use tokio::sync::watch;

/// Holds an answer at a [`Step::Wait`](crate::Step::Wait) until it is opened.
///
/// A test can prove with it, without a clock, that a piece arrives before the next one is sent:
/// read the first piece, open the gate, read the rest. Clones are the same gate. An open gate
/// stays open.
#[derive(Clone, Debug)]
pub struct Gate {
    state: Arc<watch::Sender<bool>>,
}

impl Gate {
    /// Creates a closed gate.
    pub fn new() -> Self {
        Self {
            state: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Opens the gate for good.
    pub fn open(&self) {
        self.state.send_replace(true);
    }

    /// Whether the gate has been opened.
    pub fn is_open(&self) -> bool {
        *self.state.borrow()
    }

    pub(crate) async fn opened(&self) {
        let mut state = self.state.subscribe();
        // The sender lives in `self`, so this cannot fail while we wait.
        let _ = state.wait_for(|open| *open).await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}
