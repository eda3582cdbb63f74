//! Connections that are used again, and closed by the server meanwhile.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest};
use chatwire_core::{Error, ErrorKind, HttpConfig, TimeoutPhase};
use chatwire_mock::{Answer, Ending, HeadFault, MockServer};
use futures::future::join_all;
use tokio::time::sleep;

use crate::server::{answer, serve, serve_with};

fn client() -> HttpClient {
    HttpClient::new("box", HttpConfig::new().without_proxy()).unwrap()
}

async fn ask(http: &HttpClient, server: &MockServer) -> Result<String, Error> {
    let url = BaseUrl::parse(&server.url()).unwrap().join("/ask").unwrap();
    let request = HttpRequest::post(url).body("question");
    http.send(request).await?.into_page().await
}

/// A server that answers the first request of a connection, and gives this to
/// the second.
async fn server(second: Answer) -> MockServer {
    let used = Mutex::new(HashSet::new());
    serve_with(move |_, request| {
        if used.lock().unwrap().insert(request.connection) {
            answer("200 OK", &[], "yes")
        } else {
            second.clone()
        }
    })
    .await
}

/// How many requests came on a connection that had had one.
fn on_reused(server: &MockServer) -> usize {
    let requests = server.requests();
    let connections: HashSet<usize> = requests.iter().map(|it| it.connection).collect();
    requests.len() - connections.len()
}

/// The worst of servers: it closes without saying so, and only when the next
/// request is on its way.
#[tokio::test]
async fn a_request_is_sent_again_on_a_new_connection() {
    for fault in [HeadFault::CloseBeforeHead, HeadFault::ResetBeforeHead] {
        let server = server(Answer::fault(fault)).await;
        let http = client();
        for _ in 0..40 {
            assert_eq!(ask(&http, &server).await.unwrap(), "yes");
        }
        let lost = on_reused(&server);
        assert!(lost > 0, "no connection was used again");
        let requests = server.requests();
        assert_eq!(requests.len(), 40 + lost, "each once more at most");
        assert!(requests.iter().all(|it| it.text() == "question"));
    }
}

#[tokio::test]
async fn many_at_once() {
    let server = server(Answer::fault(HeadFault::CloseBeforeHead)).await;
    let http = client();
    for _ in 0..5 {
        for answer in join_all((0..20).map(|_| ask(&http, &server))).await {
            assert_eq!(answer.unwrap(), "yes");
        }
    }
    assert!(on_reused(&server) > 0, "no connection was used again");
}

/// A server that closes at once after its answer, as PHP hosts do.
#[tokio::test]
async fn closed_after_the_answer() {
    let closing = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes";
    let server = serve(Answer::raw(closing).ending(Ending::Truncate)).await;
    let http = client();
    for _ in 0..20 {
        assert_eq!(ask(&http, &server).await.unwrap(), "yes");
    }
}

#[tokio::test]
async fn a_new_connection_is_not_repeated() {
    for fault in [HeadFault::CloseBeforeHead, HeadFault::ResetBeforeHead] {
        let server = serve(Answer::fault(fault)).await;
        let error = ask(&client(), &server).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
        assert_eq!(server.requests().len(), 1);
    }
}

/// Only once more, and on a new connection: what fails there, fails.
#[tokio::test]
async fn it_is_repeated_once() {
    let server = serve_with(|line, _| match line {
        "POST /first" => answer("200 OK", &[], "yes"),
        _ => Answer::fault(HeadFault::CloseBeforeHead),
    })
    .await;
    let http = client();
    let base = BaseUrl::parse(&server.url()).unwrap();
    let first = HttpRequest::post(base.join("/first").unwrap());
    let page = http.send(first).await.unwrap().into_page().await.unwrap();
    assert_eq!(page, "yes");
    let error = ask(&http, &server).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert_eq!(server.requests().len(), 3);
    assert_eq!(server.connections(), 2);
}

/// An answer that has begun is not asked for again, and neither is one that is
/// not HTTP or does not come in time.
#[tokio::test]
async fn other_failures_are_not_repeated() {
    let begun = Answer::stream(["ye"]).ending(Ending::Truncate);
    let cases = [
        (begun, ErrorKind::Interrupted),
        (Answer::raw("SSH-2.0-OpenSSH\r\n"), ErrorKind::Protocol),
        (
            Answer::fault(HeadFault::StallBeforeHead),
            ErrorKind::Timeout(TimeoutPhase::Head),
        ),
    ];
    for (second, kind) in cases {
        let server = server(second).await;
        let config = HttpConfig::new()
            .without_proxy()
            .with_first_byte_timeout(Duration::from_secs(2));
        let http = HttpClient::new("box", config).unwrap();
        assert_eq!(ask(&http, &server).await.unwrap(), "yes");
        let error = ask(&http, &server).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(server.requests().len(), 2, "{error}");
        assert_eq!(server.connections(), 1, "{error}");
    }
}

/// Servers close idle connections after 5 s or more, so none is used that long
/// after its last answer.
#[tokio::test]
async fn idle_connections_are_not_kept_long() {
    let server = server(answer("200 OK", &[], "again")).await;
    let http = client();
    assert_eq!(ask(&http, &server).await.unwrap(), "yes");
    assert_eq!(ask(&http, &server).await.unwrap(), "again");
    sleep(Duration::from_millis(4500)).await;
    assert_eq!(ask(&http, &server).await.unwrap(), "yes");
    assert_eq!(server.connections(), 2);
}
