//! A site with the AI Engine plugin, as far as it takes to be asked: as many
//! pieces as the question says, at its pace.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

pub(crate) fn run() {
    crate::process::serve(async |listener| {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            tokio::spawn(async move {
                let _ = serve(stream).await;
            });
        }
    });
}

async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let (head_end, length) = loop {
            let text = String::from_utf8_lossy(&buffer);
            if let Some(end) = text.find("\r\n\r\n") {
                let head = text[..end].to_ascii_lowercase();
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length:"))
                    .map_or(0, |length| length.trim().parse().unwrap());
                break (end + 4, length);
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        while buffer.len() < head_end + length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        let request: Vec<u8> = buffer.drain(..head_end + length).collect();
        let request = String::from_utf8_lossy(&request);
        if request.contains("start_session") {
            let body = r#"{"success":true,"sessionId":"s","restNonce":"nonce12345"}"#;
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all((head + body).as_bytes()).await?;
        } else {
            answer(&mut stream, &request).await?;
        }
    }
}

/// The number after a name in the question.
fn number(request: &str, name: &str) -> u64 {
    let (_, rest) = request.rsplit_once(name).unwrap();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap();
    rest[..end].parse().unwrap()
}

async fn answer(stream: &mut TcpStream, request: &str) -> std::io::Result<()> {
    let pieces = number(request, "pieces=");
    let pause = Duration::from_micros(number(request, "pause="));
    stream
        .write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        )
        .await?;
    let chunk = |event: &str| format!("{:x}\r\n{event}\r\n", event.len());
    let piece = chunk("data: {\"type\":\"live\",\"data\":\" token\"}\n\n");
    let began = Instant::now();
    for index in 0..pieces {
        if !pause.is_zero() {
            sleep_until(began + pause * u32::try_from(index).unwrap()).await;
        }
        stream.write_all(piece.as_bytes()).await?;
    }
    let reply = " token".repeat(usize::try_from(pieces).unwrap());
    let end = format!(
        "data: {{\"type\":\"end\",\"data\":\"{{\\\"success\\\":true,\\\"reply\\\":\\\"{reply}\\\"}}\"}}\n\n"
    );
    let end = chunk(&end) + "0\r\n\r\n";
    stream.write_all(end.as_bytes()).await
}
