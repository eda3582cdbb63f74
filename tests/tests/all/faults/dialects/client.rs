//! A client that reads what there is, and interprets nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use chatwire::Provider;
use chatwire_gateway::Gateway;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A response.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Starts a gateway with a provider as its only endpoint, `home`, whose models are
/// given tools. It ends with the runtime.
pub(super) async fn gateway(provider: Arc<dyn Provider>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gateway = Gateway::builder()
        .endpoint_with_tools("home", provider)
        // Statuses are to be seen, however slow the machine is.
        .keep_alive(std::time::Duration::from_secs(1000))
        .build()
        .unwrap();
    tokio::spawn(gateway.serve(listener, std::future::pending()));
    address
}

/// Sends JSON, and reads to the end. The function sees the body so far after
/// every read, while that is short.
pub(super) async fn post(
    address: SocketAddr,
    path: &str,
    body: &Value,
    mut seen: impl FnMut(&str),
) -> Answer {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    while stream.read_buf(&mut bytes).await.unwrap() > 0 {
        if bytes.len() < 64 * 1024
            && let Some(answer) = parse(&bytes)
        {
            seen(&answer.body);
        }
    }
    parse(&bytes).unwrap_or_else(|| panic!("{:?}", String::from_utf8_lossy(&bytes)))
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let body = &bytes[end + 4..];
    let is_chunked = head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked");
    Some(Answer {
        status: head[9..12].parse().unwrap(),
        body: if is_chunked {
            dechunked(body)
        } else {
            String::from_utf8_lossy(body).into_owned()
        },
    })
}

fn dechunked(mut bytes: &[u8]) -> String {
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
    String::from_utf8_lossy(&whole).into_owned()
}
