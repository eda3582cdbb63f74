use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use chatwire_core::{Error, ErrorKind, ReplyStream};
use futures::Stream as _;

use super::endpoint::Endpoint;
use super::failure::late_failure;
use super::reader::CompletionReader;
use super::route::StartedReply;
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
    pub(crate) fn new(started: StartedReply, reader: CompletionReader) -> Reply {
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
                let error = Error::new(ErrorKind::Panicked, "");
                return Poll::Ready(Err(self.failed(&error)));
            }
        };
        Poll::Ready(match event {
            Some(Ok(event)) => {
                let event = self.reader.read(event);
                if let Some(end) = &event.end {
                    self.endpoint.record(None);
                    if let Some(doubt) = &end.doubt {
                        tracing::warn!(endpoint = %self.endpoint.name, %doubt, "a reply is doubtful");
                    }
                }
                Ok(event)
            }
            Some(Err(error)) => {
                tracing::warn!(endpoint = %self.endpoint.name, %error, "a reply broke off");
                Err(self.failed(&error))
            }
            // A stream ends with a finish or an error, never before.
            None => Err(ApiError::internal()),
        })
    }

    fn failed(&self, error: &Error) -> ApiError {
        self.endpoint.record(Some(error.kind()));
        late_failure(&self.endpoint, error)
    }
}
