use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy, sink};
use tokio::time::timeout;

/// The most bytes that are read after a refusal.
const LINGER_BYTES: u64 = 64 * 1024 * 1024;

/// Closes the connection of a client that was refused, after a last response
/// if there is one to send.
///
/// What the client still sends is read for a moment: if a connection is closed
/// with unread bytes, the client's system discards the response.
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
        // The connection may be shut down already, which is an error here.
        let _ = io.shutdown().await;
        let _ = copy(&mut io.take(LINGER_BYTES), &mut sink()).await;
    };
    let _ = timeout(linger, closing).await;
}
