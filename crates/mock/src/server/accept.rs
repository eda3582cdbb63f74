//! Accepts connections until the task is aborted.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::connection;
use super::log::ClosedBy;
use super::shared::{OpenConnection, Shared};

/// Accepts connections; they live in this task's set, and so end with it.
pub(crate) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut serving = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = serving.join_next() => continue,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely; others may be closed meanwhile.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let open = OpenConnection {
            number: shared.update(|log| log.opened()),
            shared: Arc::clone(&shared),
            closed_by: ClosedBy::Server,
        };
        serving.spawn(async move {
            // Moved as a whole, so that it is dropped with this task and not before.
            let mut open = open;
            let shared = Arc::clone(&open.shared);
            open.closed_by = connection::serve(stream, open.number, &shared).await;
        });
    }
}
