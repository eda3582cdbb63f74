//! The forward proxy.

use crate::support::{call, read_reply, request_bytes};
use chatwire_mock::{Answer, MockServer, ProxyMock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn forwards_and_records() {
    let server = MockServer::start().await.unwrap();
    server.answer_always(Answer::text(["through"]));
    let proxy = ProxyMock::start().await.unwrap();
    proxy.route("chat.example", server.addr());
    for target in [
        "http://chat.example/a?b=1".to_owned(),
        format!("{}/a?b=1", server.url()),
    ] {
        let headers = [("proxy-authorization", "Basic dTpw"), ("x-own", "1")];
        let reply = call(proxy.addr(), "POST", &target, &headers, "body").await;
        assert_eq!(reply.body(), "through");
        let seen = proxy.requests().pop().unwrap();
        assert_eq!(
            (seen.target.as_str(), seen.header("proxy-authorization")),
            (target.as_str(), Some("Basic dTpw"))
        );
        let passed = server.requests().pop().unwrap();
        assert_eq!(
            (passed.target.as_str(), passed.text().as_str()),
            ("/a?b=1", "body")
        );
        assert_eq!(
            (passed.header("proxy-authorization"), passed.header("x-own")),
            (None, Some("1"))
        );
    }
}

#[tokio::test]
async fn refuses() {
    let proxy = ProxyMock::start().await.unwrap();
    assert_eq!(
        call(proxy.addr(), "GET", "/not-absolute", &[], "")
            .await
            .status,
        400
    );
    assert_eq!(
        call(proxy.addr(), "GET", "http://127.0.0.1:1/", &[], "")
            .await
            .status,
        502
    );
    proxy.require_authorization("Basic dTpw");
    assert_eq!(
        call(proxy.addr(), "GET", "http://127.0.0.1:1/", &[], "")
            .await
            .status,
        407
    );
}

#[tokio::test]
async fn tunnels() {
    let server = MockServer::start().await.unwrap();
    server.answer(Answer::text(["through"]));
    let proxy = ProxyMock::start().await.unwrap();
    proxy.route("chat.example", server.addr());
    let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
    stream
        .write_all(b"CONNECT chat.example:80 HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    let mut established = [0; 39];
    stream.read_exact(&mut established).await.unwrap();
    assert!(established.starts_with(b"HTTP/1.1 200 "));
    stream
        .write_all(&request_bytes("GET", "/", &[], b""))
        .await
        .unwrap();
    assert_eq!(
        read_reply(&mut stream, &mut Vec::new(), "GET")
            .await
            .unwrap()
            .body(),
        "through"
    );
}
