//! A body that comes while it is sent.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{Mutex, mpsc};

use super::ending::Ending;

/// How many pieces wait to be sent before the sender has to.
const WAITING: usize = 16;

/// The pieces of a body that are known only when they are sent, such as those of another server.
/// It can be sent once.
#[derive(Clone, Debug)]
pub struct LiveBody(Arc<Mutex<mpsc::Receiver<Live>>>);

/// The other end of a [`LiveBody`]. If it is dropped before [`end`](Self::end), the connection is
/// closed as with [`Ending::Truncate`].
#[derive(Debug)]
pub struct LiveSender(mpsc::Sender<Live>);

#[derive(Debug)]
pub(crate) enum Live {
    Piece(Bytes),
    End(Ending),
}

impl LiveBody {
    /// Creates a body and what fills it.
    pub fn new() -> (LiveSender, Self) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (LiveSender(sender), Self(Arc::new(Mutex::new(receiver))))
    }

    pub(crate) async fn next(&self) -> Live {
        let next = self.0.lock().await.recv().await;
        next.unwrap_or(Live::End(Ending::Truncate))
    }
}

impl LiveSender {
    /// Sends a piece. Returns false if nobody reads any more.
    pub async fn piece(&self, piece: impl Into<Bytes>) -> bool {
        self.0.send(Live::Piece(piece.into())).await.is_ok()
    }

    /// Ends the body.
    pub async fn end(self, ending: Ending) {
        let _ = self.0.send(Live::End(ending)).await;
    }

    /// Waits until nobody reads any more.
    pub async fn closed(&self) {
        self.0.closed().await;
    }
}
