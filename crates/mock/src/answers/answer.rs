//! One HTTP answer, down to its bytes.

use std::time::Duration;

use bytes::Bytes;

use super::ending::Ending;
use super::gate::Gate;
use super::live::LiveBody;
use super::reason;

/// What the server sends for one request: a head, steps, an ending.
///
/// ```
/// use chatwire_mock::{Answer, Ending, Gate};
/// use std::time::Duration;
///
/// let gate = Gate::new();
/// let slow_and_broken = Answer::text(["first "])
///     .delay(Duration::from_millis(20))
///     .piece("second ")
///     .wait(&gate)
///     .piece("third")
///     .ending(Ending::Reset);
/// let busy = Answer::json(r#"{"message":"slow down"}"#)
///     .with_status(429)
///     .header("retry-after", "7");
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) status: u16,
    pub(crate) reason: Bytes,
    pub(crate) headers: Vec<(String, Bytes)>,
    pub(crate) framing: Framing,
    pub(crate) steps: Vec<Step>,
    pub(crate) ending: Ending,
    pub(crate) fault: Option<HeadFault>,
    pub(crate) late_head: bool,
    pub(crate) fragments: Option<(usize, Duration)>,
}

/// How the body is delimited. The server writes the matching header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// `Transfer-Encoding: chunked`, one chunk a piece. The default.
    Chunked,
    /// `Content-Length` of all pieces together, or one more when the ending is not
    /// [`Ending::Clean`]: the body is then never complete.
    ContentLength,
    /// A `Content-Length` of this value, whatever the pieces are. If it is too large, the ending
    /// decides what happens next: [`Ending::Clean`] leaves the client waiting, and
    /// [`Ending::Truncate`] closes the connection.
    ContentLengthOf(u64),
    /// No length: the body ends where the connection does.
    Close,
    /// No body: pieces are not sent. The head says `Content-Length: 0` where a client would
    /// otherwise read to the end of the connection.
    None,
}

/// One step in sending a body.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// Bytes that are written and flushed at once, as one chunk.
    Piece(Bytes),
    /// A pause.
    Delay(Duration),
    /// A pause until the gate is opened.
    Wait(Gate),
    /// Pieces that come while they are sent, and how the body ends, whatever the answer says.
    Live(LiveBody),
    /// The same piece over and over, endlessly if `times` is `None`. It is in memory only once,
    /// so it can flood a client.
    Repeat {
        /// What is sent each time.
        piece: Bytes,
        /// How many times; `None` means forever.
        times: Option<u64>,
    },
}

/// What goes wrong before the body.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum HeadFault {
    /// The server reads the request and closes the connection without sending a byte.
    CloseBeforeHead,
    /// The server reads the request and resets the connection.
    ResetBeforeHead,
    /// The server reads the request and never sends a byte.
    StallBeforeHead,
    /// The server sends this many bytes of the head and closes the connection.
    CutHead(usize),
    /// The server sends this many bytes of the head and resets the connection.
    ResetMidHead(usize),
    /// The server sends this many bytes of the head and then nothing more.
    StallMidHead(usize),
    /// The server sends these bytes instead of the head; steps and ending follow as usual.
    RawHead(Bytes),
}

impl Answer {
    /// Creates an answer with this status, its usual reason phrase, no headers and an empty chunked
    /// body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            reason: Bytes::from_static(reason::canonical(status).as_bytes()),
            headers: Vec::new(),
            framing: Framing::Chunked,
            steps: Vec::new(),
            ending: Ending::Clean,
            fault: None,
            late_head: false,
            fragments: None,
        }
    }

    /// Creates an answer with status 200 and these pieces, chunked, without a `Content-Type`.
    pub fn stream<I>(pieces: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        pieces.into_iter().fold(Self::status(200), Self::piece)
    }

    /// Creates an answer with status 200 and these pieces, chunked, as `text/plain`.
    pub fn text<I>(pieces: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        Self::stream(pieces).header("content-type", "text/plain; charset=utf-8")
    }

    /// Creates an answer with status 200 and this JSON, with its length. Takes a
    /// `serde_json::Value` or text; text that is not JSON is sent as it is.
    pub fn json(json: impl ToString) -> Self {
        Self::status(200)
            .header("content-type", "application/json; charset=utf-8")
            .framing(Framing::ContentLength)
            .piece(json.to_string())
    }

    /// Creates an answer with this status and an HTML page.
    pub fn html(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::status(status)
            .header("content-type", "text/html; charset=UTF-8")
            .framing(Framing::ContentLength)
            .piece(body)
    }

    /// Creates a redirect with this status.
    pub fn redirect(status: u16, location: impl AsRef<str>) -> Self {
        Self::status(status)
            .header("location", location.as_ref())
            .framing(Framing::ContentLength)
    }

    /// Creates an answer that fails before its body.
    pub fn fault(fault: HeadFault) -> Self {
        Self::status(200).head_fault(fault)
    }

    /// Creates an answer of exactly these bytes, after which the connection is closed. Pieces that
    /// are added follow without framing.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self::fault(HeadFault::RawHead(copy(bytes))).framing(Framing::Close)
    }

    /// Sets the status, and the reason phrase to its usual one.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self.reason = Bytes::from_static(reason::canonical(status).as_bytes());
        self
    }

    /// Sets the reason phrase, which can be any bytes.
    #[must_use]
    pub fn reason(mut self, reason: impl AsRef<[u8]>) -> Self {
        self.reason = copy(reason);
        self
    }

    /// Whether a header of this name was added, in any case.
    pub fn has_header(&self, name: &str) -> bool {
        let mut headers = self.headers.iter();
        headers.any(|(header, _)| header.eq_ignore_ascii_case(name))
    }

    /// Adds a header and keeps others of the same name. The value can be any bytes.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), copy(value)));
        self
    }

    /// Adds a header, unless there is one of that name.
    pub(crate) fn default_header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let known = self
            .headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name));
        if known {
            self
        } else {
            self.header(name, value)
        }
    }

    /// Sets how the body is delimited.
    #[must_use]
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Adds a step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Adds a piece, written and flushed at once.
    #[must_use]
    pub fn piece(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Step::Piece(copy(bytes)))
    }

    /// Adds a pause.
    #[must_use]
    pub fn delay(self, duration: Duration) -> Self {
        self.step(Step::Delay(duration))
    }

    /// Adds a pause until the gate is opened.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Self {
        self.step(Step::Wait(gate.clone()))
    }

    /// Adds a piece that is sent this many times, or forever.
    #[must_use]
    pub fn repeat(self, piece: impl AsRef<[u8]>, times: impl Into<Option<u64>>) -> Self {
        self.step(Step::Repeat {
            piece: copy(piece),
            times: times.into(),
        })
    }

    /// Sets what happens after the last step.
    #[must_use]
    pub fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }

    /// Sets what goes wrong before the body.
    #[must_use]
    pub fn head_fault(mut self, fault: HeadFault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// Sends the body in fragments of this many bytes with this pause after each, whatever
    /// [`MockServer::fragment`](crate::MockServer::fragment) says.
    #[must_use]
    pub fn in_fragments(mut self, bytes: usize, pause: Duration) -> Self {
        self.fragments = Some((bytes.max(1), pause));
        self
    }

    /// Sends the head together with the first piece, as PHP and Node.js do, so that steps before
    /// that piece hold the head back too. Otherwise the head is sent at once.
    #[must_use]
    pub fn head_with_first_piece(mut self) -> Self {
        self.late_head = true;
        self
    }

    /// The length of all pieces together; endless ones count as far as a length can go.
    pub(crate) fn body_len(&self) -> u64 {
        const ENDLESS: u64 = i64::MAX as u64;
        self.steps
            .iter()
            .map(|step| match step {
                Step::Piece(piece) => piece.len() as u64,
                Step::Repeat { piece, times } => {
                    times.map_or(ENDLESS, |times| times.saturating_mul(piece.len() as u64))
                }
                Step::Delay(_) | Step::Wait(_) | Step::Live(_) => 0,
            })
            .fold(0, u64::saturating_add)
            .min(ENDLESS)
    }
}

pub(crate) fn copy(bytes: impl AsRef<[u8]>) -> Bytes {
    Bytes::copy_from_slice(bytes.as_ref())
}
