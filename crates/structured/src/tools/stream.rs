use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use chatwire_core::{
    BoxFuture, ChatRequest, Error, Finish, Provider, ReplyEvent, ReplyStream, ToolCall,
};
use futures_core::Stream;

use super::attempt::{Attempt, Outcome};
use super::offer::Offer;
use crate::failure::{explained, invalid_output};
use crate::held::check_held;
use crate::ids::Ids;
use crate::instructions::{ask_again, instruct};
use crate::prompts::{PromptFile, Prompts};
use crate::spent::Spent;

/// What stands between the text of two answers.
const GAP: &str = "\n\n";

/// The events of a reply that may call tools. Text is passed on as it comes; calls
/// are held until the answer has ended and all of them are valid, and the model is
/// asked again if they are not.
pub(crate) struct ToolStream<P> {
    provider: Arc<P>,
    request: ChatRequest,
    offer: Offer,
    prompts: Arc<Prompts>,
    ids: Arc<Ids>,
    repairs: u8,
    spent: Spent,
    state: State,
    attempt: Attempt,
    /// The text of earlier answers that was passed on.
    before: String,
    /// Notes that came before anything was passed on.
    notes: Vec<ReplyEvent>,
    /// Events that can be yielded.
    ready: VecDeque<ReplyEvent>,
    /// How many questions the newest note says; `None` before anything was passed on.
    announced: Option<u32>,
    /// The text of this answer that was passed on.
    passed_on: String,
}

enum State {
    Asking(BoxFuture<'static, Result<ReplyStream, Error>>),
    Reading(Box<ReplyStream>),
    Ended,
}

impl<P: Provider + 'static> ToolStream<P> {
    /// Asks the first question, and waits until its answer has begun.
    ///
    /// # Errors
    ///
    /// Those of the provider.
    pub(crate) async fn begin(
        provider: Arc<P>,
        mut request: ChatRequest,
        offer: Offer,
        prompts: Arc<Prompts>,
        ids: Arc<Ids>,
        repairs: u8,
    ) -> Result<ReplyStream, Error> {
        instruct(&mut request, provider.info(), offer.instructions());
        let mut spent = Spent::new("tools");
        spent.ask();
        let reply = provider.stream(&request).await;
        let reply = reply.map_err(|error| explained(error, offer.instructions(), 1))?;
        let (name, model) = (reply.provider().to_owned(), reply.model().to_owned());
        let events = ToolStream {
            attempt: Attempt::new(&offer, false),
            provider,
            request,
            offer,
            prompts,
            ids,
            repairs,
            spent,
            state: State::Reading(Box::new(reply)),
            before: String::new(),
            notes: Vec::new(),
            ready: VecDeque::new(),
            announced: None,
            passed_on: String::new(),
        };
        Ok(ReplyStream::from_events(events).with_provider_and_model(name, model))
    }

    /// Takes the next event of the answer.
    fn take(&mut self, event: ReplyEvent) -> Result<(), Error> {
        match event {
            ReplyEvent::Text(piece) => {
                check_held(self.attempt.length() + piece.len())?;
                let text = self.attempt.push(&piece);
                self.pass_on(text);
            }
            ReplyEvent::Finish(finish) => {
                check_held(finish.text.as_ref().map_or(0, String::len))?;
                return self.end(finish);
            }
            note @ ReplyEvent::Progress { .. } if self.announced.is_none() => {
                self.notes.push(note);
            }
            note @ ReplyEvent::Progress { .. } => self.ready.push_back(note),
            // The provider knows no tools.
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, finish: Finish) -> Result<(), Error> {
        self.spent.add(finish.usage);
        let had_text = !self.before.is_empty();
        let attempt = std::mem::replace(&mut self.attempt, Attempt::new(&self.offer, had_text));
        match attempt.end(finish, &self.offer, had_text) {
            Outcome::Valid {
                rest,
                whole,
                calls,
                mut finish,
            } => {
                // Text that comes after the end of an earlier answer is a paragraph of
                // its own.
                let whole = whole.map(|whole| match had_text {
                    true => format!("{}{GAP}{whole}", self.before),
                    false => whole,
                });
                let rest = match had_text && self.passed_on.is_empty() && !rest.is_empty() {
                    true => format!("{GAP}{rest}"),
                    false => rest,
                };
                self.pass_on(rest);
                finish.text = whole;
                for call in calls {
                    self.announce();
                    let id = format!("call_{}", self.ids.long());
                    let call = ToolCall::new(id, call.name, call.arguments);
                    self.ready.push_back(ReplyEvent::ToolCall(call));
                }
                self.announce();
                let finish = self.spent.finish(finish);
                self.ready.push_back(ReplyEvent::Finish(finish));
                self.state = State::Ended;
                Ok(())
            }
            Outcome::Invalid {
                words,
                what,
                can_be_asked_again,
                raw,
            } => {
                let info = self.provider.info();
                let asked = self.spent.questions();
                if !can_be_asked_again || asked > u32::from(self.repairs) {
                    return Err(invalid_output(info, what, &words, &raw, asked));
                }
                tracing::debug!(
                    provider = %info.name,
                    mode = "tools",
                    question = asked,
                    "the answer is not valid"
                );
                let file = match what {
                    "call of a tool" => PromptFile::RepairCall,
                    _ => PromptFile::RepairJson,
                };
                let marker = self.offer.marker.as_str();
                ask_again(&mut self.request, info, &raw, |cases, answer| {
                    let values = [
                        ("errors", words.as_str()),
                        ("answer", answer),
                        ("marker", marker),
                    ];
                    self.prompts.fill(file, cases, &values)
                });
                self.before.push_str(&std::mem::take(&mut self.passed_on));
                self.attempt = Attempt::new(&self.offer, !self.before.is_empty());
                self.notes.clear();
                self.ask();
                Ok(())
            }
        }
    }

    /// Asks the next question.
    fn ask(&mut self) {
        self.spent.ask();
        let (provider, request) = (Arc::clone(&self.provider), self.request.clone());
        self.state = State::Asking(Box::pin(async move { provider.stream(&request).await }));
    }

    fn pass_on(&mut self, text: String) {
        if text.is_empty() {
            return;
        }
        self.announce();
        self.passed_on.push_str(&text);
        self.ready.push_back(ReplyEvent::Text(text));
    }

    /// Says how many questions there were, unless it is said.
    fn announce(&mut self) {
        let questions = self.spent.questions();
        if self.announced == Some(questions) {
            return;
        }
        self.announced = Some(questions);
        self.ready.push_back(self.spent.note());
        self.ready.extend(self.notes.drain(..));
    }
}

impl<P: Provider + 'static> Stream for ToolStream<P> {
    type Item = Result<ReplyEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(event) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            let result = match &mut this.state {
                State::Asking(asking) => match ready!(asking.as_mut().poll(context)) {
                    Ok(reply) => {
                        this.state = State::Reading(Box::new(reply));
                        Ok(())
                    }
                    Err(error) => Err(error),
                },
                State::Reading(reply) => match ready!(Pin::new(&mut **reply).poll_next(context)) {
                    Some(Ok(event)) => {
                        // What is not valid is no error of this question.
                        if let Err(error) = this.take(event) {
                            this.state = State::Ended;
                            return Poll::Ready(Some(Err(error)));
                        }
                        Ok(())
                    }
                    Some(Err(error)) => Err(error),
                    None => return Poll::Ready(None),
                },
                State::Ended => return Poll::Ready(None),
            };
            if let Err(error) = result {
                this.state = State::Ended;
                let questions = this.spent.questions();
                let error = explained(error, this.offer.instructions(), questions);
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}
