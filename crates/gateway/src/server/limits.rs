use std::time::Duration;

/// What a client may take: sizes, times and numbers.
///
/// | what | default | field |
/// |---|---|---|
/// | body of a request | 4 MiB | [`body`](Limits::body) |
/// | head of a request | 32 KiB | [`header`](Limits::header) |
/// | time for the head | 10 s | [`header_read`](Limits::header_read) |
/// | time for the body | 30 s | [`body_read`](Limits::body_read) |
/// | idle connection, or one that does not take what it is sent | 75 s | [`idle`](Limits::idle) |
/// | connections | 1024 | [`connections`](Limits::connections) |
/// | requests in flight | 640 | [`requests`](Limits::requests) |
/// | a client that is refused reading its answer | 2 s | [`linger`](Limits::linger) |
///
/// The limits on heads, idle time and connections are those of
/// [`Gateway::serve`](crate::Gateway::serve); a router inside another server
/// has that server's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest body of a request, in bytes; above it: 413.
    pub body: usize,
    /// The largest head of a request, in bytes, at least 8192; above it: 431.
    pub header: usize,
    /// The longest time for a head to arrive.
    pub header_read: Duration,
    /// The longest time for a body to arrive; after it: 408.
    pub body_read: Duration,
    /// How long a connection may do nothing between requests, or refuse to
    /// take what it is sent.
    pub idle: Duration,
    /// How many connections are open at most; above it: 503.
    pub connections: usize,
    /// How many questions are answered at the same time; above it: 503.
    pub requests: usize,
    /// How long a connection that ends is still read, so that the client gets
    /// to see its last answer.
    pub linger: Duration,
}

impl Limits {
    /// The HTTP library has no smaller buffer.
    pub(crate) const LEAST_HEADER: usize = 8192;
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body: 4 * 1024 * 1024,
            header: 32 * 1024,
            header_read: Duration::from_secs(10),
            body_read: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            connections: 1024,
            requests: 640,
            linger: Duration::from_secs(2),
        }
    }
}
