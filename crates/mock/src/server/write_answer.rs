//! Writes one answer to a connection, with all its faults.

use std::future;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::WriteHalf;
use tokio::time::sleep;

use super::request::RecordedRequest;
use crate::answers::{Answer, Ending, Framing, HeadFault, Live, Step};

/// On some systems a reset discards what the client has not read yet; this gives it time.
const BEFORE_RESET: Duration = Duration::from_millis(10);

/// What becomes of a connection after an answer.
pub(crate) enum After {
    KeepAlive,
    Close,
    Reset,
    ClientGone,
}

/// Writes an answer, and says what becomes of the connection.
pub(crate) async fn write_answer(
    writer: &mut WriteHalf<'_>,
    answer: &Answer,
    request: &RecordedRequest,
    fragment: Option<usize>,
) -> After {
    write_or_fail(writer, answer, request, fragment)
        .await
        .unwrap_or(After::ClientGone)
}

async fn write_or_fail(
    writer: &mut WriteHalf<'_>,
    answer: &Answer,
    request: &RecordedRequest,
    fragment: Option<usize>,
) -> std::io::Result<After> {
    let bodyless = request.method == "HEAD" || matches!(answer.status, 100..=199 | 204 | 304);
    let closes = answer.framing == Framing::Close || request.wants_close();
    let head = match &answer.fault {
        None => head(answer, bodyless, closes),
        Some(HeadFault::RawHead(raw)) => raw.clone(),
        Some(HeadFault::CloseBeforeHead) => return Ok(After::Close),
        Some(HeadFault::ResetBeforeHead) => return Ok(After::Reset),
        Some(HeadFault::StallBeforeHead) => return future::pending().await,
        Some(HeadFault::CutHead(length)) => {
            write(writer, &cut(head(answer, bodyless, closes), *length)).await?;
            return Ok(After::Close);
        }
        Some(HeadFault::ResetMidHead(length)) => {
            write(writer, &cut(head(answer, bodyless, closes), *length)).await?;
            sleep(BEFORE_RESET).await;
            return Ok(After::Reset);
        }
        Some(HeadFault::StallMidHead(length)) => {
            write(writer, &cut(head(answer, bodyless, closes), *length)).await?;
            return future::pending().await;
        }
    };
    let mut body = Body {
        writer,
        chunked: answer.framing == Framing::Chunked,
        fragments: answer
            .fragments
            .or(fragment.map(|size| (size, Duration::ZERO))),
        held: head,
    };
    let mut ending = answer.ending;
    if !answer.late_head {
        body.release().await?;
    }
    if !bodyless && answer.framing != Framing::None {
        for step in &answer.steps {
            match step {
                Step::Piece(piece) => body.piece(piece).await?,
                Step::Delay(duration) => sleep(*duration).await,
                Step::Wait(gate) => gate.opened().await,
                Step::Live(live) => loop {
                    match live.next().await {
                        Live::Piece(piece) => body.piece(&piece).await?,
                        Live::End(end) => {
                            ending = end;
                            break;
                        }
                    }
                },
                Step::Repeat { piece, times } => body.repeat(piece, *times).await?,
            }
        }
    }
    body.release().await?;
    Ok(match ending {
        Ending::Clean => {
            if body.chunked && !bodyless {
                write(body.writer, b"0\r\n\r\n").await?;
            }
            if closes {
                After::Close
            } else {
                After::KeepAlive
            }
        }
        Ending::Truncate => After::Close,
        Ending::Reset => {
            sleep(BEFORE_RESET).await;
            After::Reset
        }
        Ending::Stall => future::pending().await,
        Ending::BadChunk => {
            write(body.writer, b"zz\r\nlost\r\n").await?;
            After::Close
        }
    })
}

struct Body<'a, 'b> {
    writer: &'a mut WriteHalf<'b>,
    chunked: bool,
    /// The size of fragments, and the pause after each.
    fragments: Option<(usize, Duration)>,
    /// The head, as long as it waits for the first piece.
    held: Bytes,
}

impl Body<'_, '_> {
    async fn release(&mut self) -> std::io::Result<()> {
        let held = std::mem::take(&mut self.held);
        write(self.writer, &held).await
    }

    async fn piece(&mut self, piece: &Bytes) -> std::io::Result<()> {
        match self.fragments {
            Some((size, pause)) => {
                for fragment in piece.chunks(size) {
                    self.whole(fragment).await?;
                    // Lets a client on the same thread read it apart from the next one.
                    match pause {
                        Duration::ZERO => tokio::task::yield_now().await,
                        pause => sleep(pause).await,
                    }
                }
                Ok(())
            }
            None => self.whole(piece).await,
        }
    }

    async fn whole(&mut self, piece: &[u8]) -> std::io::Result<()> {
        let mut frame = BytesMut::from(std::mem::take(&mut self.held).as_ref());
        frame.extend_from_slice(&self.framed(piece));
        write(self.writer, &frame).await
    }

    fn framed(&self, piece: &[u8]) -> Bytes {
        // An empty chunk would end the body.
        if !self.chunked || piece.is_empty() {
            return Bytes::copy_from_slice(piece);
        }
        let mut frame = BytesMut::from(format!("{:x}\r\n", piece.len()).as_bytes());
        frame.extend_from_slice(piece);
        frame.extend_from_slice(b"\r\n");
        frame.freeze()
    }

    async fn repeat(&mut self, piece: &Bytes, times: Option<u64>) -> std::io::Result<()> {
        self.release().await?;
        let frame = self.framed(piece);
        let mut left = times;
        while left != Some(0) {
            match self.fragments {
                Some(_) => self.piece(piece).await?,
                None => write(self.writer, &frame).await?,
            }
            if frame.is_empty() {
                // Nothing to write would be a loop without a pause.
                tokio::task::yield_now().await;
            }
            left = left.map(|left| left - 1);
        }
        Ok(())
    }
}

async fn write(writer: &mut WriteHalf<'_>, bytes: &[u8]) -> std::io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    writer.write_all(bytes).await?;
    writer.flush().await
}

fn cut(mut head: Bytes, length: usize) -> Bytes {
    head.truncate(length);
    head
}

fn head(answer: &Answer, bodyless: bool, closes: bool) -> Bytes {
    let mut head = BytesMut::from(format!("HTTP/1.1 {} ", answer.status).as_bytes());
    head.extend_from_slice(&answer.reason);
    head.extend_from_slice(b"\r\n");
    let mut line = |name: &str, value: &[u8]| {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    };
    for (name, value) in &answer.headers {
        line(name, value);
    }
    let length = match answer.framing {
        Framing::Chunked if matches!(answer.status, 100..=199 | 204 | 304) => None,
        Framing::Chunked => {
            line("transfer-encoding", b"chunked");
            None
        }
        Framing::ContentLength => {
            let incomplete = u64::from(answer.ending != Ending::Clean);
            Some(answer.body_len().saturating_add(incomplete))
        }
        Framing::ContentLengthOf(length) => Some(length),
        Framing::Close => None,
        Framing::None => (!bodyless).then_some(0),
    };
    if let Some(length) = length {
        line("content-length", length.to_string().as_bytes());
    }
    if closes {
        line("connection", b"close");
    }
    head.extend_from_slice(b"\r\n");
    head.freeze()
}
