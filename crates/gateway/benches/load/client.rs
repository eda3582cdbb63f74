//! A client that costs little: it counts events and does not read them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::dialect::Dialect;

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    /// How many streams at the same time.
    pub(crate) streams: usize,
    /// How many questions each, one after the other.
    pub(crate) rounds: usize,
    /// How many pieces an answer has, and the time between them.
    pub(crate) pieces: usize,
    pub(crate) pause: Duration,
}

/// When the events of all streams came, counted from the first question.
pub(crate) struct Report {
    arrivals: Vec<(Duration, usize)>,
    expected: usize,
}

impl Report {
    /// How much of all had come by then.
    pub(crate) fn share_within(&self, time: Duration) -> f64 {
        let come: usize = self
            .arrivals
            .iter()
            .filter(|(at, _)| *at <= time)
            .map(|(_, count)| count)
            .sum();
        come as f64 / self.expected as f64
    }
}

/// Asks all of it, and checks that every piece came.
pub(crate) async fn load(address: SocketAddr, dialect: Dialect, load: Load) -> Report {
    let question: &'static str = dialect.question(load.pieces, load.pause).leak();
    let expected = load.pieces + dialect.extra;
    let mut streams = Vec::new();
    for _ in 0..load.streams {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        streams.push(stream);
    }
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for mut stream in streams {
        tasks.spawn(async move {
            let mut arrivals = Vec::new();
            for _ in 0..load.rounds {
                stream.write_all(question.as_bytes()).await.unwrap();
                let count = read(&mut stream, dialect.event_end, |events| {
                    arrivals.push((began.elapsed(), events))
                })
                .await;
                assert_eq!(count, expected, "pieces are missing");
            }
            arrivals
        });
    }
    let mut report = Report {
        arrivals: Vec::new(),
        expected: load.streams * load.rounds * expected,
    };
    while let Some(arrivals) = tasks.join_next().await {
        report.arrivals.extend(arrivals.unwrap());
    }
    report
}

/// The time from the question to the first piece.
pub(crate) async fn first_token(address: SocketAddr, dialect: Dialect) -> Duration {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let question = dialect.question(1, Duration::ZERO);
    let began = Instant::now();
    stream.write_all(question.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    while !text.windows(6).any(|part| part == b" token") {
        assert!(stream.read_buf(&mut text).await.unwrap() > 0, "no token");
    }
    began.elapsed()
}

/// A GET that must be answered well.
pub(crate) async fn get(address: SocketAddr, path: &str) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

/// Reads one answer, and says how many events it had.
async fn read(stream: &mut TcpStream, event_end: &[u8], mut each: impl FnMut(usize)) -> usize {
    let mut buffer = [0; 16 * 1024];
    let (mut count, mut last, mut tail) = (0, 0, Vec::new());
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the answer is cut");
        let bytes = &buffer[..read];
        let mut events = 0;
        for byte in bytes {
            if event_end == [last, *byte] {
                events += 1;
            }
            last = *byte;
        }
        each(events);
        count += events;
        tail.extend_from_slice(&bytes[read.saturating_sub(7)..]);
        let keep = tail.len().saturating_sub(7);
        tail.drain(..keep);
        if tail == b"\r\n0\r\n\r\n" {
            return count;
        }
    }
}
