//! Reads requests off a connection.

use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::request::RecordedRequest;
use crate::answers::copy;

const MAX_HEAD: usize = 256 * 1024;
const MAX_HEADERS: usize = 256;
/// The longest line with the size of a chunk, and the longest trailer.
const MAX_LINE: usize = 16 * 1024;

/// Why no request could be read.
pub(crate) enum ReadFailure {
    /// The client closed or broke the connection.
    Gone,
    /// What came is not HTTP.
    Malformed(&'static str),
    /// The body is larger than what is taken.
    TooLarge,
}

struct Head {
    method: String,
    target: String,
    headers: Vec<(String, Bytes)>,
    http10: bool,
}

/// Reads one request; what belongs to the next stays in `buffer`.
pub(crate) async fn read_request(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    connection: usize,
    body_limit: usize,
) -> Result<RecordedRequest, ReadFailure> {
    let mut seen = 0;
    let head = loop {
        // Parsed at the beginning, to refuse early what is not HTTP, and where it may be complete:
        // parsing at every byte would cost the square of the length.
        let new = buffer.get(seen.max(2) - 2..).unwrap_or_default();
        let blank_line = new.windows(2).any(|two| two == b"\n\n")
            || new.windows(3).any(|three| three == b"\n\r\n");
        let parses = blank_line || buffer.len() < 1024;
        if parses && let Some((head, length)) = parse_head(buffer)? {
            buffer.advance(length);
            break head;
        }
        seen = buffer.len();
        if buffer.len() > MAX_HEAD {
            return Err(ReadFailure::Malformed("head too long"));
        }
        fill(stream, buffer).await?;
    };
    let mut request = RecordedRequest {
        method: head.method,
        target: head.target,
        headers: head.headers,
        body: Bytes::new(),
        connection,
        received: Instant::now(),
        http10: head.http10,
    };
    let chunked = request.header("transfer-encoding").is_some_and(|coding| {
        coding
            .rsplit(',')
            .next()
            .is_some_and(|last| last.trim().eq_ignore_ascii_case("chunked"))
    });
    let length = match request.header("content-length") {
        Some(length) if !chunked => length
            .trim()
            .parse()
            .map_err(|_| ReadFailure::Malformed("bad content-length"))?,
        _ => 0,
    };
    // Said before the client is told to go on, as web servers do.
    if length > body_limit {
        return Err(ReadFailure::TooLarge);
    }
    if request
        .header("expect")
        .is_some_and(|expect| expect.eq_ignore_ascii_case("100-continue"))
    {
        stream
            .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
            .await
            .map_err(|_| ReadFailure::Gone)?;
    }
    request.body = if chunked {
        read_chunked(stream, buffer, body_limit).await?
    } else {
        take(stream, buffer, length).await?
    };
    request.received = Instant::now();
    Ok(request)
}

fn parse_head(buffer: &BytesMut) -> Result<Option<(Head, usize)>, ReadFailure> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => {
            let head = Head {
                method: parsed.method.unwrap_or_default().to_owned(),
                target: parsed.path.unwrap_or_default().to_owned(),
                http10: parsed.version == Some(0),
                headers: parsed
                    .headers
                    .iter()
                    .map(|header| (header.name.to_owned(), copy(header.value)))
                    .collect(),
            };
            Ok(Some((head, length)))
        }
        Ok(httparse::Status::Partial) => Ok(None),
        Err(_) => Err(ReadFailure::Malformed("not an HTTP request")),
    }
}

async fn read_chunked(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    body_limit: usize,
) -> Result<Bytes, ReadFailure> {
    let mut body = BytesMut::new();
    let mut trailers = 0;
    loop {
        let line = take_line(stream, buffer).await?;
        let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
        let size = std::str::from_utf8(size)
            .ok()
            .and_then(|size| usize::from_str_radix(size.trim(), 16).ok())
            .ok_or(ReadFailure::Malformed("bad chunk size"))?;
        if size == 0 {
            // Trailers, if any, up to the empty line.
            loop {
                let line = take_line(stream, buffer).await?;
                if line.is_empty() {
                    return Ok(body.freeze());
                }
                trailers += line.len();
                if trailers > MAX_HEAD {
                    return Err(ReadFailure::Malformed("trailers too long"));
                }
            }
        }
        if size > body_limit.saturating_sub(body.len()) {
            return Err(ReadFailure::TooLarge);
        }
        body.extend_from_slice(&take(stream, buffer, size).await?);
        if !take_line(stream, buffer).await?.is_empty() {
            return Err(ReadFailure::Malformed("chunk longer than its size"));
        }
    }
}

async fn take(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    length: usize,
) -> Result<Bytes, ReadFailure> {
    while buffer.len() < length {
        fill(stream, buffer).await?;
    }
    Ok(buffer.split_to(length).freeze())
}

async fn take_line(stream: &mut TcpStream, buffer: &mut BytesMut) -> Result<Bytes, ReadFailure> {
    loop {
        let line = buffer.iter().take(MAX_LINE);
        if let Some(end) = line.into_iter().position(|byte| *byte == b'\n') {
            let mut line = buffer.split_to(end).freeze();
            buffer.advance(1);
            if line.ends_with(b"\r") {
                line.truncate(line.len() - 1);
            }
            return Ok(line);
        }
        if buffer.len() > MAX_LINE {
            return Err(ReadFailure::Malformed("line too long"));
        }
        fill(stream, buffer).await?;
    }
}

async fn fill(stream: &mut TcpStream, buffer: &mut BytesMut) -> Result<(), ReadFailure> {
    match stream.read_buf(buffer).await {
        Ok(0) | Err(_) => Err(ReadFailure::Gone),
        Ok(_) => Ok(()),
    }
}
