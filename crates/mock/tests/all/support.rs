//! A raw client: what it reads is what was on the wire.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub(crate) type Headers<'a> = &'a [(&'a str, &'a str)];

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) reason: Vec<u8>,
    pub(crate) headers: Vec<(String, String)>,
    /// Chunks, or the whole body as one piece.
    pub(crate) chunks: Vec<Vec<u8>>,
    pub(crate) complete: bool,
}

impl Reply {
    pub(crate) fn body(&self) -> String {
        String::from_utf8_lossy(&self.chunks.concat()).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body()).expect("JSON")
    }
}

pub(crate) fn request_bytes(
    method: &str,
    target: &str,
    headers: Headers<'_>,
    body: &[u8],
) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        head.push_str("host: mock\r\n");
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method == "POST" {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

/// Sends one request on a new connection and reads until the answer is complete.
pub(crate) async fn call(
    addr: SocketAddr,
    method: &str,
    target: &str,
    headers: Headers<'_>,
    body: impl AsRef<[u8]>,
) -> Reply {
    let mut stream = TcpStream::connect(addr).await.expect("connect");
    let bytes = request_bytes(method, target, headers, body.as_ref());
    stream.write_all(&bytes).await.expect("send");
    read_reply(&mut stream, &mut Vec::new(), method)
        .await
        .expect("an answer")
}

/// Reads one answer; what follows it stays in `buffer`.
pub(crate) async fn read_reply(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    method: &str,
) -> io::Result<Reply> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if !more(stream, buffer).await? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head: Vec<u8> = buffer.drain(..end + 4).collect();
    let mut lines = head
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii_end);
    let status_line = lines.next().expect("status line");
    let status = std::str::from_utf8(&status_line[9..12])
        .expect("status")
        .parse()
        .expect("status");
    let headers: Vec<(String, String)> = lines
        .filter(|line| !line.is_empty())
        .map(|line| {
            let line = String::from_utf8_lossy(line).into_owned();
            let (name, value) = line.split_once(": ").expect("header");
            (name.to_owned(), value.to_owned())
        })
        .collect();
    let mut reply = Reply {
        status,
        reason: status_line.get(13..).unwrap_or_default().to_vec(),
        headers,
        chunks: Vec::new(),
        complete: true,
    };
    if method == "HEAD" || matches!(status, 204 | 304) {
        return Ok(reply);
    }
    if reply.header("transfer-encoding") == Some("chunked") {
        loop {
            let Some(end) = buffer.windows(2).position(|window| window == b"\r\n") else {
                if more(stream, buffer).await? {
                    continue;
                }
                reply.complete = false;
                return Ok(reply);
            };
            let size = std::str::from_utf8(&buffer[..end]).expect("size");
            let size = usize::from_str_radix(size, 16).expect("size");
            while buffer.len() < end + 2 + size + 2 {
                if !more(stream, buffer).await? {
                    reply.complete = false;
                    return Ok(reply);
                }
            }
            let chunk = buffer[end + 2..end + 2 + size].to_vec();
            buffer.drain(..end + 2 + size + 2);
            if size == 0 {
                return Ok(reply);
            }
            reply.chunks.push(chunk);
        }
    }
    let length = reply
        .header("content-length")
        .map(|length| length.parse::<usize>().expect("length"));
    while length.is_none_or(|length| buffer.len() < length) {
        if !more(stream, buffer).await? {
            reply.complete = length.is_none();
            reply.chunks.push(std::mem::take(buffer));
            return Ok(reply);
        }
    }
    reply
        .chunks
        .push(buffer.drain(..length.unwrap_or(0)).collect());
    Ok(reply)
}

async fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let read = timeout(Duration::from_secs(60), stream.read_buf(buffer)).await;
    read.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
        .map(|count| count > 0)
}
