use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::watch::Watch;

/// A connection that reports its reads and writes to a [`Watch`].
///
/// The HTTP library answers a head that it cannot read by itself, with a
/// status and no body. That response is held back here, so that a better one
/// can be sent.
#[derive(Debug)]
pub(super) struct WatchedIo<T> {
    io: T,
    watch: Watch,
}

impl<T> WatchedIo<T> {
    pub(super) fn new(io: T, watch: Watch) -> WatchedIo<T> {
        WatchedIo { io, watch }
    }

    pub(super) fn into_inner(self) -> T {
        self.io
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for WatchedIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let result = Pin::new(&mut this.io).poll_read(context, buffer);
        if buffer.filled().len() > before {
            this.watch.received();
        }
        result
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for WatchedIo<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(status) = status_of_bare_error(bytes) {
            this.watch.set_bare_error(status);
            return Poll::Ready(Ok(bytes.len()));
        }
        let result = Pin::new(&mut this.io).poll_write(context, bytes);
        this.watch.wrote(result.is_pending());
        result
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A response without a body is one slice.
        if let [only] = slices {
            return self.poll_write(context, only);
        }
        let this = self.get_mut();
        let result = Pin::new(&mut this.io).poll_write_vectored(context, slices);
        this.watch.wrote(result.is_pending());
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.io).poll_flush(context);
        this.watch.wrote(result.is_pending());
        result
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.watch.bare_error().is_some() {
            return Poll::Ready(Ok(()));
        }
        let result = Pin::new(&mut this.io).poll_shutdown(context);
        this.watch.wrote(result.is_pending());
        result
    }
}

/// Returns the status of a response that is an error without a body. The
/// gateway's own errors all have a body.
fn status_of_bare_error(bytes: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(bytes).ok()?;
    let rest = text.strip_prefix("HTTP/1.")?;
    let status: u16 = rest.get(2..5)?.parse().ok()?;
    let bare = text.ends_with("\r\n\r\n") && text.contains("\r\ncontent-length: 0\r\n");
    ((400..500).contains(&status) && bare).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_errors_are_recognised() {
        for (bytes, status) in [
            (
                "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\
                 content-length: 0\r\ndate: x\r\n\r\n",
                Some(431),
            ),
            (
                "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
                Some(400),
            ),
            ("HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", None),
            (
                "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
                None,
            ),
            ("data: x\n\n", None),
            ("", None),
        ] {
            assert_eq!(status_of_bare_error(bytes.as_bytes()), status, "{bytes}");
        }
    }
}
