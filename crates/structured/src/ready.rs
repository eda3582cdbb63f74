use std::pin::Pin;
use std::task::{Context, Poll};

use chatwire_core::{Error, ReplyEvent};
use futures_core::Stream;

/// Events that are there already, as a stream.
pub(crate) struct Ready(pub(crate) std::vec::IntoIter<ReplyEvent>);

impl Stream for Ready {
    type Item = Result<ReplyEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}
