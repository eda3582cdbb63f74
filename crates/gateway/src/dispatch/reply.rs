use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use chatwire_core::{Error, ErrorKind, ReplyEvent, ReplyStream};
use futures::Stream as _;
use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::failure::late_failure;
use super::reader::CompletionReader;
use super::route::StartedReply;
use crate::catch::catch;
use crate::completion::{CompletionEnd, CompletionEvent, Timing};
use crate::error::ApiError;
use crate::estimate;
use crate::record::Record;

/// A reply that has begun, read as a completion.
#[derive(Debug)]
pub(crate) struct Reply {
    stream: ReplyStream,
    /// The first event, which was taken out to see what it is.
    first: Option<ReplyEvent>,
    endpoint: Arc<Endpoint>,
    reader: CompletionReader,
    account: Account,
    /// When the first text arrived.
    first_text: Instant,
    /// How many bytes of text have come.
    bytes: usize,
    record: Record,
}

/// What is known of a request when its reply is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    /// When the request was there.
    pub(crate) received: Instant,
    /// An estimate of its tokens, if those that the backend does not count are
    /// to be estimated.
    pub(crate) prompt_tokens: Option<u64>,
}

impl Reply {
    pub(crate) fn new(
        started: StartedReply,
        reader: CompletionReader,
        account: Account,
        record: Record,
    ) -> Reply {
        Reply {
            record,
            stream: started.stream,
            first: started.first,
            endpoint: started.target.endpoint,
            reader,
            account,
            first_text: started.at,
            bytes: 0,
        }
    }

    /// The next event. After one with an end, or an error, the reply must be
    /// dropped: that closes the provider's connection where a stop sequence
    /// ended the completion early.
    pub(crate) fn poll_event(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<CompletionEvent, ApiError>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Ok(self.read(first)));
        }
        let event = match catch(|| Pin::new(&mut self.stream).poll_next(context)) {
            Ok(poll) => ready!(poll),
            Err(panicked) => {
                self.record.panicked(&panicked);
                let error = Error::new(ErrorKind::Panicked, "");
                return Poll::Ready(Err(self.failed(&error)));
            }
        };
        Poll::Ready(match event {
            Some(Ok(event)) => Ok(self.read(event)),
            Some(Err(error)) => {
                self.record.broke_off(&self.endpoint.name, &error);
                Err(self.failed(&error))
            }
            // A stream ends with a finish or an error, never before.
            None => Err(ApiError::internal()),
        })
    }

    fn read(&mut self, event: ReplyEvent) -> CompletionEvent {
        let mut event = self.reader.read(event);
        let call = event.call.as_ref();
        let call = call.map_or(0, |call| call.name().len() + call.arguments().len());
        self.bytes = self.bytes.saturating_add(event.delta.len() + call);
        if !event.delta.is_empty() || event.call.is_some() {
            self.record.piece();
        }
        if let Some(end) = &mut event.end {
            self.count(end);
            self.endpoint.record(None);
            if let Some(doubt) = &end.doubt {
                self.record.doubtful(&self.endpoint.name, doubt);
            }
        }
        event
    }

    /// Adds the times, and the tokens that the backend did not count. If it was
    /// asked several times, each time counts as the last.
    fn count(&self, end: &mut CompletionEnd) {
        let received = self.account.received;
        end.timing = Timing {
            first_text: self.first_text.saturating_duration_since(received),
            total: received.elapsed(),
        };
        if let Some(prompt) = self.account.prompt_tokens
            && !estimate::is_counted(end.usage)
        {
            let bytes = end.text.as_ref().map_or(self.bytes, String::len);
            let questions = end
                .emulation
                .as_ref()
                .map_or(1, |emulation| emulation.questions);
            let completion = estimate::text_tokens(bytes).saturating_mul(questions);
            let prompt = prompt.saturating_mul(questions);
            end.usage = Some(estimate::completed(end.usage, prompt, completion));
            end.is_estimated = true;
        }
    }

    fn failed(&self, error: &Error) -> ApiError {
        self.endpoint.record(Some(error.kind()));
        late_failure(&self.endpoint, error)
    }
}
