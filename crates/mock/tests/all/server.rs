//! The server itself: framing, faults, connections, script.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use crate::support::{call, read_reply, request_bytes};
use chatwire_mock::{Answer, ClosedBy, Ending, Framing, Gate, HeadFault, MockServer, Step};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Long enough for a machine under load.
const LONG: Duration = Duration::from_secs(60);

/// Everything the server sends for one request, and how the connection ends. Where it should stay
/// open, that is what it does for a while after so many bytes.
async fn wire(answer: Answer, length: usize, is_open: bool) -> (Vec<u8>, Result<(), ErrorKind>) {
    let server = MockServer::start().await.unwrap();
    server.answer(answer);
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream
        .write_all(&request_bytes("GET", "/", &[], b""))
        .await
        .unwrap();
    let mut bytes = Vec::new();
    loop {
        let wait = if bytes.len() < length || !is_open {
            LONG
        } else {
            Duration::from_millis(100)
        };
        let end = match timeout(wait, stream.read_buf(&mut bytes)).await {
            Ok(Ok(1..)) => continue,
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.kind()),
            Err(_) => Err(ErrorKind::TimedOut),
        };
        return (bytes, end);
    }
}

#[tokio::test]
async fn bytes_on_the_wire() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let stream = |pieces: &[&str]| Answer::stream(pieces);
    let open = Err(ErrorKind::TimedOut);
    let reset = Err(ErrorKind::ConnectionReset);
    let cases: Vec<(&str, Answer, String, Result<(), ErrorKind>)> = vec![
        ("clean", stream(&["ab", "c"]), format!("{CHUNKED}2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"), open),
        ("truncated", stream(&["ab"]).ending(Ending::Truncate), format!("{CHUNKED}2\r\nab\r\n"), Ok(())),
        ("reset", stream(&["ab"]).ending(Ending::Reset), format!("{CHUNKED}2\r\nab\r\n"), reset),
        ("stall", stream(&["ab"]).ending(Ending::Stall), format!("{CHUNKED}2\r\nab\r\n"), open),
        (
            "length",
            stream(&["ab", "c"]).framing(Framing::ContentLength),
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc".into(),
            open,
        ),
        (
            "length cut",
            stream(&["abc"]).framing(Framing::ContentLength).ending(Ending::Truncate),
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabc".into(),
            Ok(()),
        ),
        (
            "length too small",
            stream(&["abc"]).framing(Framing::ContentLengthOf(1)),
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nabc".into(),
            open,
        ),
        (
            "until closed",
            stream(&["abc"]).framing(Framing::Close),
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc".into(),
            Ok(()),
        ),
        ("no body", stream(&["abc"]).framing(Framing::None), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".into(), open),
        ("no content", Answer::status(204), "HTTP/1.1 204 No Content\r\n\r\n".into(), open),
        ("close before head", Answer::fault(HeadFault::CloseBeforeHead), String::new(), Ok(())),
        ("reset before head", Answer::fault(HeadFault::ResetBeforeHead), String::new(), reset),
        ("stall before head", Answer::fault(HeadFault::StallBeforeHead), String::new(), open),
        ("cut head", Answer::fault(HeadFault::CutHead(9)), "HTTP/1.1 ".into(), Ok(())),
        ("reset mid-head", Answer::fault(HeadFault::ResetMidHead(9)), "HTTP/1.1 ".into(), reset),
        ("raw", Answer::raw("anything\n"), "anything\n".into(), Ok(())),
        (
            "repeat",
            Answer::status(200).repeat("xy", 3),
            format!("{CHUNKED}{}0\r\n\r\n", "2\r\nxy\r\n".repeat(3)),
            open,
        ),
        (
            "headers in order, twice",
            Answer::redirect(302, "/x").header("b", "1").header("a", "2").header("b", "3"),
            "HTTP/1.1 302 Found\r\nlocation: /x\r\nb: 1\r\na: 2\r\nb: 3\r\ncontent-length: 0\r\n\r\n".into(),
            open,
        ),
    ];
    for (name, answer, expected, end) in cases {
        let (bytes, ended) = wire(answer, expected.len(), end == open).await;
        assert_eq!(String::from_utf8_lossy(&bytes), expected, "{name}");
        assert_eq!(ended, end, "{name}");
    }
    let (bytes, _) = wire(Answer::status(500).reason(b"caf\xe9"), 20, true).await;
    assert!(bytes.starts_with(b"HTTP/1.1 500 caf\xe9\r\n"));
}

#[tokio::test]
async fn keeps_connections() {
    let server = MockServer::start().await.unwrap();
    for text in ["one", "two", "three"] {
        server.answer(Answer::text([text]));
    }
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let mut buffer = Vec::new();
    // The second request in chunks, the third together with it.
    let mut second = b"POST /b HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nt: 1\r\n\r\n".to_vec();
    second.extend(request_bytes("GET", "/c?d=1", &[], b""));
    stream
        .write_all(&request_bytes(
            "POST",
            "/a",
            &[("X-A", "1"), ("x-a", "2")],
            b"body",
        ))
        .await
        .unwrap();
    let mut texts = vec![
        read_reply(&mut stream, &mut buffer, "POST")
            .await
            .unwrap()
            .body(),
    ];
    stream.write_all(&second).await.unwrap();
    texts.push(
        read_reply(&mut stream, &mut buffer, "POST")
            .await
            .unwrap()
            .body(),
    );
    texts.push(
        read_reply(&mut stream, &mut buffer, "GET")
            .await
            .unwrap()
            .body(),
    );
    assert_eq!(texts, ["one", "two", "three"]);

    let requests = server.requests();
    assert_eq!(
        requests.iter().map(|r| r.text()).collect::<Vec<_>>(),
        ["body", "abcde", ""]
    );
    assert_eq!(requests[0].header_values("x-a"), [b"1", b"2"]);
    assert_eq!(
        (requests[2].path(), requests[2].query("d").as_deref()),
        ("/c", Some("1"))
    );
    assert!(requests.iter().all(|request| request.connection == 0));
    assert_eq!((server.connections(), server.open_connections()), (1, 1));
    drop(stream);
    server.wait_all_closed().await;
    assert_eq!(server.open_connections(), 0);
    assert_eq!(
        server.connection_log()[0].closed.unwrap().1,
        ClosedBy::Client
    );
}

#[tokio::test]
async fn script_order() {
    let server = MockServer::start().await.unwrap();
    server
        .answer(Answer::text(["queued"]))
        .answer_always(Answer::text(["always"]));
    server.answer_with(|request| (request.path() == "/own").then(|| Answer::text(["own"])));
    for (path, text) in [
        ("/own", "own"),
        ("/", "queued"),
        ("/", "always"),
        ("/", "always"),
        ("/own", "own"),
    ] {
        assert_eq!(call(server.addr(), "GET", path, &[], "").await.body(), text);
    }
    assert_eq!(server.requests_to("/own"), 2);
}

#[tokio::test]
async fn gates_prove_streaming() {
    let server = MockServer::start().await.unwrap();
    let gate = Gate::new();
    server.answer(
        Answer::status(200)
            .framing(Framing::Close)
            .piece("first")
            .wait(&gate)
            .piece("second"),
    );
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream
        .write_all(&request_bytes("GET", "/", &[], b""))
        .await
        .unwrap();
    let mut read = Vec::new();
    while !read.ends_with(b"first") {
        stream.read_buf(&mut read).await.unwrap();
    }
    gate.open();
    stream.read_to_end(&mut read).await.unwrap();
    assert!(read.ends_with(b"firstsecond"));
}

#[tokio::test]
async fn late_head_waits_for_the_first_piece() {
    let server = MockServer::start().await.unwrap();
    let gate = Gate::new();
    server.answer(
        Answer::status(200)
            .wait(&gate)
            .piece("x")
            .head_with_first_piece(),
    );
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream
        .write_all(&request_bytes("GET", "/", &[], b""))
        .await
        .unwrap();
    let mut read = Vec::new();
    let silent = timeout(Duration::from_millis(30), stream.read_buf(&mut read)).await;
    assert!(silent.is_err(), "{read:?}");
    gate.open();
    let reply = read_reply(&mut stream, &mut Vec::new(), "GET")
        .await
        .unwrap();
    assert_eq!(reply.body(), "x");
}

#[tokio::test]
async fn fragments() {
    let server = MockServer::start().await.unwrap();
    server.fragment(1).answer(Answer::stream(["aé", "b"]));
    let reply = call(server.addr(), "GET", "/", &[], "").await;
    assert_eq!(reply.chunks, [&b"a"[..], b"\xc3", b"\xa9", b"b"]);
}

#[tokio::test]
async fn sees_the_client_leave() {
    let never = Gate::new();
    let cases = [
        ("stalled", Answer::stream(["x"]).ending(Ending::Stall)),
        ("waiting", Answer::stream(["x"]).wait(&never)),
        (
            "delayed",
            Answer::stream(["x"]).delay(Duration::from_secs(60)),
        ),
        (
            "flooding",
            Answer::status(200).step(Step::Repeat {
                piece: vec![b'x'; 65536].into(),
                times: None,
            }),
        ),
    ];
    for (name, answer) in cases {
        let server = MockServer::start().await.unwrap();
        server.answer(answer);
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream
            .write_all(&request_bytes("GET", "/", &[], b""))
            .await
            .unwrap();
        let mut some = [0; 64];
        stream.read_exact(&mut some[..20]).await.unwrap();
        drop(stream);
        timeout(LONG, server.wait_all_closed()).await.expect(name);
        assert_eq!(
            server.connection_log()[0].closed.unwrap().1,
            ClosedBy::Client,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_flood_arrives_whole() {
    let server = MockServer::start().await.unwrap();
    let piece = vec![b'x'; 1 << 20];
    server.answer(
        Answer::status(200)
            .framing(Framing::ContentLength)
            .repeat(&piece, 256),
    );
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream
        .write_all(&request_bytes("GET", "/", &[], b""))
        .await
        .unwrap();
    let mut total = 0_u64;
    let mut buffer = vec![0; 1 << 20];
    while total < 256 << 20 {
        let read = stream.read(&mut buffer).await.unwrap() as u64;
        assert!(read > 0, "the end after {total} bytes");
        total += read;
    }
}

#[tokio::test]
async fn stops() {
    let server = MockServer::start().await.unwrap();
    server.answer(Answer::stream(["x"]).ending(Ending::Stall));
    let addr = server.addr();
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream
        .write_all(&request_bytes("GET", "/", &[], b""))
        .await
        .unwrap();
    server.wait_for_requests(1).await;
    server.stop().await;
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
    assert_eq!(
        server.connection_log()[0].closed.unwrap().1,
        ClosedBy::Server
    );

    let dropped = MockServer::start().await.unwrap();
    let mut stream = TcpStream::connect(dropped.addr()).await.unwrap();
    drop(dropped);
    assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let server = MockServer::start().await.unwrap();
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream
        .write_all(b"\x16\x03\x01\x02 hello\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn expect_continue() {
    let server = MockServer::start().await.unwrap();
    server.answer(Answer::text(["ok"]));
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream
        .write_all(b"POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
        .await
        .unwrap();
    let mut buffer = vec![0; 25];
    stream.read_exact(&mut buffer).await.unwrap();
    assert_eq!(buffer, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hi").await.unwrap();
    assert_eq!(
        read_reply(&mut stream, &mut Vec::new(), "POST")
            .await
            .unwrap()
            .body(),
        "ok"
    );
}

#[tokio::test]
async fn recordings() {
    const RECORDING: &str = r#"{
        "name": "x", "request": {"method": "POST", "json": {"newMessage": "lone \ud83d"}},
        "response": {"status": 500, "reason": "café", "headers": [["a", "1"], ["a", "2"]], "framing": "FRAMING",
            "body": [{"t_ms": 2.5, "text": "hé"}, {"t_ms": 30, "b64": "/w=="}], "ended": "ENDED"}
    }"#;
    let recording = |framing: &str, ended: &str| {
        RECORDING
            .replace("FRAMING", framing)
            .replace("ENDED", ended)
    };
    let head = b"HTTP/1.1 500 caf\xe9\r\na: 1\r\na: 2\r\n";
    type Case<'a> = (&'a str, &'a str, &'a [u8], Result<(), ErrorKind>);
    let cases: &[Case<'_>] = &[
        (
            "chunked",
            "clean",
            b"transfer-encoding: chunked\r\n\r\n3\r\nh\xc3\xa9\r\n1\r\n\xff\r\n0\r\n\r\n",
            Err(ErrorKind::TimedOut),
        ),
        (
            "chunked",
            "truncated",
            b"transfer-encoding: chunked\r\n\r\n3\r\nh\xc3\xa9\r\n1\r\n\xff\r\n",
            Ok(()),
        ),
        (
            "content-length",
            "clean",
            b"content-length: 4\r\n\r\nh\xc3\xa9\xff",
            Err(ErrorKind::TimedOut),
        ),
        (
            "content-length",
            "timeout",
            b"content-length: 5\r\n\r\nh\xc3\xa9\xff",
            Err(ErrorKind::TimedOut),
        ),
        (
            "close",
            "reset",
            b"connection: close\r\n\r\nh\xc3\xa9\xff",
            Err(ErrorKind::ConnectionReset),
        ),
        (
            "none",
            "clean",
            b"content-length: 0\r\n\r\n",
            Err(ErrorKind::TimedOut),
        ),
    ];
    for (framing, ended, rest, end) in cases {
        let expected = [head, *rest].concat();
        let answer = Answer::from_recording(&recording(framing, ended)).unwrap();
        let is_open = *end == Err(ErrorKind::TimedOut);
        let (bytes, closed) = wire(answer, expected.len(), is_open).await;
        assert_eq!(bytes, expected, "{framing} {ended}");
        assert_eq!(closed, *end, "{framing} {ended}");
    }
    let start = Instant::now();
    let timed = Answer::from_recording_timed(&recording("chunked", "truncated")).unwrap();
    let _ = wire(timed, 0, false).await;
    assert!(start.elapsed() >= Duration::from_millis(30));
    for broken in [
        "",
        "{}",
        r#"{"response":{}}"#,
        &recording("x", "clean"),
        &recording("close", "x"),
    ] {
        assert!(Answer::from_recording(broken).is_err(), "{broken}");
    }
}
