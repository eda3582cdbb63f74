//! The log of a server: its requests and connections.

use std::time::Instant;

use super::request::RecordedRequest;
use crate::memory::Memory;

/// One connection that the server accepted.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ConnectionRecord {
    /// When it was accepted.
    pub opened: Instant,
    /// When and by whom it was closed; `None` while it is open.
    pub closed: Option<(Instant, ClosedBy)>,
}

/// Who closed a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedBy {
    /// The client closed it. A client that closes only its sending side counts as gone.
    Client,
    /// The server closed it, as the script says or because it was stopped.
    Server,
}

#[derive(Default)]
pub(crate) struct Log {
    pub(crate) requests: Memory<RecordedRequest>,
    pub(crate) connections: Memory<ConnectionRecord>,
    pub(crate) open: usize,
    /// When the last connection that was closed was closed.
    last_closed: Option<Instant>,
}

impl Log {
    pub(crate) fn request(&mut self, request: &RecordedRequest) {
        self.requests.push(request.clone(), request.size());
    }

    /// Records an accepted connection and returns its number.
    pub(crate) fn opened(&mut self) -> usize {
        let record = ConnectionRecord {
            opened: Instant::now(),
            closed: None,
        };
        self.connections.push(record, size_of::<ConnectionRecord>());
        self.open += 1;
        self.connections.total() - 1
    }

    pub(crate) fn closed(&mut self, connection: usize, by: ClosedBy) {
        let now = Instant::now();
        if let Some(record) = self.connections.get_mut(connection) {
            record.closed = Some((now, by));
        }
        self.open = self.open.saturating_sub(1);
        self.last_closed = Some(now);
    }

    /// When the last connection was closed, once there has been one and none is open.
    pub(crate) fn all_closed(&self) -> Option<Instant> {
        self.last_closed.filter(|_| self.open == 0)
    }
}
