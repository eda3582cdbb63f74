//! Servers that answer as a test says.

use chatwire_mock::{Answer, Framing, MockServer, RecordedRequest};

/// A server that gives every request this answer.
pub(crate) async fn serve(answer: Answer) -> MockServer {
    let server = MockServer::start().await.unwrap();
    server.answer_always(answer);
    server
}

/// A server that answers a request as the test says, which gets method and target too, such as
/// `POST /ask`.
pub(crate) async fn serve_with(
    answer: impl Fn(&str, &RecordedRequest) -> Answer + Send + Sync + 'static,
) -> MockServer {
    let server = MockServer::start().await.unwrap();
    server.answer_with(move |request| Some(answer(&line(request), request)));
    server
}

/// Method and target.
pub(crate) fn line(request: &RecordedRequest) -> String {
    format!("{} {}", request.method, request.target)
}

/// A whole answer with a length; the status with its reason phrase.
pub(crate) fn answer(status: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
    let (code, reason) = status.split_once(' ').unwrap();
    let answer = Answer::status(code.parse().unwrap())
        .reason(reason)
        .framing(Framing::ContentLength)
        .piece(body);
    headers
        .iter()
        .fold(answer, |answer, (name, value)| answer.header(*name, value))
}

/// The head of an answer in chunks, which the test writes itself.
pub(crate) fn raw_chunks() -> Answer {
    Answer::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
}
