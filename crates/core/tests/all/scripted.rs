//! A provider that does what a test tells it to.

use std::sync::Mutex;
use std::time::Duration;

use chatwire_core::{
    BoxFuture, ChatRequest, Error, ErrorKind, Finish, FinishReason, ModelInfo, ProgressKind,
    Provider, ProviderInfo, ReplyEvent, ReplyStream,
};
use futures::stream::{self, StreamExt as _};
use tokio::time::{Instant, sleep};

/// What one attempt does.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Answers with that text.
    Say(&'static str),
    /// Answers with a note, then that text.
    Note(&'static str),
    /// Refuses at once.
    Fail(Error),
    /// Sends a note, then the error.
    NoteThenFail(Error),
    /// Sends text, then the error.
    SayThenFail(&'static str, Error),
    /// Panics.
    Panic,
    /// Takes its time first.
    After(Duration, Box<Act>),
}

pub(crate) fn fail(kind: ErrorKind) -> Act {
    Act::Fail(Error::new(kind, kind.as_str()))
}

#[derive(Debug)]
pub(crate) struct Scripted {
    info: ProviderInfo,
    acts: Mutex<Vec<Act>>,
    asked: Mutex<Vec<Instant>>,
    last_request: Mutex<ChatRequest>,
    models: Result<Vec<ModelInfo>, Error>,
}

impl Scripted {
    /// It does these things one after another, and the last for ever.
    pub(crate) fn new(name: &str, acts: impl IntoIterator<Item = Act>) -> Scripted {
        let mut acts: Vec<Act> = acts.into_iter().collect();
        acts.reverse();
        let info = ProviderInfo::new(name, "http://127.0.0.1:1", format!("{name}-model"));
        Scripted {
            models: Ok(info.models.clone()),
            info,
            acts: Mutex::new(acts),
            asked: Mutex::new(Vec::new()),
            last_request: Mutex::default(),
        }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut ProviderInfo)) -> Scripted {
        change(&mut self.info);
        self
    }

    pub(crate) fn listing(mut self, models: Result<&[&str], Error>) -> Scripted {
        self.models = models.map(|ids| ids.iter().map(|id| ModelInfo::new(*id)).collect());
        self
    }

    pub(crate) fn last_request(&self) -> ChatRequest {
        self.last_request.lock().unwrap().clone()
    }

    pub(crate) fn times_asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// When it was asked, since it was asked first.
    pub(crate) fn asked_at(&self) -> Vec<Duration> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|at| *at - asked[0]).collect()
    }

    fn next_act(&self) -> Act {
        self.asked.lock().unwrap().push(Instant::now());
        let mut acts = self.acts.lock().unwrap();
        let act = acts.last().cloned().expect("an act");
        if acts.len() > 1 {
            acts.pop();
        }
        act
    }
}

fn events(act: Act) -> Vec<Result<ReplyEvent, Error>> {
    let text = |text: &str| Ok(ReplyEvent::Text(text.into()));
    let note = || {
        Ok(ReplyEvent::Progress {
            kind: ProgressKind::Status,
            text: "working".into(),
        })
    };
    let end = || Ok(ReplyEvent::Finish(Finish::new(FinishReason::Stop)));
    match act {
        Act::Say(said) => vec![text(said), end()],
        Act::Note(said) => vec![note(), text(said), end()],
        Act::Fail(error) => vec![Err(error)],
        Act::NoteThenFail(error) => vec![note(), Err(error)],
        Act::SayThenFail(said, error) => vec![text(said), Err(error)],
        Act::Panic => panic!("on purpose"),
        Act::After(_, act) => events(*act),
    }
}

impl Provider for Scripted {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(async move {
            let act = self.next_act();
            request.clone_into(&mut self.last_request.lock().unwrap());
            if let Act::After(wait, _) = &act {
                sleep(*wait).await;
            }
            let model = request.model().unwrap_or(&self.info.default_model);
            // After the last event nothing comes, not even the end: who waits
            // for more than was said waits for ever.
            let events = stream::iter(events(act)).chain(stream::pending());
            ReplyStream::from_events(events)
                .with_provider_and_model(&self.info.name, model)
                .wait_for_first_event()
                .await
        })
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(Instant::now());
            self.models.clone()
        })
    }
}
