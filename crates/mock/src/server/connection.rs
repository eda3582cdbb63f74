//! Serves one connection: reads requests, writes answers, and notices when the client leaves.

use std::future;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::ReadHalf;
use tokio::time::timeout;

use super::log::ClosedBy;
use super::read_request::{ReadFailure, read_request};
use super::shared::Shared;
use super::write_answer::{After, write_answer};

/// How much a client may send ahead while it is being answered.
const AHEAD: usize = 1024 * 1024;
/// How long and how much of a refused request is read and discarded. Without that the client
/// could not read the refusal, because closing a connection with unread bytes resets it.
const LINGER: Duration = Duration::from_secs(5);
const LINGER_BYTES: usize = 64 * 1024 * 1024;

const TOO_LARGE: &str = "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n\
     <body>\r\n<center><h1>413 Request Entity Too Large</h1></center>\r\n\
     <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

pub(crate) async fn serve(mut stream: TcpStream, number: usize, shared: &Shared) -> ClosedBy {
    let mut buffer = BytesMut::new();
    loop {
        let read = read_request(&mut stream, &mut buffer, number, shared.body_limit()).await;
        let request = match read {
            Ok(request) => request,
            Err(ReadFailure::Gone) => return ClosedBy::Client,
            Err(ReadFailure::Malformed(why)) => {
                return refuse(stream, "400 Bad Request", "text/plain", why).await;
            }
            Err(ReadFailure::TooLarge) => {
                let status = "413 Request Entity Too Large";
                return refuse(stream, status, "text/html", TOO_LARGE).await;
            }
        };
        let answer = shared.respond(&request).await;
        let fragment = shared.script.fragment();
        let (mut reader, mut writer) = stream.split();
        let after = tokio::select! {
            // The client first: an endless answer must not hide that nobody listens any more.
            biased;
            () = client_gone(&mut reader, &mut buffer) => After::ClientGone,
            after = write_answer(&mut writer, &answer, &request, fragment) => after,
        };
        match after {
            After::KeepAlive => {}
            After::ClientGone => return ClosedBy::Client,
            After::Close => {
                let _ = stream.shutdown().await;
                return ClosedBy::Server;
            }
            After::Reset => {
                let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
                return ClosedBy::Server;
            }
        }
    }
}

/// Resolves when the client has closed the connection. Keeps requests that it sends ahead.
async fn client_gone(reader: &mut ReadHalf<'_>, buffer: &mut BytesMut) {
    while buffer.len() < AHEAD {
        if !matches!(reader.read_buf(buffer).await, Ok(1..)) {
            return;
        }
    }
    // What it sends beyond that stays in the socket, and hides whether it is still there.
    future::pending().await
}

/// Answers a request that was not read to its end, and closes the connection.
async fn refuse(mut stream: TcpStream, status: &str, kind: &str, body: &str) -> ClosedBy {
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
    let _ = timeout(LINGER, discard(&mut stream)).await;
    ClosedBy::Server
}

async fn discard(stream: &mut TcpStream) {
    let mut scrap = vec![0; 64 * 1024];
    let mut discarded = 0;
    while let Ok(count @ 1..) = stream.read(&mut scrap).await {
        discarded += count;
        if discarded > LINGER_BYTES {
            return;
        }
    }
}
