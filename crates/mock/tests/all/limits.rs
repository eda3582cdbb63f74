//! What a server takes and remembers, bounded.

use chatwire_mock::{Answer, AuraMock, MockServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{call, read_reply, request_bytes};

const MIB: usize = 1024 * 1024;

async fn answering() -> MockServer {
    let server = MockServer::start().await.unwrap();
    server.answer_always(Answer::text(["ok"]));
    server
}

/// The body in chunks of 64 KiB.
fn chunked(size: usize) -> Vec<u8> {
    let mut bytes = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let body = vec![b'x'; size];
    for chunk in body.chunks(64 * 1024) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

#[tokio::test]
async fn bodies_beyond_the_limit_are_refused() {
    // The limit, if it is set; the size of the body; the status.
    let cases = [
        (None, MIB, 200),
        (None, MIB + 1, 413),
        (None, 60 * MIB, 413),
        (Some(10), 10, 200),
        (Some(10), 11, 413),
        (Some(0), 0, 200),
        (Some(MIB + 5), MIB + 5, 200),
    ];
    for (limit, size, status) in cases {
        let server = answering().await;
        if let Some(limit) = limit {
            server.body_limit(limit);
        }
        let whole = request_bytes("POST", "/", &[], &vec![b'x'; size]);
        for (kind, bytes) in [("length", whole), ("chunked", chunked(size))] {
            let mut stream = TcpStream::connect(server.addr()).await.unwrap();
            stream.write_all(&bytes).await.unwrap();
            let reply = read_reply(&mut stream, &mut Vec::new(), "POST")
                .await
                .unwrap();
            assert_eq!(reply.status, status, "{limit:?} {size} {kind}");
            if status == 413 {
                assert!(
                    reply.body().contains("413 Request Entity Too Large"),
                    "{kind}"
                );
                assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "closed");
            }
        }
        let recorded = if status == 200 { 2 } else { 0 };
        assert_eq!(server.requests().len(), recorded, "{limit:?} {size}");
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_not_asked_for() {
    let server = answering().await;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let head = "POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 99999999\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let reply = read_reply(&mut stream, &mut Vec::new(), "POST")
        .await
        .unwrap();
    assert_eq!(reply.status, 413);
}

#[tokio::test]
async fn what_breaks_the_framing_is_refused() {
    let long_line = "a".repeat(20_000);
    let trailers = format!("0\r\n{}\r\n", "t: 1\r\n".repeat(100_000));
    let cases = [
        "content-length: x\r\n\r\n".to_owned(),
        "content-length: 18446744073709551616\r\n\r\n".to_owned(),
        "transfer-encoding: chunked\r\n\r\nx\r\n".to_owned(),
        "transfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n".to_owned(),
        format!("transfer-encoding: chunked\r\n\r\n{long_line}"),
        format!("transfer-encoding: chunked\r\n\r\n{trailers}"),
        format!("x: {}\r\n\r\n", "a".repeat(300_000)),
    ];
    for case in cases {
        let server = answering().await;
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        let request = format!("POST / HTTP/1.1\r\n{case}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let reply = read_reply(&mut stream, &mut Vec::new(), "POST")
            .await
            .unwrap();
        assert_eq!(reply.status, 400, "{:.80}", case);
    }
}

#[tokio::test]
async fn a_thousand_requests_are_remembered() {
    let server = answering().await;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let mut buffer = Vec::new();
    for number in 0..1_010 {
        let request = request_bytes("GET", &format!("/{number}"), &[], b"");
        stream.write_all(&request).await.unwrap();
        read_reply(&mut stream, &mut buffer, "GET").await.unwrap();
    }
    let requests = server.requests();
    let (first, last) = (&requests[0], &requests[requests.len() - 1]);
    assert_eq!(requests.len(), 1_000);
    assert_eq!((first.path(), last.path()), ("/10", "/1009"));
    // The forgotten ones count.
    server.wait_for_requests(1_010).await;
    server.remember(2, MIB);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn four_mebibytes_are_remembered() {
    let server = answering().await;
    let body = vec![b'x'; MIB];
    for _ in 0..6 {
        assert_eq!(
            call(server.addr(), "POST", "/", &[], &body).await.status,
            200
        );
    }
    // Heads take some bytes too.
    assert_eq!(server.requests().len(), 3);
    server.body_limit(16 * MIB);
    let large = vec![b'x'; 8 * MIB];
    call(server.addr(), "POST", "/large", &[], &large).await;
    let requests = server.requests();
    assert_eq!((requests.len(), requests[0].path()), (1, "/large"));
}

#[tokio::test]
async fn what_reached_the_model_is_bounded_too() {
    let mock = AuraMock::start().await.unwrap();
    let text = "x".repeat(MIB - 200);
    let body = format!(
        r#"{{"model":{{"id":"openchat_3.6"}},"messages":[{{"role":"user","content":"{text}"}}]}}"#
    );
    for _ in 0..6 {
        let reply = call(mock.addr(), "POST", "/api/chat", &[], &body).await;
        assert_eq!(reply.status, 200);
    }
    assert_eq!(mock.received().len(), 4);
}
