//! The blocking client: every provider, as a stream and whole, outside and
//! inside an async program.

use std::time::{Duration, Instant};

use chatwire::aura::Aura;
use chatwire::blocking::{self, Client};
use chatwire::{
    BoxFuture, ChatRequest, Error, ErrorKind, Provider, ProviderInfo, ProviderOptions, ReplyEvent,
    ReplyStream,
};
use chatwire_mock::{AiEngineMock, Answer, AuraMock, Ending, Gate, MagickPenMock};
use tokio::runtime::{Builder, Runtime};

/// Servers run on threads of their own, since the tests block theirs.
fn servers() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

fn aura(server: &AuraMock) -> Client {
    let aura = Aura::builder()
        .base_url(server.url())
        // Named, so that the server is not asked for its models.
        .model("openchat_3.6");
    Client::new(aura.build().unwrap()).unwrap()
}

fn question() -> ChatRequest {
    ChatRequest::new("Why is the sky blue?")
}

fn texts(client: &Client) -> Result<String, Error> {
    client.texts(&question())?.collect()
}

#[test]
fn every_provider_answers_by_name() {
    let servers = servers();
    let (aura, site, pen) = servers.block_on(async {
        (
            AuraMock::start().await.unwrap(),
            AiEngineMock::start().await.unwrap(),
            MagickPenMock::start().await.unwrap(),
        )
    });
    let table = [
        ("aura", aura.url()),
        ("chatgpt4online", site.base_url()),
        ("magickpen", pen.url()),
    ];
    for (name, url) in table {
        let client = blocking::provider(name, ProviderOptions::new().with_base_url(url)).unwrap();
        assert_eq!(client.info().name, name);
        let reply = client.reply(&question()).unwrap();
        assert!(reply.text.contains("Why is the sky blue?"), "{name}");
        assert_eq!(texts(&client).unwrap(), reply.text, "{name}");
        let rest = client.stream(&question()).unwrap().into_reply().unwrap();
        assert_eq!(rest.text, reply.text, "{name}");
        assert!(!client.models().unwrap().is_empty(), "{name}");
    }
}

#[test]
fn text_is_out_while_the_server_holds_the_rest() {
    let servers = servers();
    let server = servers.block_on(AuraMock::start()).unwrap();
    let gate = Gate::new();
    server.answer(Answer::stream(["one"]).wait(&gate).piece("two"));
    let client = aura(&server);
    let mut texts = client.texts(&question()).unwrap();
    assert_eq!(texts.next().unwrap().unwrap(), "one");
    assert!(!gate.is_open());
    gate.open();
    assert_eq!(texts.next().unwrap().unwrap(), "two");
    assert!(texts.next().is_none());
    assert!(texts.next().is_none());
}

#[test]
fn the_contract_of_a_stream_holds() {
    let servers = servers();
    let server = servers.block_on(AuraMock::start()).unwrap();
    let client = aura(&server);
    let events: Vec<_> = client.stream(&question()).unwrap().collect();
    assert!(matches!(events.last(), Some(Ok(ReplyEvent::Finish(_)))));

    server.answer(Answer::stream(["part"]).ending(Ending::Truncate));
    let events: Vec<_> = client.stream(&question()).unwrap().collect();
    assert!(matches!(&events[..], [Ok(ReplyEvent::Text(text)), Err(_)] if text == "part"));

    server.answer(Answer::stream(["part"]).ending(Ending::Truncate));
    let incomplete = client.reply(&question()).unwrap_err();
    assert_eq!(incomplete.text, "part");
    assert_eq!(incomplete.error.kind(), ErrorKind::Interrupted);

    server.fail("Rate limit reached for requests");
    let error = client.stream(&question()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);

    let mut events = client.stream(&question()).unwrap();
    while events.next().is_some() {}
    let over = events.into_reply().unwrap_err();
    assert_eq!(over.error.kind(), ErrorKind::Truncated);
}

#[test]
fn dropping_an_answer_closes_its_connection() {
    let servers = servers();
    let server = servers.block_on(AuraMock::start()).unwrap();
    let never = Gate::new();
    server.answer(Answer::stream(["one"]).wait(&never));
    let client = aura(&server);
    let mut texts = client.texts(&question()).unwrap();
    assert_eq!(texts.next().unwrap().unwrap(), "one");
    let dropped = Instant::now();
    drop(texts);
    let closed = servers.block_on(server.wait_all_closed());
    let took = closed.saturating_duration_since(dropped);
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn one_connection_serves_clones_and_answers_outlive_them() {
    let servers = servers();
    let server = servers.block_on(AuraMock::start()).unwrap();
    let client = aura(&server);
    texts(&client).unwrap();
    texts(&client.clone()).unwrap();
    let last = client.texts(&question()).unwrap();
    drop(client);
    assert!(last.collect::<Result<String, Error>>().is_ok());
    assert_eq!(server.connections(), 1);
}

#[test]
fn it_works_inside_an_async_program() {
    let servers = servers();
    let server = servers.block_on(AuraMock::start()).unwrap();
    let kinds = [Builder::new_current_thread(), Builder::new_multi_thread()];
    for mut kind in kinds {
        let program = kind.worker_threads(1).enable_all().build().unwrap();
        program.block_on(async {
            let client = aura(&server);
            assert!(texts(&client).is_ok());
            assert!(client.reply(&question()).is_ok());
            assert!(client.models().is_ok());
            let task = tokio::spawn({
                let client = client.clone();
                async move { texts(&client).is_ok() }
            });
            assert!(task.await.unwrap());
            let thread = tokio::task::spawn_blocking(move || texts(&client).is_ok());
            assert!(thread.await.unwrap());
        });
    }
}

#[test]
fn many_threads_share_a_client() {
    let servers = servers();
    let server = servers.block_on(AuraMock::start()).unwrap();
    let client = aura(&server);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert!(texts(&client).is_ok()));
        }
    });
}

#[derive(Debug)]
struct Panics(ProviderInfo);

impl Provider for Panics {
    fn info(&self) -> &ProviderInfo {
        &self.0
    }

    fn stream<'a>(&'a self, _: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        panic!("on purpose");
    }
}

#[test]
fn a_provider_that_panics_is_an_error() {
    let client = Client::new(Panics(ProviderInfo::new("panics", "", ""))).unwrap();
    let error = client.stream(&question()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(client.reply(&question()).is_err());
}
