//! A forward proxy that records what goes through it.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::memory::Memory;
use crate::server::{ReadFailure, RecordedRequest, read_request};
use crate::sync::lock;

/// The largest body that is passed on.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// An HTTP forward proxy on the loopback interface, to test that a client sends every request
/// through its proxy.
///
/// It passes requests in absolute form on, one per connection, and opens a tunnel for `CONNECT`.
/// Dropping it stops it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use chatwire_mock::{AuraMock, ProxyMock};
///
/// let mock = AuraMock::start().await?;
/// let proxy = ProxyMock::start().await?;
/// // Only the proxy knows this name: a request that bypasses the proxy fails.
/// proxy.route("chat.example", mock.addr());
/// assert!(proxy.url().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ProxyMock {
    addr: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    requests: Mutex<Memory<RecordedRequest>>,
    routes: Mutex<HashMap<String, SocketAddr>>,
    authorization: Mutex<Option<String>>,
}

impl ProxyMock {
    /// Starts a proxy on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// Returns an error if no port is free.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            addr,
            shared,
            accepting,
        })
    }

    /// Returns the proxy's address, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Returns the socket address that the proxy listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Sends requests for this host, whatever the port, to this server.
    pub fn route(&self, host: impl Into<String>, to: SocketAddr) -> &Self {
        lock(&self.shared.routes).insert(host.into(), to);
        self
    }

    /// Answers requests without this `Proxy-Authorization`, such as `Basic dTpw`, with 407.
    pub fn require_authorization(&self, value: impl Into<String>) -> &Self {
        *lock(&self.shared.authorization) = Some(value.into());
        self
    }

    /// Returns the requests as the client sent them, at most the last 1,000 and 4 MiB.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.shared.requests).to_vec()
    }
}

impl Drop for ProxyMock {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut serving = JoinSet::new();
    let mut id = 0;
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                let _ = stream.set_nodelay(true);
                let shared = Arc::clone(&shared);
                // A failure here is the client's or the target's going away.
                serving.spawn(async move { drop(forward(stream, id, &shared).await) });
                id += 1;
            }
            Some(_) = serving.join_next() => {}
        }
    }
}

async fn forward(mut client: TcpStream, id: usize, shared: &Shared) -> io::Result<()> {
    let mut ahead = BytesMut::new();
    let request = match read_request(&mut client, &mut ahead, id, BODY_LIMIT).await {
        Ok(request) => request,
        Err(ReadFailure::Gone) => return Ok(()),
        Err(ReadFailure::Malformed(_)) => return refuse(&mut client, "400 Bad Request").await,
        Err(ReadFailure::TooLarge) => {
            return refuse(&mut client, "413 Request Entity Too Large").await;
        }
    };
    lock(&shared.requests).push(request.clone(), request.size());
    let demanded = lock(&shared.authorization).clone();
    if demanded.is_some() && request.header("proxy-authorization") != demanded.as_deref() {
        let status =
            "407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"mock\"";
        return refuse(&mut client, status).await;
    }
    let tunnel = request.method == "CONNECT";
    let (authority, path) = match request.target.strip_prefix("http://") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None if tunnel => (request.target.as_str(), ""),
        None => return refuse(&mut client, "400 Bad Request").await,
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().unwrap_or(80)),
        None => (authority, 80),
    };
    let routed = lock(&shared.routes).get(host).copied();
    let connected = match routed {
        Some(addr) => TcpStream::connect(addr).await,
        None => TcpStream::connect((host, port)).await,
    };
    let Ok(mut server) = connected else {
        return refuse(&mut client, "502 Bad Gateway").await;
    };
    let _ = server.set_nodelay(true);
    if tunnel {
        client
            .write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n")
            .await?;
        server.write_all(&ahead).await?;
    } else {
        server.write_all(&rewritten(&request, path)).await?;
    }
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// The request as its target gets it, with `Connection: close`.
fn rewritten(request: &RecordedRequest, path: &str) -> BytesMut {
    let path = if path.is_empty() { "/" } else { path };
    let mut bytes = BytesMut::from(format!("{} {path} HTTP/1.1\r\n", request.method).as_bytes());
    for (name, value) in &request.headers {
        let name = name.to_ascii_lowercase();
        let own = name.starts_with("proxy-")
            || matches!(
                name.as_str(),
                "connection" | "transfer-encoding" | "content-length" | "expect"
            );
        if !own {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
    }
    let length = request.body.len();
    bytes.extend_from_slice(
        format!("connection: close\r\ncontent-length: {length}\r\n\r\n").as_bytes(),
    );
    bytes.extend_from_slice(&request.body);
    bytes
}

async fn refuse(client: &mut TcpStream, status: &str) -> io::Result<()> {
    let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    client.write_all(answer.as_bytes()).await?;
    client.shutdown().await
}
