//! Passes requests on, and writes down what came.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use chatwire::{Error, ErrorKind, HttpConfig};
use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest, HttpResponse, Redactor};
use chatwire_mock::{
    Answer, Ending, Framing, LiveBody, LiveSender, MockServer, RecordedRequest, Step,
};
use std::net::SocketAddr;

use super::room::Room;
use super::write::Exchange;
use crate::failure::Failure;
use crate::files::{private_folder, write_private};
use crate::terminal::say;

/// The largest body of a request or a response that is written down.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// Headers that belong to one connection, and those that the client sets itself.
const OWN: [&str; 12] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A server to record, and where to.
#[derive(Debug)]
pub(in crate::commands) struct Recorder {
    base: BaseUrl,
    client: HttpClient,
    folder: PathBuf,
    redactor: Redactor,
    room: Room,
}

impl Recorder {
    pub(in crate::commands) fn new(
        url: &str,
        folder: PathBuf,
        http: HttpConfig,
    ) -> Result<Recorder, Failure> {
        // Silence is recorded, not ended.
        let http = http
            .with_first_byte_timeout(None)
            .with_idle_timeout(None)
            .with_total_timeout(None);
        let client = HttpClient::new("record", http)?;
        let cannot = |error: std::io::Error| {
            let name = folder.display().to_string();
            Failure::Usage(format!("{name:?} cannot be used for recordings: {error}"))
        };
        private_folder(&folder).map_err(cannot)?;
        let room = Room::of(&folder).map_err(cannot)?;
        Ok(Recorder {
            base: BaseUrl::parse(url)?,
            redactor: client.redactor().clone(),
            client,
            folder,
            room,
        })
    }

    async fn ask(&self, request: &RecordedRequest) -> Result<HttpResponse, Error> {
        let wrong = || Error::new(ErrorKind::InvalidRequest, "the request cannot be passed on");
        let method = request.method.parse().map_err(|_| wrong())?;
        let mut asked =
            HttpRequest::new(method, self.base.join(&request.target)?).without_redirects();
        let mut names: Vec<String> = Vec::new();
        for (name, _) in &request.headers {
            let name = name.to_ascii_lowercase();
            if !OWN.contains(&name.as_str()) && !names.contains(&name) {
                names.push(name);
            }
        }
        for name in names {
            // Several of a name are one line, as HTTP says.
            let join: &[u8] = if name == "cookie" { b"; " } else { b", " };
            let value = request.header_values(&name).join(join);
            let name = name.parse().map_err(|_| wrong())?;
            asked = asked.header(name, value.try_into().map_err(|_| wrong())?);
        }
        if !request.body.is_empty() {
            asked = asked.body(request.body.clone());
        }
        self.client.send(asked).await
    }

    async fn relay(self: Arc<Recorder>, request: RecordedRequest) -> Answer {
        let started = Instant::now();
        let response = match self.ask(&request).await {
            Ok(response) => response,
            Err(error) => {
                say(&error.to_string());
                return Answer::text([format!("{error}\n")]).with_status(502);
            }
        };
        let status = response.status();
        let bodyless = request.method == "HEAD" || matches!(status, 204 | 304);
        let length = response
            .header("content-length")
            .and_then(|length| length.parse().ok());
        let (framing, name) = match length {
            _ if bodyless => (Framing::None, "none"),
            _ if response.header("transfer-encoding").is_some() => (Framing::Chunked, "chunked"),
            Some(length) => (Framing::ContentLengthOf(length), "content-length"),
            None => (Framing::Close, "close"),
        };
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .filter(|(name, _)| !OWN.contains(&name.as_str()))
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        let mut answer = Answer::status(status).framing(framing);
        if let Some(reason) = response.reason() {
            answer = answer.reason(reason);
        }
        for (name, value) in &headers {
            answer = answer.header(name, value);
        }
        let reason = response.reason().unwrap_or_default().to_owned();
        let exchange = Exchange {
            request,
            status,
            reason,
            headers,
            framing: name,
            pieces: Vec::new(),
            ended: "clean",
        };
        let (sender, body) = LiveBody::new();
        tokio::spawn(async move { self.pass(response, exchange, sender, started).await });
        answer.step(Step::Live(body))
    }

    /// Passes the body on and writes it down.
    async fn pass(
        &self,
        mut response: HttpResponse,
        mut exchange: Exchange,
        sender: LiveSender,
        started: Instant,
    ) {
        let mut size = exchange.request.body.len();
        let ending = loop {
            let next = tokio::select! {
                next = response.next_piece() => next,
                () = sender.closed() => {
                    exchange.ended = "aborted-by-client";
                    break Ending::Truncate;
                }
            };
            match next {
                Ok(Some(piece)) => {
                    size = size.saturating_add(piece.len());
                    if size <= MAX_BODY {
                        let time = (started.elapsed().as_secs_f64() * 1e4).round() / 10.0;
                        exchange.pieces.push((time, piece.to_vec()));
                    }
                    // Otherwise the next turn finds that it is closed.
                    sender.piece(piece).await;
                }
                Ok(None) => break Ending::Clean,
                Err(error) if is_reset(&error) => {
                    exchange.ended = "reset";
                    break Ending::Reset;
                }
                Err(_) => {
                    exchange.ended = "truncated";
                    break Ending::Truncate;
                }
            }
        };
        // First written: who has the answer may look for the recording.
        if size > MAX_BODY {
            say("an exchange of more than 16 MiB was passed on and not recorded");
        } else {
            self.write(&exchange);
        }
        sender.end(ending).await;
    }

    fn write(&self, exchange: &Exchange) {
        let recording = exchange.recording(&self.redactor);
        let number = match self.room.take(recording.len()) {
            Ok(number) => number,
            Err(why) => {
                let folder = self.folder.display();
                say(&format!(
                    "{folder} is full: {why}; this exchange was passed on and not recorded"
                ));
                return;
            }
        };
        let path = exchange.request.path().to_ascii_lowercase();
        let words = path.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let words: String = words.join("-").chars().take(40).collect();
        let method = exchange.request.method.to_ascii_lowercase();
        let method: String = method.chars().filter(char::is_ascii_alphabetic).collect();
        let file = self
            .folder
            .join(format!("{number:05}-{method}-{words}.json"));
        match write_private(&file, recording.as_bytes()) {
            Ok(()) => say(&format!("recorded {}", file.display())),
            Err(error) => say(&format!("{} cannot be written: {error}", file.display())),
        }
    }
}

/// Whether the connection was reset, and not only closed.
fn is_reset(error: &Error) -> bool {
    std::iter::successors(error.source(), |cause| (*cause).source())
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::ConnectionReset)
}

/// Starts the proxy.
pub(in crate::commands) async fn start(
    recorder: Recorder,
    address: SocketAddr,
) -> std::io::Result<MockServer> {
    let server = MockServer::bind(address).await?;
    let recorder = Arc::new(recorder);
    server.body_limit(MAX_BODY).remember(1, 0);
    server.relay(move |request| Arc::clone(&recorder).relay(request));
    Ok(server)
}
