//! Proxies that refuse to connect to a server.

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{HeaderValue, PROXY_AUTHENTICATE};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::proxy::ProxyInUse;
use super::url::RequestUrl;
use crate::error::{Error, ErrorKind};
use crate::refusal::ErrorResponse;

/// How long the proxy's words are waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many bytes of them are read.
const MAX_ANSWER: usize = 16 * 1024;

/// Returns whether a request failed because the proxy did not let it through.
pub(super) fn is_refusal(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(source) = cause {
        let words = source.to_string();
        let is_tunnel = words.starts_with("tunnel error");
        if is_tunnel && (words.ends_with("unsuccessful") || words.contains("authorization")) {
            return true;
        }
        cause = source.source();
    }
    false
}

/// Asks the proxy once more for a way to the server, and returns the error that
/// its answer says: the HTTP client drops status and words of the first one.
/// Returns `None` if the proxy does not refuse, or cannot be asked.
pub(super) async fn refusal(proxy: &ProxyInUse, url: &RequestUrl) -> Option<Error> {
    let (host, port) = proxy.http_address()?;
    let server = url.host_and_port()?;
    let asked = timeout(PATIENCE, ask((host, port), &server, proxy.authorization()));
    let answer = asked.await.ok()?.ok()?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let mut lines = head.lines();
    let mut status_line = lines.next()?.splitn(3, ' ');
    let version = status_line.next()?;
    let status: u16 = status_line.next()?.parse().ok()?;
    if !version.starts_with("HTTP/") || (200..300).contains(&status) {
        return None;
    }
    let mut headers = HeaderMap::new();
    let is_basic = |line: &str| {
        let line = line.to_ascii_lowercase();
        line.starts_with("proxy-authenticate:") && line.contains("basic")
    };
    if lines.any(is_basic) {
        headers.insert(PROXY_AUTHENTICATE, HeaderValue::from_static("Basic"));
    }
    let response = ErrorResponse {
        status,
        reason: status_line.next(),
        headers: &headers,
        url: &proxy.to_string(),
        body,
    };
    let said = response.to_error(None, SystemTime::now());
    if said.kind() == ErrorKind::Credentials {
        return Some(said);
    }
    let message = format!("the proxy refuses to connect to {server}");
    let detail = said.detail().unwrap_or_default();
    let detail = match said.kind() {
        ErrorKind::Status | ErrorKind::Blocked | ErrorKind::RateLimited => detail,
        _ => said.message(),
    };
    Some(
        Error::new(ErrorKind::Connect, message)
            .with_status(status)
            .with_detail(detail)
            .with_retryable(said.is_retryable()),
    )
}

/// Sends the question and reads the answer, to its end or as far as it comes at
/// once.
async fn ask(
    proxy: (String, u16),
    server: &str,
    authorization: Option<&HeaderValue>,
) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(proxy).await?;
    let mut question = format!("CONNECT {server} HTTP/1.1\r\nhost: {server}\r\n").into_bytes();
    if let Some(value) = authorization {
        question.extend_from_slice(b"proxy-authorization: ");
        question.extend_from_slice(value.as_bytes());
        question.extend_from_slice(b"\r\n");
    }
    question.extend_from_slice(b"\r\n");
    stream.write_all(&question).await?;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        // The body may have no end that can be told without reading its head.
        let patience = match answer.is_empty() {
            true => PATIENCE,
            false => Duration::from_millis(200),
        };
        let Ok(read) = timeout(patience, stream.read(&mut piece)).await else {
            return Ok(answer);
        };
        let read = read?;
        answer.extend(piece.iter().take(read));
        if read == 0 || answer.len() >= MAX_ANSWER {
            return Ok(answer);
        }
    }
}
