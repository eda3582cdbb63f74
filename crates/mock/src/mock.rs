//! A mock of any protocol.

use std::io;
use std::ops::Deref;
use std::sync::Arc;

use tokio::net::ToSocketAddrs;

use crate::answers::{Answer, Failure, Fault, spoil};
use crate::model::ScriptedModel;
use crate::protocol::{Protocol, Response};
use crate::server::{Maker, MockServer, Pacing, RecordedRequest, Script};

/// A mock server that speaks a protocol.
///
/// It dereferences to [`MockServer`], which has the script, the recorded requests and the
/// connections. Clones are the same server.
#[derive(Debug)]
pub struct Mock<P> {
    server: MockServer,
    protocol: Arc<P>,
}

impl<P: Protocol> Mock<P> {
    /// Starts a server of this protocol on this address.
    ///
    /// # Errors
    ///
    /// Returns an error if the address cannot be bound.
    pub async fn serve(addr: impl ToSocketAddrs, protocol: P) -> io::Result<Self> {
        let protocol = Arc::new(protocol);
        let speaker = Arc::clone(&protocol);
        let answerer = move |request: &RecordedRequest, script: &Script| {
            let answer = match speaker.respond(request) {
                Response::Answer(answer) => answer,
                Response::Reply(reply) => {
                    let answer = script
                        .next(request)
                        .unwrap_or_else(|| speaker.write(&reply, request, &script.pacing()));
                    match script.fault() {
                        Some(fault) => Self::spoilt(answer, fault),
                        None => answer,
                    }
                }
            };
            speaker.complete(answer, request)
        };
        let server = MockServer::serve(addr, Arc::new(answerer)).await?;
        Ok(Self { server, protocol })
    }

    /// Returns the base address, with the server's directory and without a slash at its end.
    pub fn base_url(&self) -> String {
        format!("{}{}", self.server.url(), self.protocol.directory())
    }

    /// Queues this reply for the next valid question.
    pub fn reply(&self, reply: impl Into<P::Reply>) -> &Self {
        self.reply_with(reply, |answer| answer)
    }

    /// Queues this reply for the next valid question, changed by this function: with another
    /// ending, a header or a fault.
    pub fn reply_with<F>(&self, reply: impl Into<P::Reply>, change: F) -> &Self
    where
        F: Fn(Answer) -> Answer + Send + Sync + 'static,
    {
        self.server.push(self.maker(reply.into(), change));
        self
    }

    /// Answers every valid question with this reply once the queue is empty, changed by this
    /// function.
    pub fn reply_always_with<F>(&self, reply: impl Into<P::Reply>, change: F) -> &Self
    where
        F: Fn(Answer) -> Answer + Send + Sync + 'static,
    {
        let maker = self.maker(reply.into(), change);
        self.server.script().set_always(maker);
        self
    }

    fn maker<F>(&self, reply: P::Reply, change: F) -> Maker
    where
        F: Fn(Answer) -> Answer + Send + Sync + 'static,
    {
        let protocol = Arc::clone(&self.protocol);
        Arc::new(move |request: &RecordedRequest, pacing: &Pacing| {
            change(protocol.write(&reply, request, pacing))
        })
    }

    /// Puts this fault into the answer to every valid question from now on; `None` stops that.
    pub fn fault(&self, fault: impl Into<Option<Fault>>) -> &Self {
        self.server.script().set_fault(fault.into());
        self
    }

    /// Returns the answer with this fault, as a server of this protocol has it.
    pub fn spoilt(answer: Answer, fault: Fault) -> Answer {
        const WORDS: &str = "The model failed";
        spoil(answer, fault, || Failure {
            answer: P::failure(WORDS),
            late: P::late_error(WORDS),
        })
    }

    /// Lets this model answer every valid question to which it has an answer, once the queue is
    /// empty.
    pub fn model(&self, model: ScriptedModel) -> &Self
    where
        P::Reply: From<String>,
    {
        let protocol = Arc::clone(&self.protocol);
        let maker = move |request: &RecordedRequest, pacing: &Pacing| {
            let reply = model.answer(request)?.into();
            Some(protocol.write(&reply, request, pacing))
        };
        self.server.script().set_model(Arc::new(maker));
        self
    }

    /// Returns how often clients fetched credentials.
    pub fn credential_fetches(&self) -> usize {
        self.protocol.credential_fetches()
    }

    /// Replaces the credentials that the server gives out: the old ones are refused from now on.
    pub fn expire_credentials(&self) {
        self.protocol.expire_credentials();
    }

    /// Returns the secrets that the server gives out.
    pub fn secrets(&self) -> Vec<String> {
        self.protocol.secrets()
    }

    pub(crate) fn protocol(&self) -> &P {
        &self.protocol
    }
}

impl<P> Clone for Mock<P> {
    fn clone(&self) -> Self {
        Self {
            server: self.server.clone(),
            protocol: Arc::clone(&self.protocol),
        }
    }
}

impl<P> Deref for Mock<P> {
    type Target = MockServer;

    fn deref(&self) -> &MockServer {
        &self.server
    }
}
