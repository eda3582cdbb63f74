//! How a body ends.

/// What happens after the last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// The body is complete and the connection is kept for the next request. The default.
    Clean,
    /// The connection is closed properly, but the body is not complete.
    Truncate,
    /// The connection is reset (TCP RST).
    Reset,
    /// The connection stays open and silent until the client or the server closes it.
    Stall,
    /// The length of the next chunk is not a number; then the connection is closed.
    BadChunk,
}
