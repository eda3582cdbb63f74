//! What the tests share: providers by script, a running gateway, a client that
//! says exactly what it is told.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use chatwire_core::{
    BoxFuture, ChatRequest, Error, Finish, FinishReason, ModelInfo, Provider, ProviderInfo,
    ReplyEvent, ReplyStream,
};
use chatwire_gateway::{Gateway, GatewayBuilder};
use futures::StreamExt as _;
use futures::stream;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

pub type Event = Result<ReplyEvent, Error>;
type Script = dyn Fn(&ChatRequest) -> BoxFuture<'static, Result<ReplyStream, Error>> + Send + Sync;

/// A provider that does what it is told.
pub struct Scripted {
    pub info: ProviderInfo,
    script: Box<Script>,
    pub asked: AtomicUsize,
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

impl Provider for Scripted {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        (self.script)(request)
    }
}

/// The provider `scripted` with the models `m` and `meta/llama`.
pub fn info() -> ProviderInfo {
    let mut info = ProviderInfo::new("scripted", "http://127.0.0.1:9", "m");
    info.models.push(ModelInfo::new("meta/llama"));
    info
}

/// A provider whose answer is made by the function.
pub fn scripted<F>(script: impl Fn(&ChatRequest) -> F + Send + Sync + 'static) -> Arc<Scripted>
where
    F: Future<Output = Result<ReplyStream, Error>> + Send + 'static,
{
    scripted_as(info(), script)
}

pub fn scripted_as<F>(
    info: ProviderInfo,
    script: impl Fn(&ChatRequest) -> F + Send + Sync + 'static,
) -> Arc<Scripted>
where
    F: Future<Output = Result<ReplyStream, Error>> + Send + 'static,
{
    Arc::new(Scripted {
        info,
        script: Box::new(move |request| Box::pin(script(request))),
        asked: AtomicUsize::new(0),
    })
}

/// A provider that always answers with these events.
pub fn says(events: Vec<Event>) -> Arc<Scripted> {
    scripted(move |_| {
        let events = events.clone();
        async move { Ok(ReplyStream::from_events(stream::iter(events))) }
    })
}

/// A provider that always fails like this.
pub fn fails(error: Error) -> Arc<Scripted> {
    scripted(move |_| {
        let error = error.clone();
        async move { Err(error) }
    })
}

/// A provider that answers with these texts and ends well.
pub fn tells(texts: &[&str]) -> Arc<Scripted> {
    let mut events: Vec<Event> = texts.iter().map(|t| text(t)).collect();
    events.push(finish());
    says(events)
}

pub fn text(text: &str) -> Event {
    Ok(ReplyEvent::Text(text.to_owned()))
}

pub fn finish() -> Event {
    Ok(ReplyEvent::Finish(Finish::new(FinishReason::Stop)))
}

/// Events, each after its pause.
pub fn paced(events: Vec<(u64, Event)>) -> ReplyStream {
    ReplyStream::from_events(stream::iter(events).then(|(pause, event)| async move {
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        event
    }))
}

/// Some events, and the others when the gate is opened.
pub fn gated(before: Vec<Event>, gate: Arc<Notify>, after: Vec<Event>) -> ReplyStream {
    let opened = stream::once(async move { gate.notified().await }).flat_map(move |()| {
        let after = after.clone();
        stream::iter(after)
    });
    ReplyStream::from_events(stream::iter(before).chain(opened))
}

/// Asks the router alone, which takes no socket and obeys a paused clock.
pub async fn ask_router(router: axum::Router, body: &Value) -> (http::response::Parts, Body) {
    let request = http::Request::post("/v1/chat/completions")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
    response.into_parts()
}

/// A gateway with one endpoint, `home`, that does not repeat itself.
pub fn home(provider: Arc<Scripted>) -> GatewayBuilder {
    Gateway::builder().endpoint("home", provider).retries(0)
}

/// A running gateway.
pub struct Server {
    pub addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    pub done: JoinHandle<std::io::Result<()>>,
}

pub async fn start(builder: GatewayBuilder) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let gateway = builder.build().unwrap();
    let done = tokio::spawn(gateway.serve(listener, async move {
        let _ = stopped.await;
    }));
    Server {
        addr,
        stop: Some(stop),
        done,
    }
}

impl Server {
    pub fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        ))
        .await
    }

    /// Asks with that JSON.
    pub async fn ask(&self, body: &Value) -> Answer {
        self.send(&post(&body.to_string(), "")).await
    }

    /// Asks another path with that JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = post(&body.to_string(), "");
        self.send(&request.replace("/v1/chat/completions", path))
            .await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(&format!(
            "DELETE {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        ))
        .await
    }

    /// Sends these bytes and reads until the gateway closes.
    pub async fn send(&self, bytes: &str) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_bytes()).await.unwrap();
        read_answer(&mut stream).await
    }
}

/// A question as bytes, with more header lines, each with its line end.
pub fn post(body: &str, headers: &str) -> String {
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         connection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub fn question() -> Value {
    json!({"model": "home/m", "messages": [{"role": "user", "content": "Hi"}]})
}

pub fn streamed() -> Value {
    with(question(), json!({"stream": true}))
}

/// The members of both.
pub fn with(mut value: Value, more: Value) -> Value {
    for (name, member) in more.as_object().unwrap() {
        value[name] = member.clone();
    }
    value
}

/// A response, taken apart.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    }

    /// The data of the events; comments are left out.
    pub fn events(&self) -> Vec<String> {
        self.body
            .split_terminator("\n\n")
            .filter_map(|event| event.strip_prefix("data: "))
            .map(str::to_owned)
            .collect()
    }

    /// The events that are JSON.
    pub fn chunks(&self) -> Vec<Value> {
        let mut events = self.events();
        events.retain(|event| event != "[DONE]");
        events
            .iter()
            .map(|event| serde_json::from_str(event).unwrap())
            .collect()
    }

    /// The texts of the chunks, joined.
    pub fn streamed_text(&self) -> String {
        self.chunks()
            .iter()
            .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
            .collect()
    }

    /// The finish reasons of the chunks.
    pub fn reasons(&self) -> Vec<String> {
        self.chunks()
            .iter()
            .filter_map(|chunk| chunk["choices"][0]["finish_reason"].as_str())
            .map(str::to_owned)
            .collect()
    }

    /// Checks that this is an error as all are: JSON, four members, an id.
    pub fn assert_error(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(
            self.header("content-type").as_deref(),
            Some("application/json")
        );
        assert!(
            self.header("x-request-id").is_some_and(|id| id.len() > 10),
            "{self:?}"
        );
        let json = self.json();
        let error = json["error"].clone();
        assert_members(&error);
        assert_eq!(error["code"], code, "{self:?}");
        error
    }
}

pub fn assert_members(error: &Value) {
    let error = error.as_object().unwrap();
    let names: Vec<&str> = error.keys().map(String::as_str).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()));
    assert!(error["type"].is_string());
    assert!(error["param"].is_string() || error["param"].is_null());
    assert!(error["code"].is_string());
}

/// Reads a response until the connection ends. A reset after a whole response
/// is not an end that a client would notice, but none is expected here.
pub async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes).await;
    parse(&bytes).unwrap_or_else(|| panic!("{ended:?} after {:?}", String::from_utf8_lossy(&bytes)))
}

pub fn parse(bytes: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.get(9..12)?.parse().ok()?;
    let chunked = head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked");
    let body = if chunked {
        dechunk(body.as_bytes())
    } else {
        body.to_owned()
    };
    Some(Answer {
        status,
        head: head.to_owned(),
        body,
    })
}

fn dechunk(mut bytes: &[u8]) -> String {
    let mut whole = Vec::new();
    while let Some(at) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..at]).unwrap(), 16).unwrap();
        let rest = &bytes[at + 2..];
        if size == 0 || rest.len() < size {
            break;
        }
        whole.extend_from_slice(&rest[..size]);
        bytes = rest.get(size + 2..).unwrap_or_default();
    }
    String::from_utf8(whole).unwrap()
}

/// Reads until what came contains the text.
pub async fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&all).into_owned();
        if text.contains(wanted) {
            return text;
        }
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut buffer))
            .await
            .unwrap_or_else(|_| panic!("no {wanted:?} in {text:?}"))
            .unwrap();
        assert!(read > 0, "no {wanted:?} in {text:?}");
        all.extend_from_slice(&buffer[..read]);
    }
}

/// Says when it is dropped.
pub struct OnDrop(pub tokio::sync::mpsc::UnboundedSender<std::time::Instant>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        let _ = self.0.send(std::time::Instant::now());
    }
}
