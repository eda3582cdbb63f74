use std::sync::Arc;

use tokio::sync::watch;

/// How far the server is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Not at all.
    Running,
    /// No new questions; running answers go on.
    Draining,
    /// Running answers end with an error.
    Cut,
}

/// Tells everything that runs how far the server is on its way out.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(Arc<watch::Sender<Phase>>);

impl Shutdown {
    pub(crate) fn new() -> Shutdown {
        Shutdown(Arc::new(watch::Sender::new(Phase::Running)))
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.0.send_replace(phase);
    }

    pub(crate) fn is_running(&self) -> bool {
        *self.0.borrow() == Phase::Running
    }

    /// Waits for that phase, or one after it.
    pub(crate) fn reached(&self, phase: Phase) -> impl Future<Output = ()> + Send + use<> {
        let mut receiver = self.0.subscribe();
        // The sender lives as long as the gateway; without it, nothing ends
        // the wait.
        let sender = Arc::clone(&self.0);
        async move {
            let _ = receiver.wait_for(|now| *now >= phase).await;
            drop(sender);
        }
    }
}
