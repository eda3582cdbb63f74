//! A provider whose model says what a test tells it to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use chatwire_core::{
    BoxFuture, ChatRequest, Error, ErrorKind, Finish, FinishReason, ProgressKind, Provider,
    ProviderInfo, ReplyEvent, ReplyStream, Usage,
};
use futures::stream;

/// What the model says to one question. `MARKER` stands for the marker of the request.
#[derive(Debug, Clone)]
pub(crate) enum Say {
    /// This, in pieces of so many bytes.
    Text(String, usize),
    /// This, and the answer ends for that reason.
    Ending(&'static str, FinishReason),
    /// This, and then the connection breaks.
    Broken(&'static str),
    /// This, after which the backend sends the other as the whole text.
    Whole(&'static str, &'static str),
    Refuse(ErrorKind),
}

#[derive(Debug, Clone)]
pub(crate) struct Scripted {
    info: ProviderInfo,
    said: Arc<Mutex<VecDeque<Say>>>,
    asked: Arc<Mutex<Vec<ChatRequest>>>,
}

impl Scripted {
    /// It says these things one after another, in one piece each.
    pub(crate) fn says<'a>(texts: impl IntoIterator<Item = &'a str>) -> Scripted {
        let texts = texts.into_iter();
        Scripted::new(texts.map(|text| Say::Text(text.to_owned(), usize::MAX)))
    }

    pub(crate) fn new(said: impl IntoIterator<Item = Say>) -> Scripted {
        let mut info = ProviderInfo::new("scripted", "http://127.0.0.1:1", "model");
        info.capabilities.system = true;
        info.capabilities.history = true;
        Scripted {
            info,
            said: Arc::new(Mutex::new(said.into_iter().collect())),
            asked: Arc::default(),
        }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut ProviderInfo)) -> Scripted {
        change(&mut self.info);
        self
    }

    pub(crate) fn asked(&self) -> Vec<ChatRequest> {
        self.asked.lock().unwrap().clone()
    }

    /// The messages of a question, as `role: text`, on lines of their own.
    pub(crate) fn question(&self, number: usize) -> String {
        let asked = self.asked();
        let lines = asked[number].messages().iter();
        let lines = lines.map(|message| format!("{}: {}", message.role(), message.text()));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// The marker that the instructions name.
pub(crate) fn marker(request: &ChatRequest) -> String {
    let texts: Vec<String> = request
        .messages()
        .iter()
        .map(|it| it.text().into())
        .collect();
    let all = texts.join("\n");
    let found = all.split("You can call functions").nth(1);
    let found = found.and_then(|it| it.split("<call-").nth(1));
    found.map_or(String::new(), |it| it.chars().take(8).collect())
}

impl Provider for Scripted {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(async move {
            self.info.check(request)?;
            self.asked.lock().unwrap().push(request.clone());
            let marker = marker(request);
            let text = |text: &str| Ok(ReplyEvent::Text(text.replace("MARKER", &marker)));
            let usage = Usage::new()
                .with_prompt_tokens(10)
                .with_completion_tokens(2);
            let finish = |reason| Finish::new(reason).with_usage(usage);
            let end = |reason| Ok(ReplyEvent::Finish(finish(reason)));
            let note = Ok(ReplyEvent::Progress {
                kind: ProgressKind::Status,
                text: "working".into(),
            });
            let said = self.said.lock().unwrap().pop_front();
            let events = match said.expect("something to say") {
                Say::Text(said, size) => {
                    let said = said.replace("MARKER", &marker);
                    let mut events = vec![note];
                    let mut rest = said.as_str();
                    while !rest.is_empty() {
                        let mut at = size.min(rest.len());
                        while !rest.is_char_boundary(at) {
                            at += 1;
                        }
                        let (piece, after) = rest.split_at(at);
                        events.push(Ok(ReplyEvent::Text(piece.to_owned())));
                        rest = after;
                    }
                    events.push(end(FinishReason::Stop));
                    events
                }
                Say::Ending(said, reason) => vec![text(said), end(reason)],
                Say::Broken(said) => {
                    let error = Error::new(ErrorKind::Interrupted, "the connection broke");
                    vec![text(said), Err(error)]
                }
                Say::Whole(said, whole) => {
                    let whole = whole.replace("MARKER", &marker);
                    let finish = finish(FinishReason::Stop).with_text(whole);
                    vec![text(said), Ok(ReplyEvent::Finish(finish))]
                }
                Say::Refuse(kind) => vec![Err(Error::new(kind, "refused"))],
            };
            ReplyStream::from_events(stream::iter(events))
                .with_provider_and_model("scripted", "model")
                .wait_for_first_event()
                .await
        })
    }
}

/// What a reply's events are, one after another, without the ids of calls.
pub(crate) async fn events(reply: Result<ReplyStream, Error>) -> Vec<String> {
    let mut reply = match reply {
        Ok(reply) => reply,
        Err(error) => return vec![format!("error {}", error.kind().as_str())],
    };
    let mut events = Vec::new();
    while let Some(event) = reply.next().await {
        events.push(match event {
            Ok(ReplyEvent::Text(text)) => format!("text {text}"),
            Ok(ReplyEvent::ToolCall(call)) => {
                assert!(call.id().starts_with("call_"), "{}", call.id());
                format!("call {} {}", call.name(), call.arguments())
            }
            Ok(ReplyEvent::Progress { kind, text }) => format!("{kind} {text}"),
            Ok(ReplyEvent::Finish(finish)) => format!("finish {}", finish.reason),
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("error {}", error.kind().as_str()),
        });
    }
    events
}
