//! A gateway whose models do what their names say: for trying clients out, and
//! for the tests with the official ones.
//!
//! ```sh
//! cargo run -p chatwire-gateway --example scripted -- 127.0.0.1:1337
//! curl http://127.0.0.1:1337/v1/models
//! ```
//!
//! A second argument says how often the gateway repeats a failed request
//! (default: once).

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use chatwire_core::{
    BoxFuture, ChatRequest, Error, ErrorKind, Finish, FinishReason, ModelInfo, Provider,
    ProviderInfo, ReplyEvent, ReplyStream, TimeoutPhase, Usage,
};
use chatwire_gateway::Gateway;
use futures::{StreamExt as _, stream};

/// What a model does.
#[derive(Clone, Copy)]
enum Act {
    /// Says what it was asked.
    Echo,
    /// Says these pieces.
    Say(&'static [&'static str]),
    /// Waits, then says something.
    Late(Duration),
    /// Says something every 20 ms, without an end.
    Endless,
    /// Says something, then breaks.
    Break,
    /// Fails at once.
    Fail(ErrorKind, Option<u16>),
    Panic,
}

const MODELS: [(&str, Act); 20] = [
    ("echo", Act::Echo),
    ("hello", Act::Say(&["Hel", "lo", " you"])),
    (
        "unicode",
        Act::Say(&["Grüße, ", "世界 ", "🙂", "👩‍👩‍👧", " \"\\\n\t", "é\u{2028}"]),
    ),
    ("late", Act::Late(Duration::from_millis(700))),
    ("endless", Act::Endless),
    ("break", Act::Break),
    ("fail/invalid", Act::Fail(ErrorKind::InvalidRequest, None)),
    ("fail/context", Act::Fail(ErrorKind::ContextLength, None)),
    ("fail/model", Act::Fail(ErrorKind::UnsupportedModel, None)),
    ("fail/limited", Act::Fail(ErrorKind::RateLimited, Some(429))),
    (
        "fail/unauthorized",
        Act::Fail(ErrorKind::Credentials, Some(401)),
    ),
    ("fail/forbidden", Act::Fail(ErrorKind::Refused, Some(403))),
    ("fail/server", Act::Fail(ErrorKind::Status, Some(500))),
    ("fail/connect", Act::Fail(ErrorKind::Connect, None)),
    ("fail/html", Act::Fail(ErrorKind::Blocked, Some(200))),
    (
        "fail/timeout",
        Act::Fail(ErrorKind::Timeout(TimeoutPhase::Head), None),
    ),
    ("fail/empty", Act::Say(&[])),
    ("fail/cut", Act::Fail(ErrorKind::Truncated, None)),
    ("fail/protocol", Act::Fail(ErrorKind::Protocol, None)),
    ("fail/panic", Act::Panic),
];

#[derive(Debug)]
struct Scripted(ProviderInfo);

impl Provider for Scripted {
    fn info(&self) -> &ProviderInfo {
        &self.0
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(async move {
            let model = request.model().unwrap_or("echo");
            let act = MODELS
                .iter()
                .find(|(name, _)| *name == model)
                .map_or(Act::Echo, |(_, act)| *act);
            act.run(request).await
        })
    }
}

fn text(text: &str) -> Result<ReplyEvent, Error> {
    Ok(ReplyEvent::Text(text.to_owned()))
}

fn finish(pieces: usize) -> Result<ReplyEvent, Error> {
    let usage = Usage::new()
        .with_prompt_tokens(Some(1))
        .with_completion_tokens(u64::try_from(pieces).ok());
    Ok(ReplyEvent::Finish(
        Finish::new(FinishReason::Stop).with_usage(Some(usage)),
    ))
}

impl Act {
    async fn run(self, request: &ChatRequest) -> Result<ReplyStream, Error> {
        let mut pieces: Vec<String> = Vec::new();
        match self {
            Act::Echo => pieces.extend(request.messages().last().map(|m| m.text().into_owned())),
            Act::Say(said) => pieces.extend(said.iter().map(|piece| (*piece).to_owned())),
            Act::Late(pause) => {
                tokio::time::sleep(pause).await;
                pieces.push("late".to_owned());
            }
            Act::Endless => {
                let events = stream::unfold((), |()| async {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Some((text("on "), ()))
                });
                return Ok(ReplyStream::from_events(events));
            }
            Act::Break => {
                let error = Error::new(ErrorKind::Interrupted, "the connection broke");
                let events = stream::iter([text("half an "), Err(error)]);
                // Apart, so that the first is out before the second.
                let events = events.then(|event| async {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    event
                });
                return Ok(ReplyStream::from_events(events));
            }
            Act::Fail(kind, status) => {
                let error = Error::new(kind, "it failed, as it was told to");
                let error = match status {
                    Some(status) => error.with_status(status),
                    None => error,
                };
                // Clients wait as long as they are told to.
                let wait = (kind == ErrorKind::RateLimited).then_some(Duration::from_secs(1));
                return Err(error.with_retry_after(wait));
            }
            #[allow(clippy::panic, reason = "it was told to")]
            Act::Panic => panic!("it was told to"),
        }
        let mut events: Vec<_> = pieces.iter().map(|piece| text(piece)).collect();
        events.push(finish(pieces.len()));
        Ok(ReplyStream::from_events(stream::iter(events)))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:1337");
    let retries = match std::env::args().nth(2) {
        Some(retries) => retries.parse()?,
        None => 1,
    };
    let mut info = ProviderInfo::new("scripted", "http://127.0.0.1:9", "echo");
    info.models = MODELS
        .iter()
        .map(|(name, _)| ModelInfo::new(*name))
        .collect();
    let gateway = Gateway::builder()
        .endpoint("test", Arc::new(Scripted(info)))
        .alias("gpt-4o", ["test/hello"])
        .alias("fallback", ["test/fail/html", "test/hello"])
        .retries(retries)
        .retry_delay(Duration::from_millis(10))
        .keep_alive(Duration::from_millis(300))
        .build()?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    gateway
        .serve(listener, chatwire_gateway::shutdown_signal()?)
        .await?;
    Ok(())
}
