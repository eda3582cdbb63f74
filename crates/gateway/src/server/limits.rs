use std::time::Duration;

/// Limits on what a client may use: sizes, times and numbers.
///
/// | what | default | field |
/// |---|---|---|
/// | body of a request | 4 MiB | [`body`](Limits::body) |
/// | head of a request | 32 KiB | [`header`](Limits::header) |
/// | time for the head | 10 s | [`header_read`](Limits::header_read) |
/// | time for the body | 30 s | [`body_read`](Limits::body_read) |
/// | idle connection, or a client that does not read | 75 s | [`idle`](Limits::idle) |
/// | connections | 1024 | [`connections`](Limits::connections) |
/// | requests being answered | 640 | [`requests`](Limits::requests) |
/// | bytes of requests that wait and of replies that are gathered, together | 256 MiB | [`buffered`](Limits::buffered) |
/// | time for a head, or between two, until a valid key was seen | 5 s | [`unauthenticated`](Limits::unauthenticated) |
/// | connections of one address until a valid key was seen | 64 | [`unauthenticated_connections`](Limits::unauthenticated_connections) |
/// | wait before a wrong key is refused | 1 s | [`wrong_key_delay`](Limits::wrong_key_delay) |
/// | reading on after a refusal, so that the client sees it | 2 s | [`linger`](Limits::linger) |
///
/// [`Gateway::serve`](crate::Gateway::serve) applies all of them. A router
/// inside another server applies only those on bodies, on bytes, on requests
/// being answered and on wrong keys, and that on the size of a head.
///
/// If there are too many connections, the one that was idle for longest makes
/// room for a new one; those without a valid key go first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest body of a request, in bytes; above it: 413.
    pub body: usize,
    /// The largest head of a request, in bytes, at least 8192; above it: 431.
    pub header: usize,
    /// The longest time for a head to arrive; after it: 408.
    pub header_read: Duration,
    /// The longest time for a body to arrive; after it: 408.
    pub body_read: Duration,
    /// The longest time without a new request, or without the client reading
    /// what it is sent.
    pub idle: Duration,
    /// The most open connections; above it, if none of them is idle: 503.
    pub connections: usize,
    /// The most requests that are answered at the same time; above it: 503.
    pub requests: usize,
    /// The most bytes of requests whose reply has not begun, and of replies that
    /// are not streamed, of all clients together; above it: 503.
    pub buffered: usize,
    /// The longest time for a head to arrive, and without a request, as long as
    /// a gateway with API keys has not seen a valid one on the connection.
    pub unauthenticated: Duration,
    /// The most connections of one address on which a gateway with API keys has
    /// not seen a valid one. Above it, the oldest of them is closed. Half an IPv6
    /// address counts as one, because a customer has so many.
    pub unauthenticated_connections: usize,
    /// How long a client with a wrong API key waits for the answer.
    pub wrong_key_delay: Duration,
    /// How long the connection of a refused client is still read, so that the
    /// client gets to see the response.
    pub linger: Duration,
}

impl Limits {
    /// The smallest buffer of the HTTP library.
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
            buffered: 256 * 1024 * 1024,
            unauthenticated: Duration::from_secs(5),
            unauthenticated_connections: 64,
            wrong_key_delay: Duration::from_secs(1),
            linger: Duration::from_secs(2),
        }
    }
}
