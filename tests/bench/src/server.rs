//! A server of the three protocols, and of OpenAI's, that costs the client
//! nothing to wait for: each reply is made once and then only written.
//!
//! The first segment of a path says what to answer: `/10000-3-0/api/chat` is
//! 10,000 events of 3 bytes of text without pauses between them. Each event is
//! one HTTP chunk, as servers send them that do not hold text back; a fourth
//! number puts so many into one, as proxies do. Prints its address, and ends
//! with its standard input.

use std::collections::HashMap;
use std::error::Error;
use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use chatwire_benches::{live_event, openai_event, text_of, ui_event};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

type Failure = Box<dyn Error + Send + Sync>;

/// Replies that were made before, and what has been asked so far.
#[derive(Debug, Default)]
struct Server {
    replies: Mutex<HashMap<String, Arc<Reply>>>,
    connections: AtomicUsize,
    requests: AtomicUsize,
}

/// An answer: its events as HTTP chunks, the head before the first and the end
/// after the last.
#[derive(Debug)]
struct Reply {
    events: Vec<Bytes>,
    whole: Bytes,
    pause: Duration,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    // Whoever started it is gone when its input ends.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    let server = Arc::new(Server::default());
    loop {
        let (connection, _) = listener.accept().await?;
        server.connections.fetch_add(1, Ordering::Relaxed);
        // A client that goes away is no failure of the server.
        tokio::spawn(serve(Arc::clone(&server), connection));
    }
}

async fn serve(server: Arc<Server>, mut connection: TcpStream) -> Result<(), Failure> {
    connection.set_nodelay(true)?;
    let mut buffer = BytesMut::with_capacity(16 * 1024);
    while let Some(path) = read_request(&mut connection, &mut buffer).await? {
        if path == "/counts" {
            let counts = format!(
                "{} {}",
                server.connections.load(Ordering::Relaxed),
                server.requests.load(Ordering::Relaxed)
            );
            connection.write_all(&page(&counts)).await?;
            continue;
        }
        server.requests.fetch_add(1, Ordering::Relaxed);
        let reply = server.reply(&path)?;
        if reply.pause.is_zero() {
            connection.write_all(&reply.whole).await?;
            continue;
        }
        for (at, event) in reply.events.iter().enumerate() {
            if at > 0 {
                tokio::time::sleep(reply.pause).await;
            }
            connection.write_all(event).await?;
        }
    }
    Ok(())
}

/// Reads one request and gives its path; none at the end of the connection.
async fn read_request(
    connection: &mut TcpStream,
    buffer: &mut BytesMut,
) -> Result<Option<String>, Failure> {
    let head_end = loop {
        if let Some(at) = memchr::memmem::find(buffer, b"\r\n\r\n") {
            break at + 4;
        }
        if connection.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).to_ascii_lowercase();
    let length: usize = match head.split_once("content-length:") {
        Some((_, after)) => after.lines().next().unwrap_or_default().trim().parse()?,
        None => 0,
    };
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    while buffer.len() < head_end + length {
        if connection.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    buffer.advance(head_end + length);
    Ok(Some(path))
}

impl Server {
    fn reply(&self, path: &str) -> Result<Arc<Reply>, Failure> {
        let mut replies = self
            .replies
            .lock()
            .map_err(|_| "a reply could not be made")?;
        if let Some(reply) = replies.get(path) {
            return Ok(Arc::clone(reply));
        }
        let reply = Arc::new(make(path)?);
        replies.insert(path.to_owned(), Arc::clone(&reply));
        Ok(reply)
    }
}

fn make(path: &str) -> Result<Reply, Failure> {
    let (order, route) = path
        .trim_start_matches('/')
        .split_once('/')
        .ok_or("no route")?;
    let numbers: Vec<usize> = order.split('-').map(str::parse).collect::<Result<_, _>>()?;
    let (count, length, pause, packed) = match numbers.as_slice() {
        [count, length, pause] => (count, length, pause, 1),
        [count, length, pause, packed] => (count, length, pause, *packed),
        _ => return Err("an order is three or four numbers".into()),
    };
    let text = text_of(*length);
    let (content_type, event, last) = match route {
        "api/chat" | "ask" => ("text/plain; charset=utf-8", text, None),
        "wp-json/mwai-ui/v1/chats/submit" => (
            "text/event-stream",
            live_event(&text),
            Some(end_event(&text, *count)),
        ),
        "ui/api/chat" => (
            "text/event-stream",
            ui_event(&text),
            Some("data: {\"type\":\"finish\"}\n\ndata: [DONE]\n\n".to_owned()),
        ),
        "v1/chat/completions" => (
            "text/event-stream",
            openai_event(&text),
            Some("data: [DONE]\n\n".to_owned()),
        ),
        "wp-json/mwai/v1/start_session" => {
            return Ok(Reply::page(
                r#"{"success":true,"sessionId":"s","restNonce":"0123456789"}"#,
            ));
        }
        _ => {
            return Ok(Reply::page(
                r#"{"X-API-Secret":"0123456789",secret:"0123456789"}"#,
            ));
        }
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let chunk = |data: &str| format!("{:x}\r\n{data}\r\n", data.len());
    let (event, last) = (
        chunk(&event.repeat(packed)),
        last.map_or(String::new(), |last| chunk(&last)),
    );
    let mut events = vec![Bytes::from(event.clone()); count / packed];
    if let Some(first) = events.first_mut() {
        *first = Bytes::from(format!("{head}{event}"));
    }
    events.push(Bytes::from(format!("{last}0\r\n\r\n")));
    Ok(Reply {
        whole: events.concat().into(),
        events,
        pause: Duration::from_millis(u64::try_from(*pause)?),
    })
}

/// The end of an answer of AI Engine. The plugin sends the whole answer again
/// with it; here only where that is no larger than clients take an event.
fn end_event(text: &str, count: usize) -> String {
    let payload = if text.len() * count < 512 * 1024 {
        format!(
            r#"{{\"success\":true,\"reply\":\"{}\"}}"#,
            text.repeat(count)
        )
    } else {
        r#"{\"success\":true}"#.to_owned()
    };
    format!("data: {{\"type\":\"end\",\"data\":\"{payload}\"}}\n\n")
}

impl Reply {
    fn page(body: &str) -> Reply {
        Reply {
            events: Vec::new(),
            whole: page(body).into(),
            pause: Duration::ZERO,
        }
    }
}

fn page(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}
