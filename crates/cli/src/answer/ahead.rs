//! An answer that is read ahead of what is written.

use std::panic::resume_unwind;

use chatwire::{Error, ReplyEvent, ReplyStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How many events are read ahead, at most: a reader of standard output that is
/// slow still slows the server down.
const AHEAD: usize = 64;

/// The events of an answer, which a task of its own reads.
///
/// The connection hands over one piece of the body, then waits to be asked for
/// more. The runtime polls its main task once for every turn of the queue, and
/// each time asks the operating system for news, so reading there takes a look at
/// all sockets and a write for every piece. A task in the queue takes turns with
/// the connection, and what came in one turn is written together.
pub(crate) struct ReadAhead {
    events: mpsc::Receiver<Result<ReplyEvent, Error>>,
    /// `None` once it has ended.
    task: Option<JoinHandle<()>>,
}

impl ReadAhead {
    /// Begins to read.
    pub(crate) fn new(mut reply: ReplyStream) -> ReadAhead {
        let (sender, events) = mpsc::channel(AHEAD);
        let task = tokio::spawn(async move {
            while let Some(event) = reply.next().await {
                if sender.send(event).await.is_err() {
                    break;
                }
            }
        });
        ReadAhead {
            events,
            task: Some(task),
        }
    }

    /// Returns the next event, or `None` after the last.
    pub(crate) async fn next(&mut self) -> Option<Result<ReplyEvent, Error>> {
        let event = self.events.recv().await;
        if event.is_none()
            && let Some(task) = self.task.take()
            && let Err(error) = task.await
            && error.is_panic()
        {
            // An answer that a fault cut off does not end as a whole one does.
            resume_unwind(error.into_panic());
        }
        event
    }
}

impl Drop for ReadAhead {
    /// Closes the connection, unless the answer was read to its end.
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
