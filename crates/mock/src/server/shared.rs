//! What the tasks of one server share.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::log::{ClosedBy, Log};
use super::request::RecordedRequest;
use super::script::{Answerer, Script};
use crate::answers::Answer;
use crate::sync::lock;

/// The largest body that is taken unless the user says otherwise: the default of nginx.
const BODY_LIMIT: usize = 1024 * 1024;

/// Answers requests in its own time.
pub(crate) type Relay =
    Arc<dyn Fn(RecordedRequest) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

pub(crate) struct Shared {
    pub(crate) script: Script,
    protocol: Answerer,
    log: Mutex<Log>,
    changed: watch::Sender<()>,
    body_limit: AtomicUsize,
    relay: Mutex<Option<Relay>>,
}

impl Shared {
    pub(crate) fn new(protocol: Answerer) -> Self {
        Self {
            script: Script::default(),
            protocol,
            log: Mutex::default(),
            changed: watch::Sender::new(()),
            body_limit: AtomicUsize::new(BODY_LIMIT),
            relay: Mutex::default(),
        }
    }

    /// Records the request and finds its answer.
    pub(crate) async fn respond(&self, request: &RecordedRequest) -> Answer {
        self.update(|log| log.request(request));
        if let Some(answer) = self.script.overriding(request) {
            return answer;
        }
        let relay = lock(&self.relay).clone();
        match relay {
            Some(relay) => relay(request.clone()).await,
            None => (self.protocol)(request, &self.script),
        }
    }

    pub(crate) fn set_relay(&self, relay: Relay) {
        *lock(&self.relay) = Some(relay);
    }

    pub(crate) fn log<T>(&self, read: impl FnOnce(&Log) -> T) -> T {
        read(&lock(&self.log))
    }

    /// Changes the log and wakes those who wait for a change.
    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut Log) -> T) -> T {
        let changed = change(&mut lock(&self.log));
        self.changed.send_replace(());
        changed
    }

    pub(crate) async fn wait_until<T>(&self, mut done: impl FnMut(&Log) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        loop {
            if let Some(found) = self.log(&mut done) {
                return found;
            }
            if changed.changed().await.is_err() {
                // Unreachable while `self` holds the sender.
                std::future::pending::<()>().await;
            }
        }
    }

    pub(crate) fn set_body_limit(&self, bytes: usize) {
        self.body_limit.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn body_limit(&self) -> usize {
        self.body_limit.load(Ordering::Relaxed)
    }
}

/// One open connection: recorded as closed when it is dropped, also with its task.
pub(crate) struct OpenConnection {
    pub(crate) shared: std::sync::Arc<Shared>,
    pub(crate) number: usize,
    pub(crate) closed_by: ClosedBy,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.shared
            .update(|log| log.closed(self.number, self.closed_by));
    }
}
