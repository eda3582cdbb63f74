use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy, sink};
use tokio::time::timeout;

/// How much of what a refused client still sends is read.
const LINGER_BYTES: u64 = 64 * 1024 * 1024;

/// Ends the connection of a client that was refused, with a last response if
/// it has not got one.
///
/// What the client still sends is read for a moment: if a connection is closed
/// with bytes unread, the client's system throws away the response.
pub(super) async fn close_refused<T: AsyncRead + AsyncWrite + Unpin>(
    mut io: T,
    response: Option<Bytes>,
    linger: Duration,
) {
    let closing = async {
        if let Some(response) = response
            && io.write_all(&response).await.is_err()
        {
            return;
        }
        // It may be shut down already; what counts is what still comes.
        let _ = io.shutdown().await;
        let _ = copy(&mut io.take(LINGER_BYTES), &mut sink()).await;
    };
    let _ = timeout(linger, closing).await;
}
