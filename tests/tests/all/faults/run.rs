//! Runs one cell.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chatwire::HttpConfig;
use chatwire::{ChatRequest, Error, Provider, ReplyEvent};
use chatwire_mock::{Answer, AnyMock, Gate, RecordedRequest};
use futures::future::BoxFuture;

use super::ai_sdk;
use super::place::{Asked, Place, fixed};
use super::want::Want;

/// One fault at one request.
pub(crate) struct Cell {
    pub(crate) fault: &'static str,
    pub(crate) place: Place,
    pub(crate) scene: Scene,
    pub(crate) want: Want,
}

/// How a fault comes about.
pub(crate) enum Scene {
    /// Every request at the place gets this answer, under these limits.
    Answer(Respond, fn(HttpConfig) -> HttpConfig),
    /// What takes more than an answer.
    Set(Box<dyn FnOnce() -> BoxFuture<'static, Stage> + Send>),
}

pub(crate) type Respond = Arc<dyn Fn(&Asked<'_>) -> Answer + Send + Sync>;

/// A client, and a server that it will ask.
pub(crate) struct Stage {
    pub(crate) client: Arc<dyn Provider>,
    /// How many ask at once.
    pub(crate) callers: usize,
    /// What must hold afterwards.
    pub(crate) after: Box<dyn FnOnce() -> Result<(), String> + Send>,
    /// What must live as long.
    pub(crate) keep: Box<dyn Any + Send>,
}

impl Stage {
    pub(crate) fn new(client: Arc<dyn Provider>, keep: impl Any + Send) -> Stage {
        Stage {
            client,
            callers: 1,
            after: Box::new(|| Ok(())),
            keep: Box::new(keep),
        }
    }

    /// Checks this afterwards.
    pub(crate) fn after(
        mut self,
        check: impl FnOnce() -> Result<(), String> + Send + 'static,
    ) -> Stage {
        self.after = Box::new(check);
        self
    }

    pub(crate) fn callers(mut self, callers: usize) -> Stage {
        self.callers = callers;
        self
    }
}

impl Cell {
    pub(crate) fn name(&self) -> String {
        format!("{} at {:?}", self.fault, self.place)
    }
}

/// Limits so wide that they only end what would never end.
pub(crate) fn limits() -> HttpConfig {
    let long = Duration::from_secs(60);
    HttpConfig::new()
        .with_first_byte_timeout(long)
        .with_idle_timeout(long)
        .with_connect_timeout(long)
}

/// Answers all requests at a place so.
pub(crate) fn strike(
    mock: &AnyMock,
    place: Place,
    respond: impl Fn(&Asked<'_>) -> Answer + Send + Sync + 'static,
    gate: &Gate,
) {
    let (gate, site) = (gate.clone(), mock.clone());
    let answer = move |request: &RecordedRequest| {
        let secrets = site.secrets();
        let asked = Asked {
            place,
            request,
            gate: &gate,
            secrets: &secrets,
        };
        let answer = if request.target.starts_with("/moved/") {
            Some(after_redirect(&asked))
        } else {
            place.is(request).then(|| respond(&asked))
        };
        match place {
            Place::AiSdkChat => answer.map(ai_sdk::labelled),
            _ => answer,
        }
    };
    mock.answer_with(answer);
}

/// What a request gets that has followed a redirect: an answer only if it is
/// still the same request.
fn after_redirect(asked: &Asked<'_>) -> Answer {
    let gets = matches!(asked.place, Place::MagickPenBundle | Place::MagickPenFront);
    let wanted = if gets { "GET" } else { "POST" };
    let has_body = !asked.request.body.is_empty();
    let needs_body = asked.place.is_chat() || asked.place == Place::AuraModels;
    if asked.request.method == wanted && has_body == needs_body {
        fixed(asked.body("moved"))
    } else {
        Answer::html(405, "not the same request")
    }
}

/// Runs a cell, and says what is wrong with it.
pub(crate) async fn check(cell: Cell, secrets: Arc<Vec<String>>) -> Result<(), String> {
    let gate = Gate::new();
    let stage = match cell.scene {
        Scene::Answer(respond, change) => {
            let mock = cell.place.mock().await;
            strike(&mock, cell.place, move |asked| respond(asked), &gate);
            let client = cell.place.client(&mock.url(), change(limits()));
            Stage::new(client, mock)
        }
        Scene::Set(set) => set().await,
    };
    let calls = (0..stage.callers).map(|_| {
        let (client, gate, want) = (stage.client.clone(), gate.clone(), cell.want.clone());
        let secrets = secrets.clone();
        tokio::spawn(async move {
            let started = Instant::now();
            let asking = ask(client.as_ref(), cell.place, &gate, want.text_len());
            let Ok((text, error)) = tokio::time::timeout(Duration::from_secs(120), asking).await
            else {
                return Err("hangs".to_owned());
            };
            if let Some(error) = &error {
                super::secrets::check(error, &secrets)?;
            }
            want.compare(
                cell.place.provider(),
                &text,
                error.as_ref(),
                started.elapsed(),
            )
        })
    });
    for call in futures::future::join_all(calls).await {
        call.map_err(|panic| panic.to_string())??;
    }
    let checked = (stage.after)();
    drop(stage.keep);
    checked
}

/// Asks, and opens the gate once so much text has come.
async fn ask(
    client: &dyn Provider,
    place: Place,
    gate: &Gate,
    text_len: usize,
) -> (String, Option<Error>) {
    let mut text = String::new();
    if text_len == 0 {
        gate.open();
    }
    if place == Place::AuraModels {
        return (text, client.models().await.err());
    }
    let request = ChatRequest::new("hi");
    let mut stream = match client.stream(&request).await {
        Ok(stream) => stream,
        Err(error) => return (text, Some(error)),
    };
    loop {
        match stream.next().await {
            Some(Ok(ReplyEvent::Text(piece))) => text.push_str(&piece),
            Some(Ok(ReplyEvent::Finish(finish))) => {
                assert!(stream.next().await.is_none(), "more after the end");
                return (finish.text.unwrap_or(text), None);
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                assert!(stream.next().await.is_none(), "more after an error");
                return (text, Some(error));
            }
            None => panic!("no end"),
        }
        if text.len() >= text_len {
            gate.open();
        }
    }
}
