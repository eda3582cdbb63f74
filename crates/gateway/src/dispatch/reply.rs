use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use chatwire_core::ReplyStream;
use futures_core::Stream as _;

use super::attempt::{Started, late_failure};
use super::endpoint::Endpoint;
use super::reader::CompletionReader;
use crate::catch::catch;
use crate::completion::CompletionEvent;
use crate::error::ApiError;

/// A reply that has begun, read as a completion.
#[derive(Debug)]
pub(crate) struct Reply {
    stream: ReplyStream,
    endpoint: Arc<Endpoint>,
    reader: CompletionReader,
}

impl Reply {
    pub(crate) fn new(started: Started, reader: CompletionReader) -> Reply {
        Reply {
            stream: started.stream,
            endpoint: started.target.endpoint,
            reader,
        }
    }

    /// The next event. After one with an end, or an error, the reply must be
    /// dropped: that closes the provider's connection where a stop sequence
    /// ended the completion early.
    pub(crate) fn poll_event(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<CompletionEvent, ApiError>> {
        let event = match catch(|| Pin::new(&mut self.stream).poll_next(context)) {
            Ok(poll) => ready!(poll),
            Err(panicked) => {
                tracing::error!(endpoint = %self.endpoint.name, panic = %panicked.0, "a provider panicked");
                return Poll::Ready(Err(ApiError::internal()));
            }
        };
        Poll::Ready(match event {
            Some(Ok(event)) => {
                let event = self.reader.read(event);
                if event.end.is_some() {
                    self.endpoint.record(None);
                }
                Ok(event)
            }
            Some(Err(error)) => Err(late_failure(&self.endpoint, &error)),
            // A stream ends with a finish or an error, never before.
            None => Err(ApiError::internal()),
        })
    }
}
